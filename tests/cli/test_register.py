"""`earthcatalog register` makes or mends the table from what lies in the warehouse."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from harness import damage, tables
from harness.archives import Archive
from harness.program import Argument, Base, Program

ITEMS = 120


@pytest.fixture
def table(program: Program, archive: Archive, base: Base) -> Base:
    """A sound table of two commits, with a recorded grid."""
    program.ingest_archive(archive.head(ITEMS), base, "--chunk-size", 60, "--h3-resolution", 0)
    return base


def register(program: Program, base: Base, *flags: Argument, code: int = 0) -> dict[str, Any]:
    done = program.run("register", base.path, "--json", *flags)
    assert done.returncode == code, done.stdout + done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    assert code == (1 if report["left_out"] else 0)
    for name in ("added", "removed", "left_out"):
        assert report[f"files_{name}"] == len(report[name])
    return report


def check_sound(program: Program, base: Base) -> None:
    for flags in ((), ("--deep",)):
        done = program.run("check", base.path, *flags)
        assert done.returncode == 0, done.stdout + done.stderr


def paths(entries: list[dict[str, Any]]) -> set[Path]:
    return {Path(entry["path"]) for entry in entries}


def exported(program: Program, base: Base) -> list[dict[str, Any]]:
    done = program.run("export", base.path)
    assert done.returncode == 0, done.stderr
    return sorted(map(json.loads, done.stdout.splitlines()), key=lambda item: item["id"])


def contents(base: Base) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in base.path.rglob("*") if path.is_file()}


def test_a_table_that_is_right_stays_as_it_is(program: Program, table: Base) -> None:
    before = contents(table)
    report = register(program, table)
    assert report["table"] == "kept"
    assert report["grid"] == "h3 resolution 0"
    assert (report["added"], report["removed"], report["left_out"]) == ([], [], [])
    assert report["files"] == len(damage.live_files(table))
    assert report["rows"] == sum(tables.fanned_out(table).values())
    assert contents(table) == before


def test_all_is_mended_in_one_commit(program: Program, table: Base) -> None:
    """And a dry run says the same before, and changes nothing."""
    gone, cut, moved, kept, *_ = {path.parent: path for path in damage.live_files(table)}.values()
    rows = tables.fanned_out(table)
    lost = tables.read_file(gone).num_rows + tables.read_file(cut).num_rows
    gone.unlink()
    cut.write_bytes(cut.read_bytes()[:-7])
    wrong = moved.rename(damage.new_name(kept))
    stray = damage.rewrite(kept, damage.new_name(kept))
    notes = stray.with_name("no.parquet")
    notes.write_text("no Parquet file")
    snapshots = len(tables.load(table).metadata.snapshots)

    before = contents(table)
    dry = register(program, table, "--dry-run", code=1)
    assert contents(table) == before
    report = register(program, table, code=1)
    assert (dry.pop("dry_run"), report.pop("dry_run")) == (True, False)
    assert {name: value for name, value in dry.items() if name != "added"} == {
        name: value for name, value in report.items() if name != "added"
    }

    assert paths(report["removed"]) == {gone, cut, moved}
    assert paths(report["left_out"]) == {cut, notes}
    new_place = {Path(entry["was"]): Path(entry["path"]) for entry in report["added"] if "was" in entry}
    assert set(new_place) == {wrong}
    assert new_place[wrong].parent == moved.parent
    assert paths(report["added"]) == {stray, new_place[wrong]}
    assert not wrong.exists()

    loaded = tables.load(table)
    assert len(loaded.metadata.snapshots) == snapshots + 1
    snapshot = loaded.current_snapshot()
    assert snapshot is not None
    assert snapshot.summary is not None
    assert snapshot.summary.operation.value == "overwrite"
    repeated = tables.read_file(stray).num_rows
    assert report["repeated_rows"] == repeated
    assert sum(tables.fanned_out(table).values()) == sum(rows.values()) - lost + repeated == report["rows"]
    notes.unlink()
    check_sound(program, table)
    # What was left out belongs to older snapshots: the table does not take it back.
    assert register(program, table)["files_superseded"] == 1


def test_a_copy_to_the_byte_adds_nothing(program: Program, table: Base) -> None:
    file = damage.largest(table)
    copy = Path(shutil.copy(file, damage.new_name(file)))
    report = register(program, table, code=1)
    (left_out,) = report["left_out"]
    assert Path(left_out["path"]) == copy
    assert left_out["reason"] == f"it is a copy of {file.relative_to(table.warehouse)}"
    assert (report["added"], report["repeated_rows"]) == ([], 0)


def test_rows_that_are_there_already_are_counted_and_named(program: Program, table: Base) -> None:
    items = exported(program, table)
    file = damage.largest(table)
    copy = damage.rewrite(file, damage.new_name(file))
    count = tables.read_file(file).num_rows
    report = register(program, table)
    assert paths(report["added"]) == {copy}
    assert report["repeated_rows"] == count
    assert len(report["first_repeated"]) == min(count, 10)
    ids = set(tables.read_file(file)["id"].to_pylist())
    assert {entry["id"] for entry in report["first_repeated"]} <= ids
    assert paths(report["first_repeated"]) == {file}, "the older one, by the part's number"
    assert exported(program, table) == items
    check_sound(program, table)


def test_a_file_in_the_place_of_another(program: Program, table: Base) -> None:
    """Its rows are in the table already."""
    file = damage.largest(table)
    other = next(path for path in damage.live_files(table) if path.parent.parent != file.parent.parent)
    shutil.copy(other, file)
    report = register(program, table, code=1)
    assert paths(report["removed"]) == {file}
    assert paths(report["left_out"]) == {file}
    check_sound(program, table)


def test_a_file_that_was_changed_in_its_place_gets_a_new_name(program: Program, table: Base) -> None:
    """No snapshot may mean two files by one name."""
    file = damage.largest(table)
    rows = tables.fanned_out(table)
    damage.rewrite(file, file)
    content = file.read_bytes()
    report = register(program, table)
    assert paths(report["removed"]) == {file}
    (added,) = report["added"]
    assert Path(added["was"]) == file
    assert Path(added["path"]).parent == file.parent
    assert Path(added["path"]).read_bytes() == file.read_bytes() == content
    assert tables.fanned_out(table) == rows
    check_sound(program, table)


def with_year(rows: pa.Table) -> pa.Table:
    return damage.without_ids(rows).append_column("year", pa.array(["x"] * rows.num_rows))


@pytest.mark.parametrize("ids", [True, False])
def test_new_columns(program: Program, table: Base, ids: bool) -> None:
    """Of files with ids and without."""
    file = damage.largest(table)

    def change(rows: pa.Table) -> pa.Table:
        rows = rows if ids else damage.without_ids(rows)
        field = pa.field("mine", pa.int64(), metadata={"PARQUET:field_id": "5000"} if ids else None)
        rows = rows.append_column(field, pa.array(range(rows.num_rows), pa.int64()))
        if not ids:
            return rows
        year = pa.field("year", pa.string(), metadata={"PARQUET:field_id": "5001"})
        return rows.append_column(year, pa.array(["x"] * rows.num_rows))

    copy = damage.rewrite(file, damage.new_name(file), change)
    report = register(program, table)
    assert report["new_columns"] == ["mine"]
    assert report["ignored_columns"] == (["year"] if ids else [])
    loaded = tables.load(table)
    if ids:
        assert loaded.schema().find_field("mine").field_id == 5000
    found = loaded.scan(row_filter="mine >= 0", selected_fields=("id", "mine")).to_arrow()
    assert found["id"].to_pylist() == tables.read_file(copy)["id"].to_pylist()
    assert found["mine"].to_pylist() == list(range(found.num_rows))


def as_int(rows: pa.Table) -> pa.Table:
    rows = damage.without_ids(rows)
    return rows.drop_columns(["platform"]).append_column("platform", pa.array([1] * rows.num_rows))


def without_id(rows: pa.Table) -> pa.Table:
    return rows.drop_columns(["id"])


def other_ids(rows: pa.Table) -> pa.Table:
    """`id` and `collection` have each other's."""
    first, second = (rows.schema.field(name) for name in ("id", "collection"))
    fields = {"id": second, "collection": first}
    return rows.cast(
        pa.schema(
            [
                field.with_metadata(fields[field.name].metadata) if field.name in fields else field
                for field in rows.schema
            ]
        )
    )


