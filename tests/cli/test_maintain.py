"""`earthcatalog maintain` does what is due, says why, and no failure hides another step."""

import json
import os
import shutil
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from harness import tables
from harness.archives import Archive
from harness.program import Base, Program

# Enough for manifests to be in each other's way, and for files to be worth uniting.
COMMITS = 6
ORPHAN = "part_000012_0a1b2c3d.parquet"
DAY = 86400

Steps = dict[str, dict[str, Any]]


@pytest.fixture
def worn(program: Program, archive: Archive, base: Base, tmp_path: Path) -> Base:
    """A table of several commits of the same cells, each with a manifest, and an orphan among its files."""
    part = archive.head(10)
    source = ("--source", archive.folder, "--h3-resolution", 0)
    for number in range(COMMITS):
        program.ingest(part.csv(tmp_path / "inventory.csv"), base, *source, *(["--again"] if number else []))
        if number == 0:
            with tables.load(base).transaction() as change:
                change.set_properties({"commit.manifest-merge.enabled": "false"})
    make_orphan(base, days=4)
    return base


def make_orphan(base: Base, days: float) -> Path:
    path = min(base.parquet_files()).with_name(ORPHAN)
    path.write_bytes(b"nobody's")
    os.utime(path, (time.time() - days * DAY,) * 2)
    return path


def contents(base: Base) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in base.path.rglob("*") if path.is_file()}


def maintain(program: Program, base: Base, *flags: str, code: int = 0) -> Steps:
    done = program.run("maintain", base.path, *flags, "--json")
    assert done.returncode == code, done.stderr
    report = json.loads(done.stdout)
    assert report["dry_run"] == ("--dry-run" in flags)
    return {step["step"]: step for step in report["steps"]}


def expect(steps: Steps, **outcomes: str) -> None:
    """Of these steps; all others are not due."""
    found = {name: step["outcome"] for name, step in steps.items()}
    assert found == dict.fromkeys(steps, "not_due") | outcomes, steps


def exported(program: Program, base: Base) -> Counter[str]:
    done = program.run("export", base.path)
    assert done.returncode == 0, done.stderr
    return Counter(done.stdout.splitlines())


def manifest_count(base: Base) -> int:
    table = tables.load(base)
    snapshot = table.current_snapshot()
    assert snapshot is not None
    return len(snapshot.manifests(table.io))


def lock(base: Base) -> None:
    holder = {"owner": "incremental", "pid": os.getpid(), "hostname": os.uname().nodename, "token": "theirs"}
    base.lock.write_text(json.dumps(holder | {"acquired": "2100-01-01T00:00:00Z"}))


def test_what_is_due_is_done_once(program: Program, worn: Base) -> None:
    items, rows = exported(program, worn), tables.fanned_out(worn)
    steps = maintain(program, worn)
    expect(steps, compact="done", clean="done")
    assert steps["clean"]["details"]["files"] == 1
    assert ORPHAN in steps["clean"]["details"]["removed"][0]["path"]
    assert steps["compact"]["details"]["files_after"] == len(tables.data_files(tables.load(worn)))
    assert exported(program, worn) == items
    assert tables.fanned_out(worn).keys() == rows.keys()
    assert not worn.lock.exists()

    before = contents(worn)
    expect(maintain(program, worn))
    assert contents(worn) == before


def test_manifests_are_rewritten_when_files_are_not(program: Program, worn: Base) -> None:
    """With a threshold that no cell and year reaches."""
    rows = tables.fanned_out(worn)
    assert manifest_count(worn) == COMMITS
    steps = maintain(program, worn, "--threshold", "1000")
    expect(steps, manifests="done", clean="done")
    assert (
        f"of {COMMITS} manifests up to {COMMITS} may hold the same cell and year"
        in (steps["manifests"]["reason"])
    )
    assert manifest_count(worn) == steps["manifests"]["details"]["after"]["count"] == 1
    assert tables.fanned_out(worn) == rows


def test_a_dry_run_says_why_and_changes_nothing(program: Program, worn: Base) -> None:
    before = contents(worn)
    steps = maintain(program, worn, "--dry-run")
    expect(steps, compact="due", manifests="due", clean="due")
    assert all(step["reason"] and not step["message"] and step["details"] is None for step in steps.values())
    assert "1 file" in steps["clean"]["reason"]
    assert contents(worn) == before


def test_what_needs_the_lock_is_left_out_while_others_hold_it(program: Program, worn: Base) -> None:
    lock(worn)
    held = worn.lock.read_bytes()
    steps = maintain(program, worn, code=3)
    expect(steps, compact="done", expire="locked", clean="locked")
    assert "locked by 'incremental'" in steps["clean"]["message"]
    assert worn.lock.read_bytes() == held
    assert any(path.name == ORPHAN for path in worn.parquet_files())


