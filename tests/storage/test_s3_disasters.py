"""Everything in S3, runs that are killed, requests that go wrong: nothing is lost, nothing comes twice.

EARTHCATALOG_FULL=1  100 kills of 20,000 items, and 20 seeds of 2,000, instead of a few
"""

import itertools
import json
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from harness import s3
from harness.archives import Archive
from harness.fault_proxy import WRITE_FAULTS, Rule, fault_proxy
from harness.program import Argument, Program
from harness.s3 import S3Base, S3Server

FULL = os.environ.get("EARTHCATALOG_FULL") == "1"
ITEMS_TO_KILL, KILLS = (20_000, 100) if FULL else (240, 5)
ITEMS, SEEDS = (2_000, range(20)) if FULL else (240, range(2))
MISSING = 3
# Each stall lasts the 30 seconds that the program waits for an answer.
FAULTS = [fault for fault in WRITE_FAULTS if FULL or fault != "stall"]

NewBase = Callable[..., S3Base]


@dataclass(frozen=True)
class Job:
    """Items in a bucket of their own, of which some are missing, and what a run of them leaves."""

    program: Program
    server: S3Server
    inventory: Path
    items: int

    def command(self, base: S3Base, *flags: Argument) -> list[Argument]:
        size = self.items // 6
        return [
            "incremental",
            "--inventory",
            self.inventory,
            *base.flags,
            "--chunk-size",
            size,
            *("--h3-resolution", 0),  # few files: this is about requests
            "--json",
            *flags,
        ]

    def finish(self, base: S3Base) -> dict[str, Any]:
        done = self.program.run(*self.command(base), env=s3.environment(self.server), timeout=1800)
        assert done.returncode in (0, 1), done.stderr
        report: dict[str, Any] = json.loads(done.stdout)
        assert not report["error"]
        assert report["inventory"]["rows"] == self.items
        return report


@dataclass(frozen=True)
class State:
    """What readers see: rows, whole items, and the quarantine."""

    rows: Counter[tuple[str, str, str]]
    items: dict[str, str]
    quarantine: Counter[tuple[str, str]]

    @staticmethod
    def of(program: Program, base: S3Base) -> "State":
        """Through a healthy server."""
        environment = s3.environment(base.bucket.server)
        done = program.run("export", base.uri, env=environment)
        assert done.returncode == 0, done.stderr
        clean = program.run("clean", base.uri, "--older-than", "0s", "--json", env=environment)
        assert clean.returncode == 0, clean.stderr
        # Nothing is left but what the table names, so the data files are the table's rows.
        rows: Counter[tuple[str, str, str]] = Counter()
        for key in base.data_keys():
            columns = ["collection", "id", "grid_partition"]
            found = read(base, key).select(columns).to_pydict()
            rows.update(zip(*(found[name] for name in columns), strict=True))
        failed = [key for key in base.list_keys("warehouse_failed/") if key.endswith(".parquet")]
        quarantine = Counter(
            (row["key"], row["kind"]) for key in failed for row in read(base, key).to_pylist()
        )
        lines = done.stdout.splitlines()
        assert not [key for key in base.list_keys() if key.endswith((".staged", ".lock"))]
        return State(rows, {json.loads(line)["id"]: line for line in lines}, quarantine)


def read(base: S3Base, key: str) -> pa.Table:
    return pq.ParquetFile(pa.BufferReader(base.bucket.get(f"{base.prefix}/{key}"))).read()


MakeJob = Callable[[int], Job]