def some_ids(rows: pa.Table) -> pa.Table:
    return rows.append_column("mine", pa.array([1] * rows.num_rows))


def two_years(rows: pa.Table) -> pa.Table:
    first = rows["datetime"].to_pylist()[0]
    return damage.with_column("datetime", [first, first.replace(year=first.year - 1)])(rows)


def two_cells(rows: pa.Table) -> pa.Table:
    return damage.with_column("grid_partition", ["8001fffffffffff", "8003fffffffffff"])(rows)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            lambda rows: as_int(damage.without_ids(rows)),
            "`platform` is of the type int64, in the table of string",
        ),
        (without_id, "it has no column `id` of text"),
        (other_ids, "in the table `"),
        (with_year, "its column `year` cannot be one of the table, and it has no field ids"),
        (some_ids, "some of its columns have field ids, but `mine` has none"),
        (two_years, "its rows are of the years"),
        (two_cells, "its rows are in the cells '8001fffffffffff' and '8003fffffffffff'"),
    ],
)
def test_files_that_do_not_fit_are_named_and_left(
    program: Program, table: Base, change: Callable[[pa.Table], pa.Table], reason: str
) -> None:
    file = damage.largest(table)
    rows = tables.fanned_out(table)
    odd = damage.rewrite(file, damage.new_name(file), change)
    content = odd.read_bytes()
    report = register(program, table, code=1)
    (left_out,) = report["left_out"]
    assert Path(left_out["path"]) == odd
    assert reason in left_out["reason"]
    assert odd.read_bytes() == content
    assert tables.fanned_out(table) == rows


