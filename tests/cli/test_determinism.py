"""One inventory, one table: neither threads nor the order of answers show in it."""

import hashlib
import re
from collections.abc import Callable, Iterable
from pathlib import Path

import pyarrow as pa
import pytest
from harness import archives, tables, web
from harness.archives import Archive, Item
from harness.odd_items import ODD_ITEMS, make_item, point
from harness.program import Argument, Base, Program


@pytest.fixture(scope="module")
def varied(archive: Archive, tmp_path_factory: pytest.TempPathFactory) -> Archive:
    """Generated items with odd ones among them, so that the schema changes in the middle."""
    items = archive.head(700).items
    for place, item in enumerate(ODD_ITEMS):
        items.insert(17 * place + 5, item)
    return archives.write_items(tmp_path_factory.mktemp("varied") / "archive", items)


def contents(base: Base) -> dict[tuple[str, str, str], str]:
    """The hash of every file by cell, year and part number; the rest of its name is random."""
    found = {}
    for path in base.parquet_files():
        part = re.fullmatch(r"(part_\d{6})_[0-9a-f]{8}\.parquet", path.name)
        assert part, path
        name = (*tables.partition_of(path), part[1])
        assert name not in found, path
        found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


WAYS: dict[str, tuple[Argument, ...]] = {
    "one thread": ("--threads", 1),
    "four threads": ("--threads", 4),
    "one request at a time": ("--workers", 1),
    "64 requests at a time": ("--workers", 64),
}


def test_threads_and_workers_do_not_show(program: Program, varied: Archive, tmp_path: Path) -> None:
    inventory = varied.csv(tmp_path / "inventory.csv")
    first: Base | None = None
    with web.serve(varied.folder) as url:
        for number, (way, flags) in enumerate(WAYS.items()):
            base = Base(tmp_path / str(number))
            program.ingest(inventory, base, "--source", url, "--chunk-size", 200, *flags)
            if first is None:
                first = base
                assert len(tables.item_keys(first)) > 700
                continue
            assert tables.load(base).schema() == tables.load(first).schema(), way
            assert contents(base) == contents(first), way
            assert tables.fanned_out(base) == tables.fanned_out(first), way


def test_chunks_do_not_show_in_the_rows(program: Program, varied: Archive, tmp_path: Path) -> None:
    """Commits of another size: other files, the same rows with the same values."""
    inventory = varied.csv(tmp_path / "inventory.csv")
    seen: list[pa.Table] = []
    schemas = []
    for number, flags in enumerate([(), ("--chunk-size", 50), ("--chunk-size", 130, "--batch-add-files")]):
        base = Base(tmp_path / str(number))
        program.ingest(inventory, base, "--source", varied.folder, *flags)
        table = tables.load(base)
        names = ["grid_partition", "collection", "id", "datetime", "platform", "bbox", "gsd", "_overflow"]
        keys = [(name, "ascending") for name in names[:3]]
        seen.append(tables.read_columns(table, names).combine_chunks().sort_by(keys))
        schemas.append({field.name: field.field_type for field in table.schema().fields}.keys())
    for rows, columns in zip(seen[1:], schemas[1:], strict=True):
        assert columns == schemas[0]
        assert rows.drop(["_overflow"]).equals(seen[0].drop(["_overflow"]))


def test_another_spelling_does_not_take_a_column_s_place(
    program: Program, tmp_path: Path, write_archive: Callable[[Iterable[Item]], Archive]
) -> None:
    """`Platform` of one item is no reason for `platform` of all others to be in no column."""
    place = point(1, 1)
    archive = write_archive(
        [
            make_item("loud", place, platform=None, Platform="x"),
            *(make_item(f"p-{n}", place) for n in range(9)),
        ]
    )
    for number, rows in enumerate([archive.rows, archive.rows[::-1]]):
        base = Base(tmp_path / str(number))
        inventory = Archive(archive.folder, rows).csv(tmp_path / f"{number}.csv")
        program.ingest(inventory, base, "--source", archive.folder)
        found = {row["id"]: row["platform"] for row in tables.rows(base, "id", "platform")}
        assert found == {"loud": None, **{f"p-{n}": "S1A" for n in range(9)}}
