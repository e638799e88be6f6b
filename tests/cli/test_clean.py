"""`earthcatalog clean` removes what killed runs left, and nothing else."""

import json
import os
import shutil
import signal
import sqlite3
import time
from pathlib import Path

import pytest
from harness import tables
from harness.archives import Archive
from harness.crashes import crash_at
from harness.program import Base, Program

FOREIGN = [
    "warehouse/README.md",
    "warehouse/grid_partition=x/year=2020/part-00000-1-2-3.parquet",
    "warehouse/grid_partition=x/year=2020/mine.parquet",
    "warehouse/earthcatalog/stac_items/metadata/version-hint.text",
    "warehouse/earthcatalog/other_table/metadata/00000-0a1b2c3d-0123-4567-89ab-0123456789ab.metadata.json",
    "warehouse_failed/notes.staged",
    "warehouse_failed/mine.parquet",
    "notes.txt",
]


@pytest.fixture
def killed(program: Program, archive: Archive, base: Base, tmp_path: Path) -> Base:
    """A table of one commit, and all that a run leaves that is killed in its second."""
    part = archive.head(60)
    inventory = part.csv(tmp_path / "inventory.csv")
    with inventory.open("a") as file:
        file.write("synthetic-archive,gone.stac.json,1,2020-01-01T00:00:00.000Z\n")
    command = ["incremental", "--inventory", inventory, "--source", part.folder, *base.flags]
    assert program.run(*command, "--limit", 30).returncode == 0
    point = crash_at("unlink", "earthcatalog.db-journal", count=1)  # all files are written
    assert program.run(*command, env=point).returncode == -signal.SIGKILL
    return base


def contents(base: Base) -> dict[Path, bytes]:
    """Of all files but the lock, which a command takes over from a dead run, and SQLite's own."""
    files = {path for path in base.path.rglob("*") if path.is_file() and base.db.name not in path.name}
    return {path: path.read_bytes() for path in files - {base.lock}}


def make_old(base: Base, seconds: int) -> None:
    for path in base.path.rglob("*"):
        os.utime(path, (time.time() - seconds,) * 2)


