"""Inventories that list again what the table has ingested: only what is new or changed is fetched."""

import contextlib
import datetime as dt
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from harness import tables
from harness.archives import Archive, Item
from harness.odd_items import make_item, point
from harness.program import Argument, Base, Program

COUNT = 40
Ingest = Callable[..., dict[str, Any]]


def item(number: int, **properties: Any) -> Item:
    return make_item(f"item-{number:02}", point(number, number), collection=None, **properties)


@pytest.fixture
def archive(write_archive: Callable[[Iterable[Item]], Archive]) -> Archive:
    return write_archive(item(number) for number in range(COUNT))


@pytest.fixture
def ingest(program: Program, base: Base, tmp_path: Path) -> Ingest:
    """The command on an inventory of these rows."""

    def run(
        archive: Archive, *flags: Argument, columns: list[str] | None = None, **options: Any
    ) -> dict[str, Any]:
        inventory = archive.csv(tmp_path / "inventory.csv", columns=columns)
        return program.ingest(inventory, base, "--source", archive.folder, *flags, **options)

    return run


def changed(archive: Archive, *numbers: int) -> Archive:
    """The archive with these objects written again, a day later."""
    rows = list(archive.rows)
    for number in numbers:
        rows[number] = replace(rows[number], last_modified=rows[number].last_modified + dt.timedelta(days=1))
    return Archive(archive.folder, rows)


@contextlib.contextmanager
def broken(archive: Archive, number: int) -> Iterator[None]:
    """Meanwhile this object is no item; then it is what it was."""
    path = archive.folder / "items" / archive.rows[number].key
    whole = path.read_bytes()
    path.write_bytes(b"{")
    yield
    path.write_bytes(whole)


def times_ingested(base: Base) -> Counter[str]:
    return Counter(id_ for _, id_, _ in tables.fanned_out(base).elements())


def once(*numbers: int) -> Counter[str]:
    return Counter(f"item-{number:02}" for number in numbers)


def known(report: dict[str, Any]) -> tuple[int, int]:
    """How many items were added, how many known."""
    return report["items_processed"], report["inventory"]["skipped_known"]


# Yesterday's inventory and some more: all of it was added again, with exit code 0.
def test_a_grown_inventory_adds_what_is_new(ingest: Ingest, archive: Archive, base: Base) -> None:
    assert known(ingest(archive.head(30))) == (30, 0)
    report = ingest(archive)
    assert known(report) == (10, 30)
    assert report["bytes_fetched"] == sum(row.size for row in archive.rows[30:])
    assert times_ingested(base) == once(*range(COUNT))


def test_rows_in_another_order_and_format_are_known(
    ingest: Ingest, archive: Archive, base: Base, program: Program, tmp_path: Path
) -> None:
    ingest(archive, "--chunk-size", 7)
    backwards = Archive(archive.folder, archive.rows[::-1])
    report = program.ingest(
        backwards.parquet(tmp_path / "inventory.parquet"), base, "--source", archive.folder
    )
    assert known(report) == (0, COUNT)
    assert report["commits"] == 0


def test_what_was_written_again_is_fetched_again(ingest: Ingest, archive: Archive, base: Base) -> None:
    ingest(archive)
    assert known(ingest(changed(archive, 3, 5))) == (2, COUNT - 2)
    assert times_ingested(base) == once(*range(COUNT)) + once(3, 5)
    # An older inventory brings nothing back.
    assert known(ingest(Archive(archive.folder, archive.rows[::-1]))) == (0, COUNT)


def test_without_a_date_nothing_is_known(ingest: Ingest, archive: Archive, base: Base) -> None:
    ingest(archive.head(5))
    report = ingest(archive.head(6), columns=["bucket", "key"])
    assert known(report) == (6, 0)
    assert times_ingested(base) == once(*range(6)) + once(*range(5))


def test_known_objects_are_appended_where_that_is_asked_for(
    ingest: Ingest, archive: Archive, base: Base
) -> None:
    ingest(archive.head(5))
    assert known(ingest(archive.head(6), "--on-known", "append")) == (6, 0)
    assert times_ingested(base) == once(*range(6)) + once(*range(5))
    assert known(ingest(archive.head(6), "--again")) == (6, 0)
    assert known(ingest(archive.head(7), "--on-known", "skip")) == (1, 6)