def test_what_is_hidden_or_called_otherwise_is_no_data(program: Program, table: Base) -> None:
    file = damage.largest(table)
    for name in (".tmp-1.parquet", "_part.parquet", "part.parquet.bak", "README.md"):
        shutil.copy(file, file.with_name(name))
    hidden = table.warehouse / "_temporary" / "part.parquet"
    hidden.parent.mkdir()
    shutil.copy(file, hidden)
    report = register(program, table)
    assert (report["hidden_files"], report["other_files"]) == (3, 2)
    assert report["added"] == []


def test_a_copied_catalogue_names_the_command(program: Program, table: Base, tmp_path: Path) -> None:
    """While the original is still there."""
    copy = Base(tmp_path / "copy")
    shutil.copytree(table.path, copy.path)
    done = program.run("info", copy.path)
    assert done.returncode == 2
    assert done.stderr.endswith("after a move or a copy earthcatalog register makes the table anew\n")


def test_a_moved_catalogue(program: Program, archive: Archive, table: Base, tmp_path: Path) -> None:
    items, rows = exported(program, table), tables.fanned_out(table)
    old = tables.load(table)
    other = Base(tmp_path / "other place")
    table.path.rename(other.path)
    for command in ("info", "check"):
        done = program.run(command, other.path)
        assert done.returncode != 0
        assert done.stderr.endswith("or has lost files, earthcatalog register makes it anew\n")
    dry = register(program, other, "--dry-run")
    assert (dry["table"], dry["files"]) == ("remade", len(other.parquet_files()))
    report = register(program, other)
    assert (report["table"], report["grid"]) == ("remade", "h3 resolution 0")
    assert (report["files"], report["rows"]) == (len(other.parquet_files()), sum(rows.values()))
    assert report["removed"] == []
    assert exported(program, other) == items
    assert tables.fanned_out(other) == rows
    check_sound(program, other)

    new = tables.load(other)
    assert new.metadata.table_uuid == old.metadata.table_uuid
    assert new.schema() == old.schema()
    moved = {name for name, value in new.properties.items() if value != old.properties[name]}
    assert moved == {"write.data.path", "earthcatalog.hash_index_path"}
    assert all(str(other.warehouse) in new.properties[name] for name in moved)
    # The inventory is known, and orphans of the old metadata can go.
    part = archive.head(ITEMS)
    again = program.ingest(part.csv(tmp_path / "again.csv"), other, "--source", part.folder)
    assert again["items_processed"] == 0
    done = program.run("clean", other.path, "--older-than", "0s", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["files"] > 0
    check_sound(program, other)


def test_a_copy_of_a_catalogue(program: Program, table: Base, tmp_path: Path) -> None:
    """While the first is where it was: neither takes the other's files for its own."""
    other = Base(tmp_path / "copy")
    shutil.copytree(table.path, other.path)
    before = contents(table)
    assert register(program, other)["table"] == "remade"
    assert exported(program, other) == exported(program, table)
    assert {path.parents[3] for path in damage.live_files(other)} == {other.path}
    shutil.rmtree(other.path)
    assert contents(table) == before
    check_sound(program, table)


def test_what_was_deleted_does_not_come_back(program: Program, table: Base, tmp_path: Path) -> None:
    """The file that had it lies there still, for older snapshots."""
    item = tables.rows(table, "id")[0]["id"]
    tables.load(table).delete(f"id = '{item}'")
    rows = tables.fanned_out(table)
    assert register(program, table)["files_superseded"] > 0
    other = Base(tmp_path / "other")
    table.path.rename(other.path)
    assert register(program, other)["files_superseded"] > 0
    assert tables.fanned_out(other) == rows


def test_a_lost_catalog_file(program: Program, table: Base) -> None:
    """The metadata is there as it was: so is the table, with its history."""
    old = tables.load(table)
    table.db.unlink()
    before = contents(table)
    assert register(program, table, "--dry-run")["table"] == "found"
    assert contents(table) == before
    assert register(program, table)["table"] == "found"
    new = tables.load(table)
    assert new.metadata_location == old.metadata_location
    assert new.metadata == old.metadata
    check_sound(program, table)


def test_lost_metadata(program: Program, table: Base) -> None:
    """A manifest is gone: the table is made anew, and nobody knows what was replaced before."""
    items = exported(program, table)
    manifest = next(path for path in table.warehouse.rglob("*-m0.avro"))
    manifest.unlink()
    report = register(program, table)
    assert report["table"] == "remade"
    assert manifest.name in report["history_lost"]
    assert exported(program, table) == items
    check_sound(program, table)


@pytest.mark.parametrize("ids", [True, False])
def test_nothing_but_data_files(program: Program, table: Base, ids: bool) -> None:
    items, rows = exported(program, table), tables.fanned_out(table)
    schema = tables.load(table).schema()
    table.db.unlink()
    shutil.rmtree(table.warehouse / "earthcatalog")
    if not ids:
        for file in table.parquet_files():
            damage.rewrite(file, file, damage.without_ids)
    report = register(program, table)
    assert (report["table"], report["grid"]) == ("new", "h3 resolution 0")
    assert tables.fanned_out(table) == rows
    assert exported(program, table) == items
    check_sound(program, table)
    found = tables.load(table)
    names = {field.name: field.field_id for field in found.schema().fields}
    assert set(names) >= {field.name for field in schema.fields if _is_filled(table, field.name)}
    if ids:
        assert names == {field.name: field.field_id for field in schema.fields if field.name in names}
    # By PyIceberg, which goes by ids or the name mapping.
    scanned = found.scan(selected_fields=("id", "grid_partition")).to_arrow()
    assert scanned.num_rows == sum(rows.values())
    assert set(scanned["id"].to_pylist()) == {item["id"] for item in items}


def test_what_comes_after_a_new_start_is_newer_than_what_was_compacted_before(
    program: Program, archive: Archive, table: Base, tmp_path: Path
) -> None:
    """Rows say the number of the commit that they came with, and a new table counted from 1 again."""
    inventory = archive.head(ITEMS).csv(tmp_path / "inventory.csv")
    program.ingest(inventory, table, "--source", archive.folder, "--again", "--chunk-size", 60)
    assert program.run("compact", table.path).returncode == 0
    assert program.run("expire", table.path, "--older-than", "0s").returncode == 0
    before = exported(program, table)
    table.db.unlink()
    shutil.rmtree(table.warehouse / "earthcatalog")
    assert register(program, table)["table"] == "new"
    assert exported(program, table) == before
    # The same `updated`, or none: only that it comes later says that it is newer.
    changed = tmp_path / "changed"
    row, item = archive.rows[0], archive.items[0]
    item["properties"]["platform"] = "another one"
    path = changed / row.bucket / row.key
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(item))
    one = Archive(changed, [row]).csv(tmp_path / "one.csv")
    program.ingest(one, table, "--source", changed)
    now = {found["id"]: found for found in exported(program, table)}
    assert now[item["id"]] == item