def test_it_lists_and_removes(program: Program, killed: Base) -> None:
    named = set(tables.data_files(tables.load(killed)))
    orphans = killed.parquet_files() - named
    assert len(orphans) > 10
    (staged,) = killed.failed.glob("*.staged")
    before = contents(killed)

    done = program.run("clean", killed.path, "--older-than", "0s", "--dry-run", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    report = json.loads(done.stdout)
    listed = {Path(entry["path"]): entry["bytes"] for entry in report["removed"]}
    assert set(listed) >= orphans | {staged}
    assert len(set(listed) - orphans - {staged}) == 4, "a manifest, its list, metadata, objects"
    assert report["files"] == len(listed)
    assert report["bytes"] == sum(listed.values())
    assert {path: len(before[path]) for path in listed} == listed
    lines = program.run("clean", killed.path, "--older-than", "0s", "--dry-run").stdout.splitlines()
    assert [line.split()[-1] for line in lines[:10]] == [entry["path"] for entry in report["removed"][:10]]
    assert lines[10:12] == [
        f"… and {len(listed) - 10} more (--json has all)",
        f"Would remove {len(listed)} files ({lines[11].split('(')[1].split(')')[0]}) that nothing names",
    ]
    assert len(lines) == 12
    assert contents(killed) == before

    done = program.run("clean", killed.path, "--older-than", "0s")
    assert (done.returncode, done.stderr) == (0, "")
    removed = done.stdout.splitlines()
    assert removed[:11] == lines[:11]
    assert removed[11].startswith(f"Removed {len(listed)} files (")
    assert killed.parquet_files() == named
    assert not staged.exists()
    assert not killed.lock.exists()


def test_what_is_young_stays(program: Program, killed: Base) -> None:
    """It may be a commit under way of a writer without the lock."""
    before = killed.parquet_files()
    make_old(killed, 3 * 86400 - 600)
    assert json.loads(program.run("clean", killed.path, "--json").stdout)["files"] == 0
    make_old(killed, 600)
    for age in (("--older-than", "11m"), ("--older-than", "1d")):
        report = json.loads(program.run("clean", killed.path, *age, "--json").stdout)
        assert report["files"] == 0
    assert killed.parquet_files() == before
    report = json.loads(program.run("clean", killed.path, "--older-than", "9m", "--json").stdout)
    assert report["files"] > 10
    assert killed.parquet_files() == set(tables.data_files(tables.load(killed)))


def test_foreign_files_are_not_touched(program: Program, killed: Base) -> None:
    for name in FOREIGN:
        path = killed.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("mine")
    assert program.run("clean", killed.path, "--older-than", "0s").returncode == 0
    assert {name: (killed.path / name).read_text() for name in FOREIGN} == dict.fromkeys(FOREIGN, "mine")


def test_files_of_any_snapshot_are_not_touched(program: Program, archive: Archive, base: Base) -> None:
    """Of older snapshots and of those that were rolled back, and every logged metadata file."""
    for number in range(4):
        part = Archive(archive.folder, archive.rows[number * 10 : number * 10 + 10])
        inventory = part.csv(base.path.parent / f"{number}.csv")
        program.ingest(inventory, base, "--source", archive.folder)
    first = tables.load(base).metadata.snapshots[0]
    with tables.load(base).manage_snapshots() as snapshots:
        snapshots.rollback_to_snapshot(first.snapshot_id)
    tables.load(base).delete("id = 'nothing has it'")
    before = contents(base)
    done = program.run("clean", base.path, "--older-than", "0s", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["files"] == 0
    assert contents(base) == before


@pytest.mark.parametrize("link", [True, False])
def test_another_way_to_the_same_folder(program: Program, killed: Base, tmp_path: Path, link: bool) -> None:
    """A link, or the folder elsewhere: the paths in the metadata are not those of the files."""
    other = tmp_path / "other"
    if link:
        other.symlink_to(killed.path)
    else:
        other = killed.path / ".." / killed.path.name
    named = set(tables.data_files(tables.load(killed)))
    assert program.run("clean", other, "--older-than", "0s").returncode == 0
    assert killed.parquet_files() == named


def make_another_table(program: Program, base: Base, db: Path, archive: Archive) -> None:
    """In the same warehouse: by somebody who put the first one's metadata aside, and back."""
    metadata = base.warehouse / "earthcatalog" / "stac_items" / "metadata"
    aside = metadata.rename(base.path.parent / "aside")
    inventory = archive.head(5).csv(base.path.parent / "five.csv")
    command = ["incremental", "--inventory", inventory, "--catalog", db, "--warehouse", base.warehouse]
    done = program.run(*command, "--source", archive.folder)
    assert done.returncode == 0, done.stderr
    shutil.copytree(aside, metadata, dirs_exist_ok=True)


def test_the_files_of_a_lost_catalog_are_no_orphans(program: Program, killed: Base, archive: Archive) -> None:
    """Nor does a new table come to lie between them."""
    killed.db.unlink()
    inventory = archive.head(5).csv(killed.path.parent / "five.csv")
    before = contents(killed)
    command = ["incremental", "--inventory", inventory, *killed.flags, "--source", archive.folder]
    done = program.run(*command)
    assert done.returncode == 2
    assert "holds a table already, which another catalog file names" in done.stderr
    assert contents(killed) == before

    make_another_table(program, killed, killed.db, archive)
    before = contents(killed)
    done = program.run("clean", killed.path, "--older-than", "0s")
    assert done.returncode == 2
    assert "metadata of another table" in done.stderr
    assert contents(killed) == before


def test_it_waits_for_nobody_and_takes_no_lock(program: Program, killed: Base) -> None:
    holder = {"owner": "somebody", "pid": os.getpid(), "hostname": os.uname().nodename, "token": "theirs"}
    killed.lock.write_text(json.dumps(holder | {"acquired": "2100-01-01T00:00:00Z"}))
    before = contents(killed)
    done = program.run("clean", killed.path, "--older-than", "0s")
    assert done.returncode == 3
    assert "locked by 'somebody'" in done.stderr
    assert contents(killed) == before


def test_a_broken_table_loses_nothing(program: Program, killed: Base) -> None:
    """What cannot be read may name anything."""
    snapshot = tables.load(killed).current_snapshot()
    assert snapshot is not None
    path = tables.local_path(snapshot.manifest_list)
    path.rename(path.with_suffix(".gone"))
    before = contents(killed)
    done = program.run("clean", killed.path, "--older-than", "0s")
    assert done.returncode == 1
    assert path.name in done.stderr
    assert contents(killed) == before


def test_without_a_table_nothing_is_made(program: Program, base: Base, tmp_path: Path) -> None:
    base.path.mkdir()
    done = program.run("clean", base.path)
    assert done.returncode == 1
    assert list(base.path.iterdir()) == []
    with sqlite3.connect(base.db) as connection:
        connection.execute("create table other (x)")
    assert program.run("clean", base.path).returncode == 1


def test_without_an_age_it_is_three_days(program: Program, killed: Base) -> None:
    make_old(killed, 3 * 86400 + 600)
    assert json.loads(program.run("clean", killed.path, "--json").stdout)["files"] > 10
    assert killed.parquet_files() == set(tables.data_files(tables.load(killed)))


def test_a_path_that_cannot_be_compared_is_no_orphan(program: Program, killed: Base) -> None:
    """The table names a file by a way that does not tell its cell and year: nobody knows which one it is."""
    table = tables.load(killed)
    orphan = next(iter(killed.parquet_files() - set(tables.data_files(table))))
    link = killed.path / "by-another-way"
    link.symlink_to(orphan.parent)
    table.add_files([f"file://{link}/{orphan.name}"])
    before = contents(killed)
    done = program.run("clean", killed.path, "--older-than", "0s")
    assert done.returncode == 1
    assert orphan.name in done.stderr
    assert "nothing was removed" in done.stderr
    assert contents(killed) == before


@pytest.mark.parametrize("age", ["5", "-1h", "soon", "1h30", "99999999999d"])
def test_an_age_that_is_none(program: Program, base: Base, age: str) -> None:
    done = program.run("clean", base.path, f"--older-than={age}")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1


def test_young_metadata_of_another_table_protects_its_old_files(
    program: Program, killed: Base, archive: Archive
) -> None:
    make_another_table(program, killed, killed.path / "other.db", archive)
    for path in killed.parquet_files():
        os.utime(path, (0, 0))
    before = contents(killed)
    done = program.run("clean", killed.path)
    assert done.returncode == 2
    assert "metadata of another table" in done.stderr
    assert contents(killed) == before


def test_an_older_copy_of_the_catalog_removes_nothing(program: Program, base: Base, archive: Archive) -> None:
    """A backup put back: what later runs wrote is no orphan."""
    backup = b""
    for count in (5, 6, 7):
        inventory = archive.head(count).csv(base.path.parent / f"{count}.csv")
        program.ingest(inventory, base, "--source", archive.folder)
        backup = backup or base.db.read_bytes()
    base.db.write_bytes(backup)
    before = contents(base)
    done = program.run("clean", base.path, "--older-than", "0s")
    assert done.returncode == 2
    assert "an older copy" in done.stderr
    assert contents(base) == before
