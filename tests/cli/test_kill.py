"""A run that is killed, at whatever moment, and repeated ends in the table of a run that nobody disturbed.

EARTHCATALOG_FULL=1  20,000 items and 100 kills at random moments, instead of a few
"""

import json
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from harness import archives, tables, web
from harness.archives import Archive
from harness.crashes import crash_at
from harness.odd_items import make_item, point
from harness.program import Argument, Base, Program

FULL = os.environ.get("EARTHCATALOG_FULL") == "1"
ITEMS, CHUNKS, KILLS = (20_000, 40, 100) if FULL else (600, 12, 5)
FEW_ITEMS, FEW_PER_CHUNK = 240, 40


@dataclass
class State:
    """All that a run leaves for its readers."""

    rows: pa.Table
    quarantine: Counter[tuple[str, str, str]]

    @staticmethod
    def of(base: Base) -> "State":
        table = tables.load(base)
        columns = sorted(column.name for column in table.schema().fields)
        keys = [(name, "ascending") for name in ("grid_partition", "collection", "id")]
        rows = tables.read_columns(table, columns).combine_chunks().sort_by(keys)
        return State(rows, quarantined(base))

    def check_equals(self, other: "State") -> None:
        assert self.quarantine == other.quarantine
        assert self.rows.num_rows == other.rows.num_rows
        assert self.rows.schema.equals(other.rows.schema)
        assert self.rows.equals(other.rows)


def quarantined(base: Base) -> Counter[tuple[str, str, str]]:
    rows = [row for file in base.failed.glob("*.parquet") for row in pq.read_table(file).to_pylist()]
    return Counter((row["bucket"], row["key"], row["kind"]) for row in rows)


def make_damaged(archive: Archive, folder: Path, count: int) -> Archive:
    """A copy in which items are missing or are no JSON, here and there and in a whole stretch."""
    copy = archives.write_items(folder / "archive", archive.head(count).items)
    for number, row in enumerate(copy.rows):
        path = copy.folder / row.bucket / row.key
        if number % 41 == 7:
            path.unlink()
        elif number % 53 == 11 or count // 2 <= number < count // 2 + count // CHUNKS:
            path.write_bytes(b'{"type": "Feature", ')
    return copy


def write_inventory(archive: Archive, path: Path) -> Path:
    """With rows that are no items among the others, and some that are no rows."""
    text = archive.csv(path).read_text().splitlines()
    for number in range(len(text) - 1, 0, -17):
        text.insert(number, f"items,{number}.txt,1,2020-01-01T00:00:00.000Z")
    for number in range(len(text) - 1, 0, -400):
        text.insert(number, "one field alone")
    path.write_text("\n".join(text) + "\n")
    return path


@dataclass
class Job:
    """One command, what it works on and what it ends in when nobody disturbs it."""

    program: Program
    inventory: Path
    source: str
    flags: tuple[Argument, ...]
    seconds: float = 0
    report: dict[str, Any] = field(default_factory=dict)
    expected: State | None = None

    def command(self, base: Base) -> list[Argument]:
        flags = ["--source", self.source, *self.flags, *base.flags, "--json"]
        return ["incremental", "--inventory", self.inventory, *flags]

    def undisturbed(self, base: Base) -> "Job":
        start = time.monotonic()
        self.report = self.program.ingest(self.inventory, base, "--source", self.source, *self.flags, code=1)
        self.seconds = time.monotonic() - start
        self.expected = State.of(base)
        assert self.report["items_quarantined"] == self.expected.quarantine.total() > 0
        return self

    def finish(self, base: Base) -> dict[str, Any]:
        """Runs the command to its end, and removes what the killed ones left."""
        flags = ("--source", self.source, *self.flags)
        report = self.program.ingest(self.inventory, base, *flags, code=None)
        assert report["inventory"]["rows"] == self.report["inventory"]["rows"]
        check_no_orphans(self.program, base)
        return report

    def check(self, base: Base) -> None:
        assert self.expected is not None
        State.of(base).check_equals(self.expected)
        check_no_orphans(self.program, base)
        before = tables.load(base).metadata_location
        again = self.program.ingest(self.inventory, base, "--source", self.source, *self.flags)
        assert again["items_processed"] == again["commits"] == 0
        assert again["inventory"]["skipped_done"] == self.report["inventory"]["rows"]
        assert tables.load(base).metadata_location == before


def check_no_orphans(program: Program, base: Base) -> None:
    """What killed runs left is removed by name, and nothing that the table needs."""
    done = program.run("clean", base.path, "--older-than", "0s", "--json")
    assert done.returncode == 0, done.stderr
    assert base.parquet_files() == set(tables.data_files(tables.load(base)))
    assert [path for path in base.hidden_files() if path != base.lock] == []
    assert not base.lock.exists()
    assert not list(base.failed.glob("*.staged"))
    named = set(metadata_files(base))
    assert set((base.warehouse / "earthcatalog" / "stac_items" / "metadata").iterdir()) == named


