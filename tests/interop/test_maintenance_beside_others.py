"""Compaction, expiry and cleaning beside runs that add and readers that read, and killed at any moment.

EARTHCATALOG_FULL=1  20 minutes and 50 kills, instead of a few seconds and two
"""

import json
import os
import random
import shutil
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from harness import archives, reachable, tables
from harness.histories import History, ingest
from harness.program import Argument, Base, Program

FULL = os.environ.get("EARTHCATALOG_FULL") == "1"
SECONDS, KILLS, RUNS = (1200, 50, 20) if FULL else (8, 2, 3)
LOCKED = 3
Versions = Counter[tuple[str, str, str]]  # id, version and cell of each row


def run(program: Program, command: str, base: Base, *flags: Argument) -> int:
    """Again while another command has the lock."""
    while True:
        done = program.run(command, *base.flags, *flags)
        if done.returncode != LOCKED:
            assert done.returncode == 0, done.stderr
            return done.returncode
        time.sleep(0.05)


def versions_of(rows: pa.Table) -> Versions:
    return Counter(
        zip(*(rows[name].to_pylist() for name in ("id", "version", "grid_partition")), strict=True)
    )


def by_pyiceberg(base: Base) -> Versions:
    scan = tables.load(base).scan(selected_fields=("id", "version", "grid_partition"))
    return versions_of(scan.to_arrow())


def by_duckdb(duck: duckdb.DuckDBPyConnection, base: Base) -> Versions:
    place = tables.load(base).metadata_location
    rows = duck.execute(f"select id, version, grid_partition from iceberg_scan('{place}')").fetchall()
    return Counter(rows)


class Loop(threading.Thread):
    """Does something again and again until it is ended, or fails."""

    def __init__(self, what: Callable[[], None], ended: threading.Event) -> None:
        super().__init__(daemon=True)
        self._what, self._ended = what, ended
        self._began = time.monotonic()
        self.rounds = 0
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            while not self._ended.is_set():
                self._began = time.monotonic()
                self._what()
                self.rounds += 1
        except BaseException as error:
            self.error = error
            self._ended.set()

    @property
    def seconds_at_work(self) -> float:
        """In this round."""
        return time.monotonic() - self._began


def check_is_newest(base: Base, program: Program, history: History) -> None:
    exported = program.run("export", *base.flags)
    assert exported.returncode == 0, exported.stderr
    found = {archives.key_of(item): item for item in map(json.loads, exported.stdout.splitlines())}
    assert found == {archives.key_of(item): item for item in history.items()}


@pytest.mark.timeout(2 * SECONDS + 600)
def test_nothing_is_lost_and_no_reader_fails(
    program: Program, base: Base, tmp_path: Path, duck: duckdb.DuckDBPyConnection
) -> None:
    history, random_ = History(300, 12), random.Random(11)
    ended, lock = threading.Event(), threading.Lock()
    ingested: Counter[str] = Counter()  # ids that a run which has ended brought
    runs = 0

    def ingest_more() -> None:
        nonlocal runs
        items = history.make_run(random_)
        folder = tmp_path / f"run-{runs}"
        archive = archives.write_items(folder, items)
        inventory = archive.csv(folder / "inventory.csv")
        source = ("--source", archive.folder, "--suffix", ".json")
        run(program, "incremental", base, "--inventory", inventory, *source)
        runs += 1
        with lock:
            ingested.update(item["id"] for item in items)
        shutil.rmtree(folder)

    def read(by: Callable[[], Versions]) -> Callable[[], None]:
        def once() -> None:
            with lock:
                wanted = set(ingested)
            found = by()
            assert wanted <= {id_ for id_, _version, _cell in found}
            assert set(found.values()) == {1}, "of each version at most one row a cell"

        return once

    def maintain() -> None:
        run(program, "compact", base, *random_.choice([(), ("--batch", 2), ("--rewrite-all",)]))
        # As old as what readers are still reading, and a bit.
        age = f"{10 + int(max(reader.seconds_at_work for reader in readers))}s"
        run(program, "expire", base, "--older-than", age)
        run(program, "clean", base, "--older-than", age)

    ingest_more()
    readers = [
        Loop(read(lambda: by_pyiceberg(base)), ended),
        Loop(read(lambda: by_duckdb(duck, base)), ended),
    ]
    loops = [Loop(ingest_more, ended), Loop(maintain, ended), *readers]
    for loop in loops:
        loop.start()
    ended.wait(SECONDS)
    ended.set()
    for loop in loops:
        loop.join()
        if loop.error:
            raise loop.error
        assert loop.rounds > 1

    run(program, "compact", base)
    assert set(Counter(key[::2] for key in by_pyiceberg(base)).values()) == {1}, "one version a cell"
    check_is_newest(base, program, history)
    run(program, "expire", base, "--older-than", "0s")
    run(program, "clean", base, "--older-than", "0s")
    reachable.check_nothing_else_is_there(base)
    check_is_newest(base, program, history)


@pytest.mark.timeout(3600)
def test_killed_at_random_moments(program: Program, base: Base, tmp_path: Path) -> None:
    """Each command; the table is right after a kill and after a rerun, and nothing is left over then."""
    history, random_ = History(300, 60), random.Random(5)
    for number in range(RUNS):
        ingest(program, history.make_run(random_), base, tmp_path / f"run-{number}")
    saved = tmp_path / "saved"
    shutil.copytree(base.path, saved)
    at_once = ("--older-than", "0s")
    seconds: dict[tuple[Argument, ...], float] = {}
    killed: Counter[Argument] = Counter()

    def kill(*command: Argument) -> None:
        process = program.start(command[0], *base.flags, *command[1:])
        time.sleep(random_.random() * seconds[command])
        process.kill()
        process.communicate()
        killed[command[0]] += process.returncode == -signal.SIGKILL
        check_is_newest(base, program, history)

    def finish(*command: Argument) -> None:
        began = time.monotonic()
        run(program, command[0], base, *command[1:])
        seconds.setdefault(command, time.monotonic() - began)
        check_is_newest(base, program, history)

    for number in range(-1, KILLS):  # the first time nothing is killed
        shutil.rmtree(base.path)
        shutil.copytree(saved, base.path)
        for command in (
            ("compact", *random_.choice([(), ("--batch", 2)])),
            ("expire", *at_once),
            ("clean", *at_once),
        ):
            if number >= 0 and command in seconds:
                kill(*command)
            finish(*command)
        assert set(Counter(key[::2] for key in by_pyiceberg(base)).values()) == {1}
        reachable.check_nothing_else_is_there(base)
    assert killed["compact"] > KILLS // 4
