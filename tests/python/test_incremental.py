"""Ingesting from Python."""

import _thread
import contextlib
import datetime as dt
import json
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from earthcatalog.config import GridConfig
from earthcatalog.grids import H3Partitioner
from small_archive import BUCKET, Archive, ingest

import earthcatalog as ec


def ids(archive: Archive) -> list[str]:
    """The id of every row, sorted."""
    table = ec.open(archive.base).table
    return sorted(table.scan(selected_fields=("id",)).to_arrow()["id"].to_pylist())


def test_report_accounts_for_every_inventory_row(make_archive: Callable[[int], Archive]) -> None:
    archive = make_archive(30)
    (archive.source / BUCKET / "item-0007.stac.json").write_text("{ not json")
    with archive.inventory.open("a") as file:
        file.write(f"{BUCKET},readme.txt,3,2024-05-01T00:00:00Z\n")
    report = ingest(archive, chunk_size=10)
    inventory = report["inventory"]
    assert (inventory["rows"], inventory["selected"], inventory["skipped_suffix"]) == (31, 30, 1)
    assert (report["items_processed"], report["items_quarantined"], report["items_not_reached"]) == (29, 1, 0)
    assert [failure["key"] for failure in report["first_failures"]] == ["item-0007.stac.json"]
    assert report["rows_written"] == 29
    assert report["commits"] == 3
    assert ids(archive) == sorted(archive.ids - {"item-0007"})


def test_another_suffix(make_archive: Callable[[int], Archive]) -> None:
    archive = make_archive(3)
    for path in list((archive.source / BUCKET).iterdir()):
        path.rename(path.with_name(path.name.replace(".stac.json", ".json")))
    archive.inventory.write_text(archive.inventory.read_text().replace(".stac.json", ".json"))
    assert ingest(archive)["inventory"]["skipped_suffix"] == 3
    assert ingest(archive, suffix=".json")["items_processed"] == 3
    assert ids(archive) == sorted(archive.ids)


def test_limit_takes_the_first_rows(make_archive: Callable[[int], Archive]) -> None:
    archive = make_archive(20)
    assert ingest(archive, limit=7)["items_processed"] == 7
    assert ids(archive) == sorted(archive.ids)[:7]


def test_a_call_that_is_repeated_goes_on(make_archive: Callable[[int], Archive]) -> None:
    archive = make_archive(20)
    assert ingest(archive, limit=7)["items_processed"] == 7
    report = ingest(archive)
    assert (report["items_processed"], report["inventory"]["skipped_done"]) == (13, 7)
    report = ingest(archive)
    assert (report["items_processed"], report["inventory"]["skipped_done"]) == (0, 20)
    assert "the 20 rows of this inventory were dealt with before" in report["notices"][0]
    assert ids(archive) == sorted(archive.ids)
    assert ingest(archive, again=True)["items_processed"] == 20
    assert ids(archive) == sorted([*archive.ids, *archive.ids])


def test_a_grown_inventory_adds_what_is_new(make_archive: Callable[[int], Archive]) -> None:
    archive = make_archive(20)
    lines = archive.inventory.read_text().splitlines(keepends=True)
    archive.inventory.write_text("".join(lines[:16]))
    assert ingest(archive)["items_processed"] == 15
    archive.inventory.write_text("".join(lines[:19]))
    report = ingest(archive)
    assert (report["items_processed"], report["inventory"]["skipped_known"]) == (3, 15)
    archive.inventory.write_text("".join(lines))
    assert ingest(archive, on_known="append")["items_processed"] == 20
    with pytest.raises(ValueError, match="on_known must be"):
        ingest(archive, on_known="supersede")


@pytest.mark.parametrize(
    "since",
    ["2024-05-10", dt.date(2024, 5, 10), dt.datetime(2024, 5, 10), dt.datetime(2024, 5, 10, tzinfo=dt.UTC)],
)
def test_since_as_text_date_or_time(
    make_archive: Callable[[int], Archive], since: str | dt.date | dt.datetime
) -> None:
    archive = make_archive(28)
    report = ingest(archive, since=since)
    assert report["inventory"]["skipped_since"] == 9
    assert ids(archive) == sorted(archive.ids)[9:]


@pytest.mark.parametrize(
    "grid",
    [
        {"h3_resolution": 0},
        {"partitioner": H3Partitioner(0)},
        {"grid_config": GridConfig("h3", 0)},
        {"h3_resolution": 0, "partitioner": H3Partitioner(0), "grid_config": GridConfig("h3", 0)},
    ],
    ids=lambda grid: "+".join(grid),
)
def test_resolution_0_is_a_resolution(make_archive: Callable[[int], Archive], grid: dict[str, Any]) -> None:
    archive = make_archive(5)
    ingest(archive, **grid)
    assert ec.open(archive.base).grid_resolution == 0


def test_no_resolution_is_1_for_a_new_table_and_the_tables_for_an_old_one(
    make_archive: Callable[[int], Archive],
) -> None:
    archive = make_archive(4)
    ingest(archive)
    assert ec.open(archive.base).grid_resolution == 1
    ingest(archive)
    with pytest.raises(ValueError, match="resolution"):
        ingest(archive, h3_resolution=3)


