"""The same command again: it goes on where the last commit of its inventory ended."""

import datetime as dt
import json
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from harness import tables, web
from harness.archives import Archive, Item
from harness.odd_items import make_item, point
from harness.program import Argument, Base, Program

COUNT = 40
Ingest = Callable[..., dict[str, Any]]


@pytest.fixture
def forty(write_archive: Callable[[Iterable[Item]], Archive]) -> Archive:
    return write_archive(make_item(f"item-{n:02}", point(n, n), collection=None) for n in range(COUNT))


@pytest.fixture
def ingest(program: Program, base: Base, forty: Archive, tmp_path: Path) -> Ingest:
    """The command on the inventory of all, with these flags."""
    inventory = forty.csv(tmp_path / "inventory.csv")

    def run(*flags: Argument, path: Path = inventory, **options: Any) -> dict[str, Any]:
        return program.ingest(path, base, "--source", forty.folder, *flags, **options)

    return run


def ids(base: Base) -> list[str]:
    """Of every row: these items lie in one cell each."""
    return sorted(id_ for _, id_, _ in tables.fanned_out(base).elements())


def names(*numbers: int) -> list[str]:
    return [f"item-{n:02}" for n in numbers]


def test_d11_a_limit_and_then_the_whole(ingest: Ingest, base: Base) -> None:
    assert ingest("--limit", 15)["items_processed"] == 15
    report = ingest()
    assert (report["items_processed"], report["inventory"]["skipped_done"]) == (25, 15)
    assert ids(base) == names(*range(COUNT))


def test_a_limit_counts_from_the_inventory_s_start(ingest: Ingest, base: Base) -> None:
    for limit, added in ((15, 15), (15, 0), (20, 5), (7, 0), (0, 0), (COUNT, 20), (COUNT + 1, 0)):
        report = ingest("--limit", limit, "--chunk-size", 4)
        assert report["items_processed"] == added, limit
    assert ids(base) == names(*range(COUNT))


def test_d14_a_rerun_adds_nothing_twice(ingest: Ingest, base: Base, forty: Archive) -> None:
    """Nor are gone objects asked for again."""
    gone = forty.folder / forty.rows[3].bucket / forty.rows[3].key
    gone.unlink()
    report = ingest(code=1)
    assert (report["items_processed"], report["items_quarantined"]) == (COUNT - 1, 1)
    location = tables.load(base).metadata_location
    (file,) = base.failed.iterdir()
    for _ in range(2):
        report = ingest()
        assert report["inventory"] == report["inventory"] | {"rows": COUNT, "skipped_done": COUNT}
        assert report["items_processed"] == report["commits"] == report["items_quarantined"] == 0
    assert tables.load(base).metadata_location == location
    assert list(base.failed.iterdir()) == [file]
    assert ids(base) == [name for name in names(*range(COUNT)) if name != "item-03"]


def test_it_says_that_all_is_done(program: Program, ingest: Ingest, base: Base, tmp_path: Path) -> None:
    ingest()
    (notice,) = ingest()["notices"]
    assert "the 40 rows of this inventory were dealt with before" in notice
    assert "--again" in notice
    assert "quarantine" not in notice
    (notice,) = ingest("--limit", 3)["notices"]
    assert "the first 3 items of this inventory were" in notice
    done = program.run("incremental", "--inventory", tmp_path / "inventory.csv", *base.flags)
    assert done.returncode == 0, done.stderr
    assert "the 40 rows" in done.stdout


def test_it_says_that_another_selection_adds_again(
    program: Program, ingest: Ingest, base: Base, forty: Archive, tmp_path: Path
) -> None:
    """Dropping --since, or changing it, added all rows once more without a word."""
    append = ("--on-known", "append")
    assert ingest("--since", "2001-01-01", "--limit", 10)["notices"] == []
    (notice,) = ingest(*append)["notices"]
    assert notice.startswith(
        "this inventory was read before with --since 2001-01-01T00:00:00Z, and 10 of its rows were dealt"
    )
    assert "is added again" in notice
    assert len(ids(base)) == COUNT + 10
    (notice,) = ingest("--since", "2002-02-02", "--suffix", "5.stac.json", *append)["notices"]
    assert notice.startswith(
        "this inventory was read before without --since and --suffix .stac.json (the newest of 2 other "
        "selections), and 40 of its rows were dealt with. "
    )
    (notice,) = ingest()["notices"]
    assert "were dealt with before" in notice, "nothing is added"
    assert ingest("--again")["notices"] == []
    flags = ("--inventory", tmp_path / "inventory.csv", "--source", forty.folder, "--since", "2003-01-01")
    text = program.run("incremental", *flags, *base.flags, *append)
    assert "  note: this inventory was read before without --since (the newest of 3 other" in text.stdout
    assert ingest("--since", "2004-01-01")["notices"] == [], "what is known is not added"