@pytest.fixture(scope="module")
def make_job(
    program: Program, gateway: S3Server, archive: Archive, tmp_path_factory: pytest.TempPathFactory
) -> MakeJob:
    numbers = itertools.count()

    def make(items: int) -> Job:
        part = archive.head(items)
        missing = range(1, items, items // MISSING)[:MISSING]
        bucket = gateway.new_bucket(f"items-of-disasters-{next(numbers)}")
        rows = [replace(row, bucket=bucket.name) for row in part.rows]
        for number, (row, old) in enumerate(zip(rows, part.rows, strict=True)):
            if number not in missing:
                bucket.put(row.key, (archive.folder / old.bucket / old.key).read_bytes())
        listed = Archive(archive.folder, rows)
        path = tmp_path_factory.mktemp("disasters") / "inventory.csv"
        return Job(program, gateway, listed.csv(path), items)

    return make


@pytest.fixture(scope="module")
def job(make_job: MakeJob) -> Job:
    return make_job(ITEMS)


@pytest.fixture(scope="module")
def undisturbed(job: Job) -> State:
    return left_by(job)[0]


def left_by(job: Job) -> tuple[State, float]:
    """What a run leaves that nobody disturbs, and how long it takes."""
    base = S3Base(job.server.new_bucket(f"undisturbed-{job.inventory.parent.name}"))
    start = time.monotonic()
    report = job.finish(base)
    seconds = time.monotonic() - start
    assert report["items_quarantined"] == MISSING
    state = State.of(job.program, base)
    assert len(state.items) == job.items - MISSING
    assert state.quarantine.total() == MISSING
    return state, seconds


@pytest.mark.timeout(7200 if FULL else 300)
def test_killed_at_random_moments(make_job: MakeJob, new_base: NewBase) -> None:
    """Each run is killed at a moment of its time, again and again until one comes to its end."""
    job = make_job(ITEMS_TO_KILL)
    wanted, seconds = left_by(job)
    moments = random.Random(5)
    kills = 0
    while kills < KILLS:
        base = new_base(job.server)
        while True:
            process = job.program.start(*job.command(base), env=s3.environment(job.server))
            time.sleep(moments.uniform(0, seconds))
            process.kill()
            process.communicate()
            if process.returncode != -signal.SIGKILL:
                break
            kills += 1
        job.finish(base)
        assert State.of(job.program, base) == wanted


@pytest.mark.timeout(7200 if FULL else 300)
@pytest.mark.parametrize("seed", SEEDS)
def test_one_request_in_ten_broken(job: Job, undisturbed: State, new_base: NewBase, seed: int) -> None:
    """Of items, data files, metadata, catalog file and lock. A run that gives up is repeated."""
    base = new_base(job.server)
    with fault_proxy(job.server.url, [Rule(FAULTS, rate=0.1)], seed=seed) as proxy:
        environment = s3.environment(replace(job.server, url=proxy.url))
        for _attempt in range(5):
            done = job.program.run(*job.command(base), env=environment, timeout=1800)
            if done.stdout and not json.loads(done.stdout).get("error"):
                break
    assert sum(proxy.broken.values()) > ITEMS // 20
    job.finish(base)
    assert State.of(job.program, base) == undisturbed


@pytest.mark.timeout(300)
@pytest.mark.parametrize("fault", ["repeat", "twice"])
def test_all_of_it_twice(job: Job, undisturbed: State, new_base: NewBase, fault: str) -> None:
    """Something between sends each change to the server twice, or each answer to the client."""
    base = new_base(job.server)
    with fault_proxy(job.server.url, [Rule([fault], rate=1, in_a_row=1 << 30)]) as proxy:
        replace(job, server=replace(job.server, url=proxy.url)).finish(base)
    assert proxy.broken[fault] > ITEMS
    assert State.of(job.program, base) == undisturbed


@pytest.mark.timeout(300)
def test_half_of_an_upload(job: Job, undisturbed: State, new_base: NewBase) -> None:
    """A server may keep what it got of an upload whose end was lost, over what was there before."""
    base = new_base(job.server)
    rule = Rule(["cut_upload"], rate=1, methods=["PUT"], in_a_row=2)
    with fault_proxy(job.server.url, [rule]) as proxy:
        replace(job, server=replace(job.server, url=proxy.url)).finish(base)
    assert proxy.broken["cut_upload"] > ITEMS // 10
    assert State.of(job.program, base) == undisturbed