def metadata_files(base: Base) -> Iterator[Path]:
    table = tables.load(base)
    yield tables.metadata_path(table)
    for entry in table.metadata.metadata_log:
        yield tables.local_path(entry.metadata_file)
    for snapshot in table.metadata.snapshots:
        yield tables.local_path(snapshot.manifest_list)
        for manifest in snapshot.manifests(table.io):
            yield tables.local_path(manifest.manifest_path)


@pytest.fixture(scope="module")
def job(program: Program, archive: Archive, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Job]:
    folder = tmp_path_factory.mktemp("job")
    damaged = make_damaged(archive, folder, min(ITEMS, len(archive.rows)))
    inventory = write_inventory(damaged, folder / "inventory.csv")
    flags = ("--h3-resolution", 0, "--chunk-size", len(damaged.rows) // CHUNKS, "--no-sync")
    with web.serve(damaged.folder) as url:
        yield Job(program, inventory, url, flags).undisturbed(Base(folder / "base"))


@pytest.fixture(scope="module")
def small_job(program: Program, archive: Archive, tmp_path_factory: pytest.TempPathFactory) -> Job:
    folder = tmp_path_factory.mktemp("small-job")
    damaged = make_damaged(archive, folder, FEW_ITEMS)
    inventory = write_inventory(damaged, folder / "inventory.csv")
    flags = ("--h3-resolution", 0, "--chunk-size", FEW_PER_CHUNK)
    return Job(program, inventory, str(damaged.folder), flags).undisturbed(Base(folder / "base"))


def kill_after(job: Job, base: Base, seconds: float) -> bool:
    """Whether the run was still under way then."""
    process = job.program.start(*job.command(base))
    time.sleep(seconds)
    process.kill()
    process.communicate()
    return process.returncode == -signal.SIGKILL


@pytest.mark.timeout(7200 if FULL else 600)
def test_d14_killed_at_random_moments_nothing_is_lost_or_twice(job: Job, tmp_path: Path) -> None:
    """Each run is killed at a moment of its time, again and again until one comes to its end."""
    moments = random.Random(20)
    kills = tables_made = 0
    while kills < KILLS:
        base = Base(tmp_path / str(tables_made))
        tables_made += 1
        while kill_after(job, base, moments.uniform(0, job.seconds)):
            kills += 1
        job.finish(base)
        job.check(base)


def test_whatever_changes_between_the_runs(job: Job, base: Base, tmp_path: Path) -> None:
    """Other threads, chunks, requests at a time: the rows are the same, in other files."""
    moments = random.Random(3)
    for flags in (("--threads", 1), ("--threads", 3, "--chunk-size", 37), ("--workers", 1)):
        other = replace(job, flags=("--h3-resolution", 0, "--no-sync", *flags))
        kill_after(other, base, moments.uniform(0.2, 0.7) * job.seconds)
    replace(job, flags=("--chunk-size", 1000)).finish(base)
    state = State.of(base)
    assert job.expected is not None
    assert state.quarantine == job.expected.quarantine
    names = ["grid_partition", "collection", "id", "datetime", "platform", "bbox", "geometry"]
    assert state.rows.select(names).equals(job.expected.rows.select(names))


# What the system is asked to do at the moment of the crash.
POINTS: dict[str, dict[str, Any]] = {
    "before the first data file": {"call": "rename", "path": "/part_"},
    "among data files": {"call": "rename", "path": "/part_000002", "count": 20},
    "before rows are in the quarantine": {"call": "rename", "path": ".staged", "count": 1},
    "when rows are staged": {"call": "rename", "path": ".staged", "count": 3, "after": True},
    "between data files and commit": {"call": "syncfs", "count": 4},
    "before the metadata": {"call": "rename", "path": ".metadata.json", "count": 3},
    "between metadata and catalog": {"call": "rename", "path": ".metadata.json", "count": 3, "after": True},
    "before the catalog's journal is on the disk": {"call": "fdatasync", "path": "-journal", "count": 5},
    "within the catalog's commit": {
        "call": "fdatasync",
        "path": "earthcatalog.db",
        "count": 9,
        "after": True,
    },
    "before the catalog's commit is done": {"call": "unlink", "path": "-journal", "count": 6},
    "after the catalog's commit": {"call": "unlink", "path": "-journal", "count": 6, "after": True},
    "before the quarantine is published": {"call": "rename", "path": ".staged > ", "count": 1},
    "when the quarantine is published": {"call": "rename", "path": ".staged > ", "count": 2, "after": True},
    "when the table is made": {"call": "unlink", "path": "-journal", "count": 4, "after": True},
}


@pytest.mark.parametrize("point", POINTS)
def test_killed_at(small_job: Job, base: Base, point: str) -> None:
    done = small_job.program.run(*small_job.command(base), env=crash_at(**POINTS[point]))
    assert done.returncode == -signal.SIGKILL, "it never came there"
    assert not list(base.failed.glob("*.parquet")) or len(tables.load(base).metadata.snapshots) > 0
    small_job.finish(base)
    small_job.check(base)


def test_killed_before_the_only_commit(small_job: Job, base: Base) -> None:
    """--batch-add-files: the killed run leaves neither rows in the table nor rows in the quarantine."""
    point = crash_at("rename", ".metadata.json", count=2)
    done = small_job.program.run(*small_job.command(base), "--batch-add-files", env=point)
    assert done.returncode == -signal.SIGKILL
    assert base.parquet_files()
    assert tables.item_keys(base) == set()
    assert not list(base.failed.glob("*.parquet"))
    small_job.finish(base)
    small_job.check(base)


@pytest.mark.parametrize("flags", [(), ("--chunk-size", 5)], ids=["by memory", "by chunk size"])
def test_killed_where_commits_end_within_a_batch(
    program: Program, base: Base, tmp_path: Path, flags: tuple[Argument, ...]
) -> None:
    """Large items of unknown size: a batch is eight rows for this memory, and a commit three of them."""
    items = [make_item(f"item-{n}", point(n, n), note="x" * 1_900_000) for n in range(30)]
    archive = archives.write_items(tmp_path / "archive", items)
    (archive.folder / archive.rows[4].bucket / archive.rows[4].key).unlink()
    inventory = tmp_path / "inventory.csv"
    lines = [f"{row.bucket},{row.key}\nitems,{n}.txt\n" for n, row in enumerate(archive.rows)]
    inventory.write_text("bucket,key\n" + "".join(lines))
    with_memory = ("--memory-limit", "128MiB", *flags)
    job = Job(program, inventory, str(archive.folder), with_memory).undisturbed(Base(tmp_path / "whole"))
    assert job.report["commits"] >= 30 / 3
    for count in (3, 4, 5):  # metadata files: the table's own is the first
        point_of_time = crash_at("rename", ".metadata.json", count=count)
        done = program.run(*job.command(base), env=point_of_time)
        assert done.returncode == -signal.SIGKILL
    report = job.finish(base)
    assert 0 < report["inventory"]["skipped_done"] < 60
    assert set(tables.fanned_out(base).values()) == {1}
    job.check(base)


def mend(job: Job, archive: Archive) -> None:
    for row, item in zip(archive.rows, archive.items, strict=True):
        (Path(job.source) / row.bucket / row.key).write_text(json.dumps(item))


@pytest.mark.parametrize("call", ["unlink", "rename"])
def test_killed_while_the_quarantine_is_taken_up(
    program: Program, archive: Archive, base: Base, tmp_path: Path, call: str
) -> None:
    """A quarantine file in several commits: after a crash in their middle only the rest is taken up."""
    part = archive.head(60)
    copy = archives.write_items(tmp_path / "archive", part.items)
    for row in copy.rows:
        (copy.folder / row.bucket / row.key).unlink()
    program.ingest(copy.csv(tmp_path / "inventory.csv"), base, "--source", copy.folder, code=1)
    for row, item in zip(copy.rows, part.items, strict=True):
        if row is not copy.rows[5]:
            (copy.folder / row.bucket / row.key).write_text(json.dumps(item))
    command = ["incremental", "--retry-failed", "--source", copy.folder, "--chunk-size", 20, *base.flags]
    point = {
        "unlink": crash_at("unlink", "-journal", count=2, after=True),  # the second of three commits is done
        "rename": crash_at("rename", ".metadata.json", count=2, after=True),  # and here it is not
    }[call]
    assert program.run(*command, env=point).returncode == -signal.SIGKILL
    done = {"unlink": 40, "rename": 20}[call]
    assert len(tables.item_keys(base)) == done - 1

    report = program.ingest(None, base, "--retry-failed", "--source", copy.folder, code=None)
    assert report["inventory"]["skipped_done"] == done
    found = tables.fanned_out(base)
    assert set(found.values()) == {1}
    left = {archives.key_of(part.items[5])}
    last = {archives.key_of(item) for item in part.items} - {(c, i) for c, i, _ in found}
    assert last == left
    check_no_orphans(program, base)
    if call == "rename":
        assert quarantined(base) == Counter({("items", copy.rows[5].key, "not_found"): 1})