def _is_filled(base: Base, column: str) -> bool:
    return any(column in tables.read_file(path).column_names for path in base.parquet_files())


def test_a_grid_that_nobody_recorded(program: Program, table: Base) -> None:
    table.db.unlink()
    shutil.rmtree(table.warehouse / "earthcatalog")
    report = register(program, table, "--h3-resolution", 3)
    assert report["grid"] == "h3 resolution 3"
    assert tables.load(table).properties["earthcatalog.grid.resolution"] == "3"
    done = program.run("register", table.path, "--h3-resolution", 0)
    assert done.returncode == 2
    assert "the table's grid is h3 resolution 3, not h3 resolution 0" in done.stderr


def test_nobody_else_writes_meanwhile(program: Program, table: Base) -> None:
    table.lock.write_text(
        json.dumps({"owner": "somebody", "pid": 1, "hostname": "elsewhere", "token": "x"})[:-1]
        + ', "acquired": "2100-01-01T00:00:00Z", "ttl_hours": 12}'
    )
    done = program.run("register", table.path)
    assert done.returncode == 3
    assert "locked by 'somebody'" in done.stderr


def test_where_there_is_nothing_nothing_is_made(program: Program, base: Base) -> None:
    done = program.run("register", base.path)
    assert done.returncode == 1
    assert "there is no warehouse" in done.stderr
    assert not base.path.exists()


def test_for_people(program: Program, table: Base) -> None:
    file = damage.largest(table)
    copy = damage.rewrite(file, damage.new_name(file))
    (file.parent / "no.parquet").write_text("no")
    done = program.run("register", table.path)
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert lines[0].startswith(f"added     {copy} (")
    assert lines[1].startswith(f"left out  {file.parent / 'no.parquet'}: ")
    assert lines[-2] == "Table: the catalog's own; grid: h3 resolution 0"
    assert lines[-1].endswith(": 1 added, 0 removed; 1 left out")
