"""`earthcatalog expire`: what goes, and what is known although it is gone."""

import json
from pathlib import Path
from typing import Any

import pytest
from harness import tables
from harness.archives import Archive
from harness.program import Argument, Base, Program

EVERYTHING = ("--older-than", "0s")


@pytest.fixture
def history(program: Program, archive: Archive, base: Base, tmp_path: Path) -> Base:
    """Four commits of one inventory, of which a row fails."""
    inventory = archive.head(40).csv(tmp_path / "inventory.csv")
    with inventory.open("a") as file:
        file.write("synthetic-archive,gone.stac.json,1,2020-01-01T00:00:00.000Z\n")
    program.ingest(inventory, base, "--source", archive.folder, "--chunk-size", 11, code=1)
    assert len(tables.load(base).metadata.snapshots) == 4
    return base


def run(program: Program, command: str, base: Base, *flags: Argument) -> dict[str, Any]:
    done = program.run(command, base.path, *flags, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def contents(base: Base) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in base.path.rglob("*") if path.is_file()}


def test_a_dry_run_says_what_the_real_one_does(program: Program, history: Base) -> None:
    before = contents(history)
    rows = tables.fanned_out(history)
    planned = run(program, "expire", history, *EVERYTHING, "--dry-run")
    assert planned["dry_run"] is True
    assert contents(history) == before
    old = tables.load(history).metadata
    done = run(program, "expire", history, *EVERYTHING)
    assert done == {**planned, "dry_run": False}
    assert done["snapshots"] == [snapshot.snapshot_id for snapshot in old.snapshots[:-1]]
    assert (done["refs"], done["published"], done["left"]) == ([], [], [])
    gone = {path: data for path, data in before.items() if not path.exists()}
    assert {tables.local_path(name) for name in done["removed"]} == gone.keys()
    assert {path.name.split("-")[0] for path in gone} == {"snap"}, "rows were only added"
    assert (done["files"], done["bytes"]) == (3, sum(map(len, gone.values())))
    assert tables.fanned_out(history) == rows
    left = [snapshot.snapshot_id for snapshot in tables.load(history).metadata.snapshots]
    assert left[0] == old.current_snapshot_id
    assert len(left) == 2, "and the one that carries what the others knew"
    assert not history.lock.exists()


def test_files_that_only_the_past_needs_are_deleted(
    program: Program, history: Base, archive: Archive
) -> None:
    before = history.parquet_files()
    tables.load(history).delete(f"id == '{archive.items[0]['id']}'")
    rows = tables.fanned_out(history)
    done = run(program, "expire", history, *EVERYTHING)
    gone = before - history.parquet_files()
    assert gone
    assert gone <= {tables.local_path(name) for name in done["removed"]}
    assert history.parquet_files() == set(tables.data_files(tables.load(history)))
    assert tables.fanned_out(history) == rows


def test_young_ones_stay_and_so_do_the_last_few(program: Program, history: Base) -> None:
    for flags in ((), ("--older-than", "1h"), (*EVERYTHING, "--keep-last", 4)):
        assert run(program, "expire", history, *flags)["snapshots"] == []
    assert len(run(program, "expire", history, *EVERYTHING, "--keep-last", 3)["snapshots"]) == 1
    assert len(tables.load(history).metadata.snapshots) == 4


def test_the_same_run_adds_nothing_and_the_quarantine_waits(
    program: Program, history: Base, archive: Archive, tmp_path: Path
) -> None:
    rows = tables.fanned_out(history)
    run(program, "expire", history, *EVERYTHING)
    inventory = tmp_path / "inventory.csv"
    report = program.ingest(inventory, history, "--source", archive.folder)
    assert (report["commits"], report["inventory"]["skipped_done"]) == (0, 41)
    assert tables.fanned_out(history) == rows
    assert len(list(history.failed.glob("*.parquet"))) == 1
    copy = tmp_path / "source"
    bucket = copy / "synthetic-archive"
    bucket.mkdir(parents=True)
    late = archive.rows[50]
    (bucket / "gone.stac.json").write_bytes((archive.folder / late.bucket / late.key).read_bytes())
    report = program.ingest(None, history, "--source", copy, "--retry-failed")
    assert report["items_processed"] == 1
    assert list(history.failed.glob("*.parquet")) == []
    run(program, "expire", history, *EVERYTHING)
    run(program, "expire", history, *EVERYTHING)
    report = program.ingest(inventory, history, "--source", archive.folder)
    assert (report["commits"], report["inventory"]["skipped_done"]) == (0, 41)


@pytest.mark.parametrize("command", ["expire", "clean"])
@pytest.mark.parametrize("dry", [(), ("--dry-run",)])
def test_a_table_that_forbids_it(program: Program, history: Base, command: str, dry: tuple[str, ...]) -> None:
    with tables.load(history).transaction() as transaction:
        transaction.set_properties({"gc.enabled": "false"})
    before = contents(history)
    done = program.run(command, history.path, *EVERYTHING, *dry)
    assert done.returncode == 2
    assert "gc.enabled" in done.stderr
    assert contents(history) == before


def test_what_it_prints(program: Program, history: Base) -> None:
    planned = program.run("expire", history.path, *EVERYTHING, "--dry-run")
    *lines, last = planned.stdout.splitlines()
    assert [line.split()[0] for line in lines[:3]] == ["snapshot"] * 3
    assert [Path(line).name.split("-")[0] for line in lines[3:]] == ["snap"] * 3
    assert last.startswith("Would expire 3 snapshots, 0 branches and tags; would delete 3 files (")
    done = program.run("expire", history.path, *EVERYTHING)
    assert done.stdout.splitlines()[:-1] == lines
    assert done.stdout.splitlines()[-1].startswith(
        "Expired 3 snapshots, 0 branches and tags; deleted 3 files ("
    )


def test_it_prints_the_first_ten_of_many(
    program: Program, archive: Archive, base: Base, tmp_path: Path
) -> None:
    """Of each kind; --json has all."""
    inventory = archive.head(30).csv(tmp_path / "inventory.csv")
    program.ingest(inventory, base, "--source", archive.folder, "--chunk-size", 2)
    planned = run(program, "expire", base, *EVERYTHING, "--dry-run")
    assert len(planned["snapshots"]) == 14
    assert len(planned["removed"]) > 10, "manifest lists, and manifests that were merged"
    lines = program.run("expire", base.path, *EVERYTHING, "--dry-run").stdout.splitlines()
    assert lines[:10] == [f"snapshot {snapshot}" for snapshot in planned["snapshots"][:10]]
    assert lines[10] == "snapshot … and 4 more (--json has all)"
    assert lines[11:21] == planned["removed"][:10]
    assert lines[21] == f"… and {len(planned['removed']) - 10} more (--json has all)"
    assert len(lines) == 23


@pytest.mark.parametrize(
    "flags", [("--older-than", "5"), ("--older-than=-1d",), ("--keep-last", "0"), ("--keep-last=-1",)]
)
def test_numbers_that_are_none(program: Program, history: Base, flags: tuple[str, ...]) -> None:
    done = program.run("expire", history.path, *flags)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1


def test_without_a_table_nothing_is_made(program: Program, base: Base) -> None:
    base.path.mkdir()
    assert program.run("expire", base.path).returncode == 1
    assert list(base.path.iterdir()) == []
