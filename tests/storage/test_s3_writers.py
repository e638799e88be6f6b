"""Several writers of one catalogue in S3: the lock, lost races, and what is left of writers that died."""

import contextlib
import datetime as dt
import json
import sqlite3
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from harness import web
from harness.archives import Archive, key_of
from harness.program import Argument, Base, Program
from harness.s3 import S3Base, S3Server

NewBase = Callable[..., S3Base]
Running = Callable[[S3Server], Program]
Few = tuple[Archive, Path]


def exported_keys(program: Program, base: S3Base) -> Counter:
    done = program.run("export", base.uri)
    assert done.returncode == 0, done.stderr
    return Counter(key_of(json.loads(line)) for line in done.stdout.splitlines())


def parts(archive: Archive, count: int, folder: Path) -> Iterator[tuple[Archive, Path]]:
    """Disjoint parts of the archive and their inventories."""
    size = len(archive.rows) // count
    for number in range(count):
        part = Archive(archive.folder, archive.rows[number * size : (number + 1) * size], archive.suffix)
        yield part, part.csv(folder / f"part-{number}.csv")


class HeldBack:
    """A web server over an archive that answers nothing before it is told to."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self._released = threading.Event()

    def before(self, _path: str) -> None:
        self.reached.set()
        self._released.wait(60)

    def release(self) -> None:
        self._released.set()


@pytest.fixture
def held_back(archive: Archive) -> Iterator[tuple[HeldBack, str]]:
    gate = HeldBack()
    with web.python_server(archive.folder, gate.before) as url:
        yield gate, url
        gate.release()


def aged_lock(hours: float, **changes: object) -> bytes:
    acquired = dt.datetime.now(dt.UTC) - dt.timedelta(hours=hours)
    lock = {"owner": "backfill", "pid": 4711, "hostname": "gone.example.org", "ttl_hours": 12, "token": "old"}
    return json.dumps(lock | {"acquired": acquired.isoformat()} | changes).encode()


@pytest.mark.parametrize("writers", [2, 8])
def test_danger_d25_no_writer_overwrites_anothers_commit(
    gateway: S3Server, new_base: NewBase, running: Running, archive: Archive, tmp_path: Path, writers: int
) -> None:
    """Nothing but the conditions of their writes keeps them apart."""
    program, base = running(gateway), new_base(gateway)
    all_of_them = archive.head(160)
    # The columns are all there: who finds them changed by another gives up.
    whole = all_of_them.csv(tmp_path / "all.csv")
    before = program.ingest(whole, base, "--source", archive.folder)
    shares = list(parts(all_of_them, writers, tmp_path))
    processes = [
        program.start(
            *("incremental", "--inventory", inventory, "--source", archive.folder, *base.flags),
            *("--chunk-size", 160 // writers // 4, "--no-lock", "--on-known", "append", "--json"),
        )
        for _part, inventory in shares
    ]
    for process in processes:
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        assert json.loads(out)["commits"] == 4
    assert exported_keys(program, base) == Counter(key_of(item) for item in all_of_them.items)
    info = json.loads(program.run("info", base.uri, "--json").stdout)
    assert info["snapshot_count"] == 1 + 4 * writers
    assert info["row_count"] == 2 * before["rows_written"]
    assert info["file_count"] == len(base.data_keys())


@pytest.mark.parametrize("writers", [2, 8])
def test_danger_d24_of_several_writers_the_others_are_told_who_holds_the_lock(
    gateway: S3Server, new_base: NewBase, running: Running, archive: Archive, tmp_path: Path, writers: int
) -> None:
    program, base = running(gateway), new_base(gateway)
    shares = list(parts(archive.head(160), writers, tmp_path))
    processes = [
        program.start("incremental", "--inventory", inventory, "--source", archive.folder, *base.flags)
        for _part, inventory in shares
    ]
    expected: Counter = Counter()
    for process, (part, _inventory) in zip(processes, shares, strict=True):
        _out, err = process.communicate(timeout=120)
        if process.returncode == 0:
            expected.update(key_of(item) for item in part.items)
        else:
            assert "locked by" in err or "others keep taking the lock" in err
    assert expected
    assert exported_keys(program, base) == expected
    assert base.lock_key not in base.bucket.list_keys()


def test_danger_d24_a_lock_left_behind_is_taken_over_once(
    gateway: S3Server, new_base: NewBase, running: Running, few: Few, held_back: tuple[HeldBack, str]
) -> None:
    archive, inventory = few
    gate, url = held_back
    program, base = running(gateway), new_base(gateway)
    base.bucket.put(base.lock_key, aged_lock(hours=13))
    processes = [
        program.start("incremental", "--inventory", inventory, "--source", url, *base.flags) for _ in range(5)
    ]
    deadline = time.monotonic() + 60
    while sum(process.poll() is None for process in processes) > 1 or not gate.reached.is_set():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    gate.release()
    codes = []
    for process in processes:
        _out, err = process.communicate(timeout=60)
        codes.append(process.returncode)
        if process.returncode != 0:
            assert "locked by 'incremental'" in err or "others keep taking the lock" in err
    assert sorted(codes) == [0, 3, 3, 3, 3]
    assert exported_keys(program, base) == Counter(key_of(item) for item in archive.items)


def test_danger_d24_a_young_lock_holds(
    server: S3Server, new_base: NewBase, running: Running, few: Few
) -> None:
    archive, inventory = few
    program, base = running(server), new_base(server)
    lock = aged_lock(hours=11)
    base.bucket.put(base.lock_key, lock)
    done = program.run("incremental", "--inventory", inventory, "--source", archive.folder, *base.flags)
    assert done.returncode == 3
    assert "locked by 'backfill' (process 4711 on gone.example.org" in done.stderr
    assert base.list_keys() == [".lock"]
    assert base.bucket.get(base.lock_key) == lock


def test_danger_d24_a_run_that_lost_its_lock_commits_nothing(
    gateway: S3Server, new_base: NewBase, running: Running, few: Few, held_back: tuple[HeldBack, str]
) -> None:
    _archive, inventory = few
    gate, url = held_back
    program, base = running(gateway), new_base(gateway)
    process = program.start("incremental", "--inventory", inventory, "--source", url, *base.flags)
    assert gate.reached.wait(30)
    lock = aged_lock(hours=0)
    base.bucket.put(base.lock_key, lock)
    gate.release()
    _out, err = process.communicate(timeout=60)
    assert process.returncode == 3
    assert "is no longer this run's: it is held by 'backfill'" in err
    assert base.bucket.get(base.lock_key) == lock
    assert base.data_keys() == set()
    assert json.loads(program.run("info", base.uri, "--json").stdout)["row_count"] == 0


def test_of_two_runs_of_one_inventory_one_adds_it(
    gateway: S3Server, new_base: NewBase, running: Running, few: Few, held_back: tuple[HeldBack, str]
) -> None:
    """Without a lock, or with one that somebody broke, both believe that the rows are theirs."""
    archive, inventory = few
    gate, url = held_back
    program, base = running(gateway), new_base(gateway)
    slow = program.start(
        *("incremental", "--inventory", inventory, "--source", url, *base.flags, "--no-lock")
    )
    assert gate.reached.wait(30)
    program.ingest(inventory, base, "--source", archive.folder, "--no-lock")
    keys = base.data_keys()
    gate.release()
    _out, err = slow.communicate(timeout=60)
    assert slow.returncode == 1
    assert "another run has added rows of the same inventory meanwhile" in err
    assert exported_keys(program, base) == Counter(key_of(item) for item in archive.items)
    assert base.data_keys() == keys


@pytest.mark.parametrize("slow_one", ["retries, too", "adds others"])
def test_a_quarantine_that_another_run_takes_up(
    gateway: S3Server,
    new_base: NewBase,
    running: Running,
    few: Few,
    held_back: tuple[HeldBack, str],
    tmp_path: Path,
    slow_one: str,
) -> None:
    archive, _ = few
    gate, url = held_back
    program, base = running(gateway), new_base(gateway)
    (first, first_csv), (_second, second_csv) = parts(archive, 2, tmp_path)
    (tmp_path / "nothing" / archive.rows[0].bucket).mkdir(parents=True)
    program.ingest(first_csv, base, "--source", tmp_path / "nothing", code=1)
    what = ["--retry-failed"] if slow_one == "retries, too" else ["--inventory", second_csv]
    slow = program.start("incremental", *what, "--source", url, *base.flags, "--no-lock")
    assert gate.reached.wait(30)
    program.ingest(None, base, "--retry-failed", "--source", archive.folder, "--no-lock")
    gate.release()
    _out, err = slow.communicate(timeout=60)
    if slow_one == "retries, too":
        assert slow.returncode == 1
        assert "another run has added rows of the same quarantine meanwhile" in err
        expected = first.items
    else:
        assert slow.returncode == 0, err
        expected = archive.items
    assert exported_keys(program, base) == Counter(key_of(item) for item in expected)
    assert base.list_keys("warehouse_failed/") == []


def test_a_killed_writer_is_taken_over(
    gateway: S3Server, new_base: NewBase, running: Running, few: Few, held_back: tuple[HeldBack, str]
) -> None:
    archive, inventory = few
    gate, url = held_back
    program, base = running(gateway), new_base(gateway)
    process = program.start("incremental", "--inventory", inventory, "--source", url, *base.flags)
    assert gate.reached.wait(30)
    assert json.loads(base.bucket.get(base.lock_key))["pid"] == process.pid
    process.kill()
    process.communicate()
    # Its own machine knows that the process is gone.
    program.ingest(inventory, base, "--source", archive.folder)
    assert exported_keys(program, base) == Counter(key_of(item) for item in archive.items)


@contextlib.contextmanager
def changed_file(base: S3Base, folder: Path) -> Iterator[sqlite3.Connection]:
    """The catalog file as another program changes it, without conditions."""
    db = base.download_db(folder)
    connection = sqlite3.connect(db)
    with connection:
        yield connection
    connection.close()
    base.bucket.put(f"{base.prefix}/earthcatalog.db", db.read_bytes())


def test_danger_d25_another_tables_commit_survives_ours(
    gateway: S3Server,
    new_base: NewBase,
    running: Running,
    few: Few,
    held_back: tuple[HeldBack, str],
    tmp_path: Path,
) -> None:
    archive, inventory = few
    gate, url = held_back
    program, base = running(gateway), new_base(gateway)
    process = program.start("incremental", "--inventory", inventory, "--source", url, *base.flags)
    assert gate.reached.wait(30)
    row = ("earthcatalog", "theirs", "table", "s3://elsewhere/metadata.json")
    with changed_file(base, tmp_path) as connection:
        connection.execute(
            "insert into iceberg_tables (catalog_name, table_namespace, table_name, metadata_location) "
            "values (?, ?, ?, ?)",
            row,
        )
    gate.release()
    _out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    with sqlite3.connect(base.download_db(tmp_path)) as connection:
        tables = connection.execute("select table_name from iceberg_tables order by 1").fetchall()
    connection.close()
    assert tables == [("stac_items",), ("table",)]
    assert exported_keys(program, base) == Counter(key_of(item) for item in archive.items)


# ---- the command


def lock_command(program: Program, *arguments: Argument) -> subprocess.CompletedProcess[str]:
    return program.run("lock", *arguments)


@pytest.mark.parametrize("place", ["local", "s3"])
def test_lock_command(
    gateway: S3Server, new_base: NewBase, running: Running, tmp_path: Path, place: str
) -> None:
    program = running(gateway)
    s3_base = new_base(gateway)
    local = Base(tmp_path / "base")
    local.path.mkdir()
    base: Argument = local.path if place == "local" else s3_base.uri

    def put(lock: bytes) -> None:
        if place == "local":
            local.lock.write_bytes(lock)
        else:
            s3_base.bucket.put(s3_base.lock_key, lock)

    assert lock_command(program, "status", base).stdout == "not locked\n"
    assert json.loads(lock_command(program, "status", base, "--json").stdout) == {"locked": False}
    assert lock_command(program, "release", base).returncode == 0

    put(aged_lock(hours=13))
    state = json.loads(lock_command(program, "status", base, "--json").stdout)
    assert (state["locked"], state["stale"], state["owner"], state["pid"]) == (True, True, "backfill", 4711)
    assert "stale" in lock_command(program, "status", base).stdout
    released = json.loads(lock_command(program, "release", base, "--json").stdout)
    assert (released["released"], released["hostname"]) == (True, "gone.example.org")
    assert lock_command(program, "status", base).stdout == "not locked\n"

    put(aged_lock(hours=1))
    refused = lock_command(program, "release", base)
    assert refused.returncode == 3
    assert "locked by 'backfill'" in refused.stderr
    assert "--force" in refused.stderr
    assert json.loads(lock_command(program, "status", base, "--json").stdout)["stale"] is False
    assert lock_command(program, "release", base, "--force").returncode == 0
    assert lock_command(program, "status", base).stdout == "not locked\n"
    assert lock_command(program, "break", base).returncode == 2
    assert lock_command(program).returncode == 2
