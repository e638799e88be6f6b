"""`earthcatalog check` names each damage, and nothing else."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from harness import damage, tables
from harness.archives import Archive
from harness.odd_items import ODD_ITEMS
from harness.program import Argument, Base, Catalogue, Program

Change = Callable[[Any], Any]


@pytest.fixture
def table(program: Program, archive: Archive, base: Base) -> Base:
    """A sound table of two commits."""
    program.ingest_archive(archive.head(120), base, "--chunk-size", 60, "--h3-resolution", 0)
    return base


def check(program: Program, base: Base, *flags: Argument) -> dict[str, Any]:
    done = program.run("check", base.path, "--json", *flags)
    assert done.stderr == ""
    report: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == (0 if report["sound"] else 1)
    assert report["sound"] == (not report["problems"])
    return report


def problems(program: Program, base: Base, *flags: Argument) -> set[tuple[str, Path]]:
    return {(entry["kind"], Path(entry["path"])) for entry in check(program, base, *flags)["problems"]}


def add(program: Program, base: Base) -> None:
    """Makes what lies in the warehouse a part of the table."""
    done = program.run("register", base.path)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("flags", [(), ("--deep",)])
def test_a_sound_table(program: Program, table: Base, flags: tuple[str, ...]) -> None:
    report = check(program, table, *flags)
    assert report["sound"]
    assert report["files"] == len(damage.live_files(table))
    assert report["rows"] == sum(tables.fanned_out(table).values())
    assert report["notes"] == []


def test_a_table_of_everything(program: Program, mixed: Catalogue) -> None:
    """Odd and real items: poles, antimeridian, no geometry, no datetime, wide ones."""
    report = check(program, mixed.base, "--deep")
    assert report["problems"] == []
    # The same item more than once in the archives.
    versions = sum(tables.fanned_out(mixed.base).values()) - len(tables.fanned_out(mixed.base))
    assert report["repeated_rows"] <= versions


def test_wide_items_lie_where_the_grid_says(program: Program, base: Base, write_archive: Any) -> None:
    program.ingest_archive(write_archive(ODD_ITEMS), base, "--h3-resolution", 2)
    assert problems(program, base, "--deep") == set()


def test_an_item_of_which_only_some_rows_were_compacted_has_one_version(
    program: Program, archive: Archive, base: Base, tmp_path: Path
) -> None:
    """It lies in several cells, and only some of their files were due."""
    inventory = archive.head(600).csv(tmp_path / "inventory.csv")
    program.ingest(inventory, base, "--source", archive.folder, "--chunk-size", 100)
    before = set(tables.data_files(tables.load(base)))
    assert program.run("compact", base.path).returncode == 0
    after = set(tables.data_files(tables.load(base)))

    def ids(files: set[Path]) -> set[str]:
        return {id_ for file in files for id_ in tables.read_file(file)["id"].to_pylist()}

    assert ids(after & before) & ids(after - before)
    assert problems(program, base, "--deep") == set()


def test_a_file_that_is_gone(program: Program, table: Base) -> None:
    file = damage.largest(table)
    file.unlink()
    for flags in ((), ("--deep",)):
        assert problems(program, table, *flags) == {("missing", file)}


def test_a_file_cut_off(program: Program, table: Base) -> None:
    file = damage.largest(table)
    file.write_bytes(file.read_bytes()[:-100])
    for flags in ((), ("--deep",)):
        assert problems(program, table, *flags) == {("unreadable", file)}


def test_a_file_that_is_no_parquet(program: Program, table: Base) -> None:
    file = damage.largest(table)
    file.write_text("not here")
    assert problems(program, table) == {("unreadable", file)}


def test_pages_that_are_damaged(program: Program, table: Base) -> None:
    """Footers say nothing of it."""
    file = damage.largest(table)
    content = bytearray(file.read_bytes())
    content[4 : len(content) // 2] = b"\xff" * (len(content) // 2 - 4)
    file.write_bytes(content)
    assert problems(program, table) == set()
    assert problems(program, table, "--deep") == {("unreadable", file)}


def test_a_file_in_the_place_of_another(program: Program, table: Base) -> None:
    file = damage.largest(table)
    other = next(path for path in damage.live_files(table) if path.parent.parent != file.parent.parent)
    shutil.copy(other, file)
    assert problems(program, table) == {("size", file), ("partition", file)}


def test_a_stray_file(program: Program, table: Base) -> None:
    file = damage.largest(table)
    stray = Path(shutil.copy(file, damage.new_name(file)))
    elsewhere = table.warehouse / "backup" / "mine.parquet"
    elsewhere.parent.mkdir()
    shutil.copy(file, elsewhere)
    for ignored in (".tmp-1.parquet", "_notes.parquet", "README.md"):
        (file.parent / ignored).write_text("mine")
    for flags in ((), ("--deep",)):
        assert problems(program, table, *flags) == {("stray", stray), ("stray", elsewhere)}


def test_a_file_in_a_wrong_folder(program: Program, table: Base) -> None:
    file = damage.largest(table)
    other = next(path for path in damage.live_files(table) if path.parent.parent != file.parent.parent)
    moved = file.rename(damage.new_name(other))
    assert problems(program, table) == {("missing", file), ("stray", moved)}


def reversed_rows(rows: Any) -> Any:
    return rows.take(list(range(rows.num_rows))[::-1])


def smaller_boxes(rows: Any) -> Any:
    box = {"xmin": 1.0, "ymin": 1.0, "xmax": 2.0, "ymax": 2.0}
    return damage.with_column("bbox", [box])(rows)


@pytest.mark.parametrize(
    ("kind", "change", "text"),
    [
        ("order", reversed_rows, "row 1 comes before the one before it"),
        ("geometry", damage.with_column("geometry", [b"\x01\x02"]), "has a geometry that cannot be read"),
    ],
)
def test_rows_that_are_wrong(program: Program, table: Base, kind: str, change: Change, text: str) -> None:
    source = damage.largest(table)
    file = damage.rewrite(source, damage.new_name(source), change)
    add(program, table)
    assert problems(program, table) == set(), "the footers know nothing of it"
    (problem,) = check(program, table, "--deep")["problems"]
    assert (problem["kind"], Path(problem["path"])) == (kind, file)
    assert text in problem["text"]


def test_boxes_are_believed_of_our_own_files_alone(program: Program, table: Base) -> None:
    """PyArrow copies the key that says they hold: what it writes is no worse for that, and not pruned by."""
    source = damage.largest(table)
    file = damage.rewrite(source, damage.new_name(source), smaller_boxes)
    assert (
        pq.read_metadata(file).metadata[b"earthcatalog"] == pq.read_metadata(source).metadata[b"earthcatalog"]
    )
    add(program, table)
    assert problems(program, table, "--deep") == set()


def test_rows_that_the_grid_puts_elsewhere(program: Program, table: Base) -> None:
    source = damage.largest(table)
    cell = "8001fffffffffff" if "8001fffffffffff" not in str(source) else "8003fffffffffff"
    folder = table.warehouse / f"grid_partition={cell}" / source.parent.name
    file = damage.rewrite(
        source, damage.new_name(folder / source.name), damage.with_column("grid_partition", [cell])
    )
    add(program, table)
    assert problems(program, table) == set()
    (problem,) = check(program, table, "--deep")["problems"]
    assert (problem["kind"], Path(problem["path"])) == ("cell", file)
    assert f"is not in the cell {cell} by its geometry" in problem["text"]


def test_files_of_another_engine_say_nothing_of_their_geometries(program: Program, table: Base) -> None:
    """PyIceberg writes the rows that it leaves of a file into a new one."""
    item = tables.rows(table, "id")[0]["id"]
    before = set(damage.live_files(table))
    tables.load(table).delete(f"id = '{item}'")
    written = set(damage.live_files(table)) - before
    found = problems(program, table)
    assert {path for kind, path in found if kind == "geo"} == written
    assert {kind for kind, _ in found} <= {"geo", "folder"}


def test_metadata_that_is_gone(program: Program, table: Base) -> None:
    snapshot = tables.load(table).current_snapshot()
    assert snapshot is not None
    tables.local_path(snapshot.manifest_list).unlink()
    (problem,) = check(program, table)["problems"]
    assert problem["kind"] == "metadata"
    assert tables.local_path(snapshot.manifest_list).name in problem["text"]


def test_for_people(program: Program, table: Base) -> None:
    done = program.run("check", table.path)
    assert done.returncode == 0
    assert done.stdout.endswith("at their footers (--deep looks at the rows): sound\n")
    file = damage.largest(table)
    file.unlink()
    done = program.run("check", table.path, "--deep")
    assert done.returncode == 1
    assert done.stdout.startswith(f"missing    {file} is in the table, but not there\n")
    assert done.stdout.endswith(": 1 problem\n")


def test_where_there_is_no_table(program: Program, base: Base) -> None:
    done = program.run("check", base.path)
    assert done.returncode == 1
    assert "there is no catalog" in done.stderr