def test_arguments_that_name_different_grids(make_archive: Callable[[int], Archive]) -> None:
    archive = make_archive(1)
    with pytest.raises(ValueError, match="different grids"):
        ingest(archive, h3_resolution=1, grid_config=GridConfig("h3", 2))
    assert not archive.base.exists()


def test_wrong_arguments_are_value_errors(make_archive: Callable[[int], Archive]) -> None:
    archive = make_archive(1)
    with pytest.raises(ValueError, match="chunk size"):
        ingest(archive, chunk_size=0)
    with pytest.raises(ValueError, match="limit must not be negative: -1"):
        ingest(archive, limit=-1)
    with pytest.raises(ValueError, match="workers"):
        ingest(archive, max_workers=0)
    with pytest.raises(ValueError, match="yesterday"):
        ingest(archive, since="yesterday")


def test_missing_inventory_is_file_not_found(make_archive: Callable[[int], Archive]) -> None:
    archive = make_archive(1)
    archive.inventory.unlink()
    with pytest.raises(FileNotFoundError, match=r"inventory\.csv"):
        ingest(archive)


def test_a_held_lock_is_catalog_locked_and_names_its_holder(make_archive: Callable[[int], Archive]) -> None:
    archive = make_archive(3)
    ingest(archive)
    lock = {
        "owner": "somebody",
        "pid": os.getpid(),
        "hostname": socket.gethostname(),
        "acquired": dt.datetime.now(dt.UTC).isoformat(),
        "ttl_hours": 12,
        "token": "of another run",
    }
    (archive.base / ".lock").write_text(json.dumps(lock))
    with pytest.raises(ec.CatalogLocked, match="somebody"):
        ingest(archive)
    assert ingest(archive, use_lock=False, again=True)["items_processed"] == 3


def test_no_progress_is_drawn_unless_on_a_terminal(
    make_archive: Callable[[int], Archive], capfd: pytest.CaptureFixture[str]
) -> None:
    ingest(make_archive(3))
    assert capfd.readouterr() == ("", "")


class GatedHandler(SimpleHTTPRequestHandler):
    """Serves a folder; files that are not `free` when `opened` is set."""

    def __init__(self, *args: Any, free: set[str] | None, opened: threading.Event, **options: Any) -> None:
        self.free, self.opened = free, opened
        super().__init__(*args, **options)

    def do_GET(self) -> None:
        if self.free is not None and self.path not in self.free:
            self.opened.wait()
        super().do_GET()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        pass


@contextlib.contextmanager
def own_server(folder: Path, free: set[str] | None = None) -> Iterator[tuple[str, threading.Event]]:
    """An HTTP server in this very process: it answers only while ingesting leaves the GIL to it.

    Gives its URL, and what lets all files go, not only those that are free from the start.
    """
    opened = threading.Event()

    def handler(*args: Any) -> GatedHandler:
        return GatedHandler(*args, free=free, opened=opened, directory=str(folder))

    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", opened
        finally:
            opened.set()
            server.shutdown()
            thread.join()


def test_other_python_threads_run_while_ingesting(make_archive: Callable[[int], Archive]) -> None:
    archive = make_archive(20)
    with own_server(archive.source) as (url, _opened):
        assert ingest(archive, source=url)["items_processed"] == 20
    assert ids(archive) == sorted(archive.ids)


def test_ctrl_c_ends_the_run_cleanly(make_archive: Callable[[int], Archive]) -> None:
    """The source answers for three chunks and a half: the run cannot end by itself."""
    # A shell's background jobs begin with the signal ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    archive = make_archive(400)
    chunk = 20
    free = {f"/{BUCKET}/{id_}.stac.json" for id_ in sorted(archive.ids)[: 3 * chunk + chunk // 2]}
    with own_server(archive.source, free) as (url, opened):
        ended = threading.Event()

        def interrupt_after_three_commits() -> None:
            snapshots = archive.warehouse_path / "earthcatalog" / "stac_items" / "metadata"
            deadline = time.monotonic() + 60
            while len(list(snapshots.glob("snap-*"))) < 3:
                if ended.wait(0.01) or time.monotonic() > deadline:
                    return opened.set()
            _thread.interrupt_main()
            # A run that does not heed it gets its answers, so that the test ends. Requests without one are
            # given up after half a minute: it must not wait for that either.
            return None if ended.wait(25) else opened.set()

        thread = threading.Thread(target=interrupt_after_three_commits)
        thread.start()
        try:
            with pytest.raises(KeyboardInterrupt):
                ingest(archive, source=url, chunk_size=chunk, max_workers=2)
        finally:
            ended.set()
            thread.join()
        assert not opened.is_set(), "it waited for its answers"
    committed = ids(archive)
    assert committed == sorted(archive.ids)[: 3 * chunk]
    assert not (archive.base / ".lock").exists()
    data_files = list(archive.warehouse_path.glob("grid_partition=*/year=*/*.parquet"))
    assert len(data_files) == ec.open(archive.base).info().file_count