def test_a_selection_without_rows_is_not_spoken_of(ingest: Ingest) -> None:
    assert ingest("--since", "2100-01-01")["items_processed"] == 0
    assert ingest()["notices"] == []


def test_it_says_how_many_rows_wait_in_the_quarantine(ingest: Ingest, forty: Archive) -> None:
    for row in forty.rows[3:6]:
        (forty.folder / row.bucket / row.key).unlink()
    ingest(code=1)
    (notice,) = ingest()["notices"]
    assert ". 3 rows wait in the quarantine: --retry-failed takes them up. " in notice
    (notice,) = ingest("--retry-failed", code=1)["notices"]
    assert "quarantine" not in notice


def test_a_source_without_any_of_the_items_is_asked_about(
    program: Program, base: Base, forty: Archive, tmp_path: Path
) -> None:
    inventory = forty.csv(tmp_path / "inventory.csv")
    (tmp_path / "empty").mkdir()
    with web.serve(tmp_path / "empty") as url:
        (notice,) = program.ingest(inventory, base, "--source", url, code=1)["notices"]
    assert notice.startswith("no item was found: is --source right")
    report = program.ingest(inventory, base, "--source", forty.folder, "--retry-failed")
    assert report["items_quarantined"] == 0
    assert len(ids(base)) == COUNT


def test_again_adds_all_once_more(ingest: Ingest, base: Base) -> None:
    ingest()
    for times in (2, 3):
        assert ingest("--again")["items_processed"] == COUNT
        assert ids(base) == sorted(names(*range(COUNT)) * times)
    assert ingest()["items_processed"] == 0


def test_again_goes_on_with_what_was_not_finished(ingest: Ingest, base: Base) -> None:
    """So that the same command after a crash does not add twice what it has added."""
    ingest("--limit", 15)
    assert ingest("--again")["items_processed"] == 25
    assert ids(base) == names(*range(COUNT))
    assert ingest("--again", "--limit", 15)["items_processed"] == 15
    assert ingest()["items_processed"] == 0, "all of it had been added before"
    assert ingest("--again")["items_processed"] == 25
    assert ids(base) == sorted(names(*range(COUNT)) * 2)


def test_a_plain_run_never_goes_on_with_what_again_began(ingest: Ingest, base: Base) -> None:
    ingest("--limit", 15)
    assert ingest("--again", "--limit", 5)["items_processed"] == 5
    assert ingest()["items_processed"] == 25
    assert ids(base) == sorted(names(*range(COUNT)) + names(*range(5)))


def test_another_selection_is_another_progress(ingest: Ingest, base: Base, forty: Archive) -> None:
    ingest("--limit", 5)
    tomorrow = (dt.datetime.now(dt.UTC) + dt.timedelta(days=1)).strftime("%Y-%m-%d")
    assert ingest("--since", tomorrow)["inventory"]["skipped_since"] == COUNT
    assert ingest("--suffix", "9.stac.json")["items_processed"] == 4
    assert ingest("--suffix", "9.stac.json")["items_processed"] == 0
    report = ingest()
    assert (report["items_processed"], report["inventory"]["skipped_known"]) == (COUNT - 5 - 4, 4)
    assert ids(base) == names(*range(COUNT))


def test_the_inventory_is_known_by_its_content(
    ingest: Ingest, base: Base, forty: Archive, tmp_path: Path
) -> None:
    ingest("--limit", 10)
    copy = shutil.copy(tmp_path / "inventory.csv", tmp_path / "elsewhere.csv")
    assert ingest(path=copy)["items_processed"] == COUNT - 10
    longer = tmp_path / "inventory.csv"
    longer.write_text(longer.read_text() + "items,000000.stac.json,1,2020-01-01T00:00:00.000Z\n")
    report = ingest()
    assert (report["items_processed"], report["inventory"]["skipped_known"]) == (1, COUNT)


@pytest.mark.parametrize("kind", ["csv", "csv_gz", "parquet"])
def test_every_kind_of_inventory(
    ingest: Ingest, base: Base, forty: Archive, tmp_path: Path, kind: str
) -> None:
    path = getattr(forty, kind)(tmp_path / "rows")
    for limit in (7, 13, 40):
        ingest("--limit", limit, "--chunk-size", 5, path=path)
    assert ids(base) == names(*range(COUNT))


