"""Runs that end early leave a table that holds exactly what they committed."""

import json
import os
import re
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from harness import archives, tables, web
from harness.archives import Archive
from harness.program import Base, Program
from pyiceberg.exceptions import NoSuchTableError
from sqlalchemy.exc import OperationalError

CHUNK = 40
# Requests wait for leave behind this many items: the run cannot end by itself.
FREE_ITEMS = 3 * CHUNK + CHUNK // 2


@dataclass
class Slow:
    """A source that answers some requests and then no more, until it is let go."""

    url: str
    inventory: Path
    archive: Archive
    stuck: threading.Event
    leave: threading.Event

    def command(self, base: Base) -> list[object]:
        flags = ["--chunk-size", CHUNK, "--workers", 8, "--source", self.url]
        return ["incremental", "--inventory", self.inventory, *base.flags, *flags]


@pytest.fixture
def slow(archive: Archive, tmp_path: Path) -> Iterator[Slow]:
    part = archive.head(400)
    free = {f"/{row.bucket}/{row.key}" for row in part.rows[:FREE_ITEMS]}
    stuck, leave = threading.Event(), threading.Event()

    def before(path: str) -> None:
        if path not in free:
            stuck.set()
            leave.wait()

    with web.python_server(part.folder, before) as url:
        try:
            yield Slow(url, part.csv(tmp_path / "inventory.csv"), part, stuck, leave)
        finally:
            leave.set()