def test_another_since_adds_only_what_is_new(ingest: Ingest, archive: Archive, base: Base) -> None:
    assert known(ingest(archive, "--since", "2999-01-01")) == (0, 0)
    ingest(archive.head(10))
    report = ingest(archive, "--since", "2000-01-01")
    assert known(report) == (30, 10)
    assert times_ingested(base) == once(*range(COUNT))


def test_what_failed_is_not_known(ingest: Ingest, archive: Archive, base: Base) -> None:
    with broken(archive, 2):
        assert known(ingest(archive.head(5), code=1)) == (4, 0)
    assert known(ingest(archive.head(6))) == (2, 4)
    assert times_ingested(base) == once(*range(6))


def test_what_a_retry_brought_is_known(
    ingest: Ingest, archive: Archive, base: Base, program: Program
) -> None:
    with broken(archive, 2):
        ingest(archive.head(5), code=1)
    report = program.ingest(None, base, "--retry-failed", "--source", archive.folder)
    assert report["items_processed"] == 1
    assert known(ingest(archive.head(6))) == (1, 5)
    assert times_ingested(base) == once(*range(6))


def test_the_rest_of_an_interrupted_inventory_is_looked_up_too(
    ingest: Ingest, archive: Archive, base: Base
) -> None:
    ingest(Archive(archive.folder, archive.rows[20:30]))
    ingest(archive, "--limit", 10)
    report = ingest(archive)
    assert (known(report), report["inventory"]["skipped_done"]) == ((20, 10), 10)
    assert times_ingested(base) == once(*range(COUNT))


def test_what_a_rollback_took_is_added_again(ingest: Ingest, archive: Archive, base: Base) -> None:
    ingest(archive.head(5))
    table = tables.load(base)
    first = table.metadata.current_snapshot_id
    ingest(archive.head(10))
    assert first is not None
    table = tables.load(base)
    with table.manage_snapshots() as snapshots:
        snapshots.rollback_to_snapshot(first)
    assert known(ingest(archive.head(11))) == (6, 5)
    assert times_ingested(base) == once(*range(11))


def test_expiry_and_clean_keep_what_is_known(
    ingest: Ingest, archive: Archive, base: Base, program: Program
) -> None:
    for count in range(1, 25):  # more commits than there are files of objects
        ingest(archive.head(count))
    folder = base.path / "warehouse_objects"
    before = len(list(folder.iterdir()))
    assert program.run("expire", base.path, "--older-than", "0s", "--keep-last", "1").returncode == 0
    assert program.run("clean", base.path, "--older-than", "0s").returncode == 0
    assert 0 < len(list(folder.iterdir())) < before
    assert known(ingest(archive.head(26))) == (2, 24)


def test_a_lost_file_of_objects_is_named(
    ingest: Ingest, archive: Archive, base: Base, tmp_path: Path, program: Program
) -> None:
    ingest(archive.head(5))
    (lost,) = (base.path / "warehouse_objects").iterdir()
    lost.unlink()
    inventory = archive.csv(tmp_path / "grown.csv")
    run = program.run("incremental", "--inventory", inventory, *base.flags, "--source", archive.folder)
    assert run.returncode != 0
    assert lost.name in run.stderr
    assert "--on-known append" in run.stderr
    assert known(ingest(archive.head(6), "--on-known", "append")) == (6, 0)


def test_the_summary_says_what_was_known(
    program: Program, base: Base, archive: Archive, tmp_path: Path, ingest: Ingest
) -> None:
    ingest(archive.head(5))
    inventory = archive.csv(tmp_path / "grown.csv")
    run = program.run("incremental", "--inventory", inventory, *base.flags, "--source", archive.folder)
    line = next(line for line in run.stdout.splitlines() if "known" in line)
    assert line.split()[-1] == "5"
    assert json.loads(program.run("info", base.path, "--json").stdout)["row_count"] == COUNT
