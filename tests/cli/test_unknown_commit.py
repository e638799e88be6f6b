"""A catalog that breaks down during a commit: nothing that the table names, or may name, is removed."""

import sqlite3
from collections.abc import Callable, Iterable
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from harness import tables
from harness.archives import Archive, Item
from harness.odd_items import make_item, point
from harness.program import Base, Program

COUNT = 12
MISSING = "000003.stac.json"


@pytest.fixture
def archive_with_a_gap(write_archive: Callable[[Iterable[Item]], Archive]) -> Archive:
    archive = write_archive(make_item(f"item-{n}", point(n, n), collection=None) for n in range(COUNT))
    (archive.folder / "items" / MISSING).unlink()
    return archive


def after_each_swap(base: Base, statement: str) -> None:
    """FAIL keeps what was changed and reports an error all the same; ABORT takes the change back."""
    with sqlite3.connect(base.db) as connection:
        connection.execute(f"create trigger breaks after update on iceberg_tables begin {statement}; end")


def repair(base: Base) -> None:
    with sqlite3.connect(base.db) as connection:
        connection.execute("drop trigger breaks")


@pytest.fixture
def first(program: Program, base: Base, archive_with_a_gap: Archive) -> Archive:
    """One item is in the table; gives the others, one of which is missing."""
    archive = archive_with_a_gap
    program.ingest(archive.head(1).csv(base.path.parent / "first.csv"), base, "--source", archive.folder)
    return Archive(archive.folder, archive.rows[1:])


def ingest(program: Program, base: Base, rest: Archive, tmp_path: Path) -> tuple[int, str]:
    inventory = rest.csv(tmp_path / "rest.csv")
    done = program.run("incremental", "--inventory", inventory, "--source", rest.folder, *base.flags)
    return done.returncode, done.stderr


def quarantined(base: Base) -> list[str]:
    return [key for file in sorted(base.failed.iterdir()) for key in pq.read_table(file)["key"].to_pylist()]


def test_a_commit_of_unknown_outcome_keeps_its_files(
    program: Program, base: Base, first: Archive, tmp_path: Path
) -> None:
    before = base.parquet_files()
    after_each_swap(
        base,
        "update iceberg_tables set metadata_location = '/no/such/place/1-a.metadata.json';"
        " select raise(fail, 'the disk went away')",
    )
    code, errors = ingest(program, base, first, tmp_path)
    assert code == 1
    assert "the disk went away" in errors
    assert "not known" in errors
    assert len(base.parquet_files()) > len(before), "the table may name them"
    assert quarantined(base) == [MISSING]

    # As it turns out, it had happened.
    repair(base)
    metadata = max(base.warehouse.glob("earthcatalog/stac_items/metadata/*.metadata.json"))
    with sqlite3.connect(base.db) as connection:
        connection.execute("update iceberg_tables set metadata_location = ?", (f"file://{metadata}",))
    assert len(tables.item_keys(base)) == COUNT - 1
    assert base.parquet_files() == set(tables.data_files(tables.load(base)))


def test_a_commit_that_happened_despite_an_error_is_one(
    program: Program, base: Base, first: Archive, tmp_path: Path
) -> None:
    after_each_swap(base, "select raise(fail, 'the disk went away')")
    assert ingest(program, base, first, tmp_path) == (1, "")  # for the one that is missing
    assert len(tables.item_keys(base)) == COUNT - 1
    assert base.parquet_files() == set(tables.data_files(tables.load(base)))


def test_a_commit_that_did_not_happen_leaves_no_file_and_no_quarantine(
    program: Program, base: Base, first: Archive, tmp_path: Path
) -> None:
    before = base.parquet_files()
    after_each_swap(base, "select raise(abort, 'the disk is full')")
    code, errors = ingest(program, base, first, tmp_path)
    assert code == 1
    assert "the disk is full" in errors
    assert base.parquet_files() == before
    assert list(base.failed.iterdir()) == []
    assert len(tables.item_keys(base)) == 1