def wait_until(condition: Callable[[], bool], process: subprocess.Popen[str], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline, "nothing happened"
        time.sleep(0.05)


def commits(base: Base) -> int:
    """Snapshots so far; none while there is no table, or no database either."""
    if not base.db.exists():
        return 0
    try:
        return len(tables.load(base).metadata.snapshots)
    except (NoSuchTableError, OperationalError):
        return 0


@pytest.fixture
def stuck_run(program: Program, base: Base, slow: Slow) -> Iterator[subprocess.Popen[str]]:
    """A run with three commits, waiting for answers that do not come."""
    process = program.start(*slow.command(base), "--json")
    try:
        wait_until(slow.stuck.is_set, process)
        wait_until(lambda: commits(base) == 3, process)
        yield process
    finally:
        slow.leave.set()
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_keeps_what_is_committed(
    stuck_run: subprocess.Popen[str], base: Base, slow: Slow, number: signal.Signals
) -> None:
    assert base.lock.exists()
    stuck_run.send_signal(number)
    # Nobody answers its requests, and it gives them up after half a minute: it must not wait for that.
    output, errors = stuck_run.communicate(timeout=25)
    assert not slow.leave.is_set()
    assert stuck_run.returncode == 1
    assert "interrupted" in errors.splitlines()[-1]
    assert errors.splitlines()[-1].startswith("earthcatalog: ")

    report = json.loads(output)
    assert report["commits"] == 3
    assert report["items_processed"] == 3 * CHUNK
    assert report["items_not_reached"] == report["inventory"]["selected"] - 3 * CHUNK
    expected = set(map(archives.key_of, slow.archive.head(3 * CHUNK).items))
    assert tables.item_keys(base) == expected
    assert set(tables.fanned_out(base).values()) == {1}
    assert tables.load(base).scan(selected_fields=("id",)).count() == report["rows_written"]

    assert base.parquet_files() == set(tables.data_files(tables.load(base))), "files of no commit"
    assert base.hidden_files() == []
    assert not base.lock.exists()
    assert not base.failed.exists() or not list(base.failed.iterdir())


def test_a_second_ctrl_c_ends_it_at_once(stuck_run: subprocess.Popen[str], base: Base) -> None:
    stuck_run.send_signal(signal.SIGINT)
    stuck_run.send_signal(signal.SIGINT)
    stuck_run.communicate(timeout=10)
    assert stuck_run.returncode == 1
    assert commits(base) == 3


def test_a_killed_run_leaves_a_readable_table(
    program: Program, stuck_run: subprocess.Popen[str], base: Base, slow: Slow
) -> None:
    stuck_run.kill()
    stuck_run.communicate(timeout=10)
    expected = set(map(archives.key_of, slow.archive.head(3 * CHUNK).items))
    assert tables.item_keys(base) == expected
    assert program.run("info", base.path).returncode == 0

    # Its lock is that of a process that is gone: the next run takes it over and goes on.
    assert base.lock.exists()
    slow.leave.set()
    rest = Archive(slow.archive.folder, slow.archive.rows[3 * CHUNK :])
    program.ingest(rest.csv(base.path.parent / "rest.csv"), base, "--source", rest.folder)
    assert tables.item_keys(base) == set(map(archives.key_of, slow.archive.items))
    assert set(tables.fanned_out(base).values()) == {1}
    assert not base.lock.exists()


def test_killed_at_any_moment_the_table_is_whole(
    program: Program, archive: Archive, base: Base, tmp_path: Path
) -> None:
    """Kills runs further and further on: every snapshot holds whole chunks, all its files are there.

    The source answers for two chunks and a half in each run, so none ends before it is killed.
    """
    chunk, count = 50, 600
    part = archive.head(count)
    inventory = part.csv(tmp_path / "inventory.csv")
    free: set[str] = set()
    stuck, leave = threading.Event(), threading.Event()

    def before(path: str) -> None:
        if path not in free:
            stuck.set()
            leave.wait()

    # How far a run is when it is killed, and the least that it has committed then.
    moments: list[tuple[Callable[[int], bool], int]] = [
        (lambda _before: base.db.exists(), 0),
        (lambda _before: bool(base.parquet_files()), 0),
        (lambda before: commits(base) > before, 1),
        (lambda _before: stuck.is_set(), 0),
        (lambda before: commits(base) > before, 1),
        (lambda before: commits(base) == before + 2 and stuck.is_set(), 2),
    ]
    with web.python_server(part.folder, before) as url:
        try:
            command = ["incremental", "--inventory", inventory, "--source", url, *base.flags]
            for reached, least in moments:
                done = commits(base)
                rows = part.rows[: done * chunk + 2 * chunk + chunk // 2]
                free.update(f"/{row.bucket}/{row.key}" for row in rows)
                stuck.clear()
                process = program.start(*command, "--chunk-size", chunk, "--no-lock")
                try:
                    wait_until(partial(reached, done), process)
                finally:
                    process.kill()
                    process.communicate()
                assert process.returncode == -signal.SIGKILL
                assert commits(base) >= done + least
                check_snapshots(base, chunk)
        finally:
            leave.set()
    committed = commits(base) * chunk
    assert 4 * chunk <= committed < count
    report = program.ingest(inventory, base, "--source", archive.folder)
    assert report["inventory"]["skipped_done"] == committed
    assert report["items_processed"] == count - committed
    assert set(tables.fanned_out(base).values()) == {1}
    assert tables.item_keys(base) == set(map(archives.key_of, part.items))


def check_snapshots(base: Base, chunk: int) -> None:
    """Each holds one chunk more than the one before; the last one is what the table's files hold."""
    if not commits(base):
        return
    table = tables.load(base)
    for number, snapshot in enumerate(table.metadata.snapshots, 1):
        assert snapshot.summary is not None
        assert int(snapshot.summary["total-data-files"]) > 0
        assert int(snapshot.summary["earthcatalog.inventory-rows"]) == number * chunk
    assert len(tables.item_keys(base)) == number * chunk
    for path in tables.data_files(table):
        assert tables.pq.read_metadata(path).num_rows > 0
    assert sum(tables.fanned_out(base).values()) == int(snapshot.summary["total-records"])


def test_the_lock_names_its_holder(
    program: Program, stuck_run: subprocess.Popen[str], base: Base, slow: Slow
) -> None:
    lock = json.loads(base.lock.read_text())
    assert lock["owner"] == "incremental"
    assert lock["pid"] == stuck_run.pid
    assert lock["hostname"] == socket.gethostname()
    assert lock["ttl_hours"] == 12
    second = program.run(*slow.command(base))
    assert second.returncode == 3
    assert second.stderr.count("\n") == 1
    for name in ("locked", "incremental", str(stuck_run.pid), str(base.lock)):
        assert name in second.stderr
    assert base.lock.exists(), "the lock is not the second run's to remove"


LONG_AGO = "2000-01-01T00:00:00Z"
LONG_AHEAD = "2100-01-01T00:00:00Z"


def write_lock(base: Base, **changes: object) -> None:
    holder = {
        "owner": "somebody",
        "pid": os.getpid(),
        "hostname": socket.gethostname(),
        "acquired": LONG_AHEAD,
        "ttl_hours": 12,
        "token": "theirs",
    }
    base.path.mkdir(parents=True, exist_ok=True)
    base.lock.write_text(json.dumps(holder | changes))


@pytest.mark.parametrize(
    ("changes", "held"),
    [
        ({}, True),
        ({"hostname": "elsewhere", "pid": 1}, True),
        ({"acquired": LONG_AGO}, True),
        ({"hostname": "elsewhere", "acquired": LONG_AGO}, False),
        ({"pid_started": 1}, False),
        ({"pid": 2**22 + 1}, False),  # no such process: above the kernel's largest number
        ({"hostname": "elsewhere", "pid": 2**22 + 1}, True),
    ],
    ids=[
        "here",
        "elsewhere",
        "here, for long",
        "elsewhere, and its time is over",
        "another process of its number",
        "its process is gone",
        "gone elsewhere: who knows",
    ],
)
def test_lock_of_others(
    program: Program, archive: Archive, base: Base, changes: dict[str, object], held: bool
) -> None:
    write_lock(base, **changes)
    inventory = archive.head(5).csv(base.path.parent / "inventory.csv")
    command = ["incremental", "--inventory", inventory, "--source", archive.folder, *base.flags]
    done = program.run(*command)
    if held:
        assert done.returncode == 3
        assert "somebody" in done.stderr
        assert json.loads(base.lock.read_text())["token"] == "theirs"
        assert not base.db.exists()
        assert program.run(*command, "--no-lock").returncode == 0
        assert json.loads(base.lock.read_text())["token"] == "theirs"
    else:
        assert done.returncode == 0, done.stderr
        assert not base.lock.exists()
    assert len(tables.item_keys(base)) == 5


def test_a_run_that_lost_its_lock_commits_no_more(
    stuck_run: subprocess.Popen[str], base: Base, slow: Slow
) -> None:
    """Somebody removed the lock, or took it over: two runs must not ingest the same rows."""
    write_lock(base)
    slow.leave.set()
    output, errors = stuck_run.communicate(timeout=60)
    assert stuck_run.returncode == 3
    assert "no longer this run's: it is held by 'somebody'" in errors.splitlines()[-1]
    assert json.loads(output)["commits"] == 3
    assert commits(base) == 3
    assert base.parquet_files() == set(tables.data_files(tables.load(base))), "files of no commit"
    assert json.loads(base.lock.read_text())["token"] == "theirs"


def test_two_first_runs_without_a_lock_share_the_table(
    program: Program, archive: Archive, base: Base
) -> None:
    """All create it; they select no rows, since columns that two runs add at once are a conflict."""
    inventory = archive.head(5).csv(base.path.parent / "inventory.csv")
    flags = ["--source", archive.folder, "--no-lock", "--suffix", ".none"]
    command = ["incremental", "--inventory", inventory, *base.flags, *flags]
    processes = [program.start(*command) for _ in range(4)]
    for process in processes:
        _output, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
    assert tables.load(base).metadata.snapshots == []


def test_two_writers_without_a_lock_lose_nothing(program: Program, archive: Archive, base: Base) -> None:
    """Commits are compare-and-swap: a writer that was overtaken tries again on top."""
    program.ingest(archive.head(1).csv(base.path.parent / "first.csv"), base, "--source", archive.folder)
    processes = []
    for number in range(2):
        part = Archive(archive.folder, archive.rows[1 + number * 150 : 151 + number * 150])
        inventory = part.csv(base.path.parent / f"part-{number}.csv")
        flags = ["--source", archive.folder, "--chunk-size", 15, "--no-lock"]
        processes.append(program.start("incremental", "--inventory", inventory, *base.flags, *flags))
    for process in processes:
        _output, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
    assert tables.item_keys(base) == set(map(archives.key_of, archive.head(301).items))
    assert set(tables.fanned_out(base).values()) == {1}
    assert len(tables.load(base).metadata.snapshots) == 21


def test_progress_is_a_line_now_and_then(stuck_run: subprocess.Popen[str], slow: Slow) -> None:
    """Not a terminal: no control characters, one line every few seconds."""
    time.sleep(6)
    stuck_run.send_signal(signal.SIGINT)
    _output, errors = stuck_run.communicate(timeout=30)
    *progress, last = errors.splitlines()
    assert "interrupted" in last
    assert len(progress) in (1, 2), errors
    for line in progress:
        assert re.match(r"[\d,]+ items, ", line), line
        assert line.isprintable()