def test_commits_of_others_in_between(ingest: Ingest, base: Base, forty: Archive, tmp_path: Path) -> None:
    other = Archive(forty.folder, forty.rows[::-1]).csv(tmp_path / "other.csv")
    append = ("--on-known", "append")
    for limit in (10, 20, 30, 40):
        assert ingest("--limit", limit, *append)["items_processed"] == 10
        assert ingest("--limit", limit, *append, path=other)["items_processed"] == 10
    assert ids(base) == sorted(names(*range(COUNT)) * 2)


def test_a_table_without_notes_is_fine(
    program: Program, ingest: Ingest, base: Base, forty: Archive, tmp_path: Path
) -> None:
    """As commits before there were notes left it: nothing is known, all is added."""
    ingest("--limit", 10)
    path = tables.metadata_path(tables.load(base))
    metadata = json.loads(path.read_text())
    for snapshot in metadata["snapshots"]:
        for key in [key for key in snapshot["summary"] if key.startswith("earthcatalog.")]:
            del snapshot["summary"][key]
    path.write_text(json.dumps(metadata))
    assert ingest()["items_processed"] == COUNT
    assert ids(base) == sorted(names(*range(COUNT), *range(10)))


def test_what_was_rolled_back_is_added_again(ingest: Ingest, base: Base) -> None:
    ingest("--limit", 10)
    kept = tables.load(base).current_snapshot()
    assert kept is not None
    ingest()
    with tables.load(base).manage_snapshots() as snapshots:
        snapshots.rollback_to_snapshot(kept.snapshot_id)
    assert ids(base) == names(*range(10))
    assert ingest()["items_processed"] == COUNT - 10
    assert ids(base) == names(*range(COUNT))


def test_a_commit_without_any_item(ingest: Ingest, base: Base, forty: Archive) -> None:
    """All rows of a chunk failed: the table says all the same that it is behind them."""
    for row in forty.rows[10:20]:
        (forty.folder / row.bucket / row.key).unlink()
    report = ingest("--chunk-size", 10, "--limit", 20, code=1)
    assert (report["commits"], report["items_quarantined"]) == (2, 10)
    table = tables.load(base)
    first, second = table.metadata.snapshots
    assert second.summary is not None
    assert second.summary["earthcatalog.inventory-rows"] == "20"
    assert set(tables.data_files(table)) == set(tables.data_files(table, first.snapshot_id))
    assert table.scan(snapshot_id=second.snapshot_id).to_arrow().num_rows == 10
    assert ingest()["items_processed"] == 20
    (file,) = base.failed.iterdir()
    assert json.loads(second.summary["earthcatalog.quarantine"]) == [file.name]
    assert pq.read_metadata(file).num_rows == 10
    assert ids(base) == names(*range(10), *range(20, 40))


def test_nothing_but_failures_at_first(
    program: Program, ingest: Ingest, base: Base, forty: Archive, tmp_path: Path
) -> None:
    """The first snapshot has no file at all."""
    for row in forty.rows[:10]:
        (forty.folder / row.bucket / row.key).unlink()
    ingest("--limit", 10, code=1)
    assert tables.load(base).scan().to_arrow().num_rows == 0
    assert program.run("stats", base.place).returncode == 0
    assert ingest()["items_processed"] == 30
    assert ids(base) == names(*range(10, COUNT))
    for row, item in zip(forty.rows, range(10), strict=False):
        path = forty.folder / row.bucket / row.key
        path.write_text(json.dumps(make_item(f"item-{item:02}", point(item, item), collection=None)))
    assert ingest("--retry-failed")["items_processed"] == 10
    assert ids(base) == names(*range(COUNT))
    assert list(base.failed.glob("*")) == []


def test_clocks_that_go_back(ingest: Ingest, base: Base) -> None:
    """The table was written by a machine whose clock was ahead: its history stays in order."""
    ingest("--limit", 10)
    path = tables.metadata_path(tables.load(base))
    metadata = json.loads(path.read_text())
    ahead = metadata["last-updated-ms"] + 86_400_000
    metadata["last-updated-ms"] = ahead
    metadata["snapshots"][-1]["timestamp-ms"] = ahead
    metadata["snapshot-log"][-1]["timestamp-ms"] = ahead
    path.write_text(json.dumps(metadata))
    ingest("--chunk-size", 10)
    table = tables.load(base)
    times = [snapshot.timestamp_ms for snapshot in table.metadata.snapshots]
    assert times == [ahead] * 4
    assert [entry.timestamp_ms for entry in table.metadata.snapshot_log] == times
    assert table.metadata.last_updated_ms >= ahead
    logged = [entry.timestamp_ms for entry in table.metadata.metadata_log]
    assert logged == sorted(logged)
    assert ids(base) == names(*range(COUNT))