def test_a_failure_is_told_and_hides_nothing(program: Program, worn: Base, archive: Archive) -> None:
    """Metadata of another table lies there, so nobody knows whose the orphan is."""
    metadata = worn.warehouse / "earthcatalog" / "stac_items" / "metadata"
    other = Base(worn.path.parent / "other")
    program.ingest_archive(archive.head(3), other)
    (document,) = other.warehouse.glob("earthcatalog/stac_items/metadata/00001-*.metadata.json")
    shutil.copy(document, metadata)
    steps = maintain(program, worn, "--threshold", "1000", code=1)
    expect(steps, manifests="done", clean="failed")
    assert "metadata of another table" in steps["clean"]["message"]
    lock(worn)
    expect(maintain(program, worn, "--threshold", "1000", code=3), expire="locked", clean="locked")


def test_young_orphans_stay(program: Program, worn: Base) -> None:
    """A compaction that runs beside this may be about to commit them."""
    orphan = make_orphan(worn, days=2.5)
    expect(maintain(program, worn), compact="done")
    assert orphan.exists()


def test_as_text_each_step_has_a_line(program: Program, worn: Base) -> None:
    done = program.run("maintain", worn.path, "--threshold", 1000)
    assert (done.returncode, done.stderr) == (0, "")
    lines = {line[:12].strip(): line[12:] for line in done.stdout.splitlines()}
    assert list(lines) == ["compact", "manifests", "publish", "expire", "clean"]
    assert lines["compact"].startswith("not due      of ")
    assert lines["manifests"].startswith("done         of ")
    assert f"{COMMITS} manifests became 1" in lines["manifests"]


def test_without_a_table_nothing_is_made(program: Program, base: Base) -> None:
    base.path.mkdir()
    done = program.run("maintain", base.path)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert list(base.path.iterdir()) == []


@pytest.mark.parametrize("flags", [["--threshold", "0"], ["--threads", "-1"], ["--memory-limit", "much"]])
def test_numbers_that_are_none(program: Program, base: Base, flags: list[str]) -> None:
    done = program.run("maintain", base.path, *flags)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1


def test_what_was_published_is_published_again(program: Program, worn: Base) -> None:
    """At the URL that it has; what was never published is nobody's business."""
    quiet = ("--threshold", "1000")
    assert "never published" in maintain(program, worn, *quiet)["publish"]["reason"]
    url = "https://data.example.org/velocity"
    assert program.run("publish", worn.path, "--url-prefix", f"{url}/").returncode == 0
    assert "see the current snapshot" in maintain(program, worn, *quiet)["publish"]["reason"]
    steps = maintain(program, worn, "--dry-run")
    expect(steps, compact="due")
    steps = maintain(program, worn)
    expect(steps, compact="done", publish="done")
    snapshot = tables.load(worn).current_snapshot()
    assert snapshot is not None
    assert steps["publish"]["details"]["version"] == 2
    assert steps["publish"]["details"]["snapshot_id"] == snapshot.snapshot_id
    assert steps["publish"]["details"]["table"].startswith(f"{url}/earthcatalog/")
    expect(maintain(program, worn))


def test_snapshots_that_are_too_old_expire_and_others_stay(program: Program, worn: Base) -> None:
    with tables.load(worn).transaction() as change:
        change.set_properties({"history.expire.max-snapshot-age-ms": "1"})
    items = exported(program, worn)
    steps = maintain(program, worn)
    expect(steps, compact="done", expire="done", clean="done")
    assert len(steps["expire"]["details"]["snapshots"]) >= COMMITS
    assert exported(program, worn) == items
    assert worn.parquet_files() == set(tables.data_files(tables.load(worn))), (
        "nothing is left of the old files"
    )


def test_where_nothing_may_be_deleted_that_is_no_failure(program: Program, worn: Base) -> None:
    with tables.load(worn).transaction() as change:
        change.set_properties({"gc.enabled": "false", "history.expire.max-snapshot-age-ms": "1"})
    steps = maintain(program, worn)
    expect(steps, compact="done")
    assert "gc.enabled" in steps["expire"]["reason"]
    assert "gc.enabled" in steps["clean"]["reason"]


def test_rewrite_manifests_alone(program: Program, worn: Base) -> None:
    rows = tables.fanned_out(worn)
    before = contents(worn)
    done = program.run("rewrite-manifests", worn.path, "--dry-run")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{COMMITS} manifests (")
    assert "worth rewriting" in done.stdout
    assert contents(worn) == before

    report = json.loads(program.run("rewrite-manifests", worn.path, "--json").stdout)
    assert report["rewritten"]
    assert (report["before"]["count"], report["after"]["count"]) == (COMMITS, manifest_count(worn))
    assert report["after"]["per_partition"] == 1
    assert tables.fanned_out(worn) == rows
    snapshot = tables.load(worn).current_snapshot()
    assert snapshot is not None
    assert snapshot.summary is not None
    assert snapshot.summary.operation.value == "replace"

    before = contents(worn)
    done = program.run("rewrite-manifests", worn.path)
    assert "nothing was done" in done.stdout
    assert contents(worn) == before
