"""A disk that fills up, a folder that can no longer be written or is gone: the run ends and says why.

The table stands as of its last commit, and the same command completes it later.
"""

import contextlib
import shutil
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from harness import archives, tables, web
from harness.archives import Archive
from harness.program import Base, Program

COUNT = 200
CHUNK = 20
# Requests wait here until the test has taken away the ground.
FREE_ITEMS = 3 * CHUNK + CHUNK // 2


@dataclass
class Run:
    """A run that is under way, with some commits, and waits for us."""

    program: Program
    base: Base
    archive: Archive
    command: list[object]
    process: subprocess.Popen[str]
    leave: threading.Event

    def end(self) -> str:
        """Lets it go on, into its failure; gives the message."""
        before = tables.item_keys(self.base)
        self.leave.set()
        _output, errors = self.process.communicate(timeout=60)
        assert self.process.returncode == 1
        *_progress, message = errors.splitlines()
        assert message.startswith("earthcatalog: ")
        assert before <= set(map(archives.key_of, self.archive.items))
        return message

    def check_stands(self, items: int | None = None) -> None:
        """What was committed is there, each row once, in the order of the inventory."""
        found = tables.fanned_out(self.base)
        assert set(found.values()) == {1}
        keys = {(collection, id_) for collection, id_, _ in found}
        assert len(keys) % CHUNK == 0
        assert items is None or len(keys) == items
        assert keys == set(map(archives.key_of, self.archive.head(len(keys)).items))

    def check_completes(self) -> None:
        done = self.program.run(*self.command)
        assert done.returncode == 0, done.stderr
        found = tables.fanned_out(self.base)
        assert set(found.values()) == {1}
        assert {(c, i) for c, i, _ in found} == set(map(archives.key_of, self.archive.items))


@contextlib.contextmanager
def under_way(program: Program, archive: Archive, base: Base, folder: Path) -> Iterator[Run]:
    part = archive.head(COUNT)
    inventory = part.csv(folder / "inventory.csv")
    free = {f"/{row.bucket}/{row.key}" for row in part.rows[:FREE_ITEMS]}
    stuck, leave = threading.Event(), threading.Event()

    def before(path: str) -> None:
        if path not in free:
            stuck.set()
            leave.wait(timeout=60)

    with web.python_server(part.folder, before) as url:
        flags = ["--source", url, "--chunk-size", CHUNK, "--workers", 8]
        command = ["incremental", "--inventory", inventory, *base.flags, *flags]
        process = program.start(*command)
        try:
            assert stuck.wait(timeout=60), process.communicate(timeout=10)
            wait_for_commits(base, 3)
            yield Run(program, base, part, command, process, leave)
        finally:
            leave.set()
            process.kill()
            process.communicate()


def wait_for_commits(base: Base, count: int) -> None:
    for _ in range(600):
        with contextlib.suppress(Exception):  # the table is not there yet
            if len(tables.load(base).metadata.snapshots) >= count:
                return
        threading.Event().wait(0.05)
    raise AssertionError("no commits")


def try_to(*command: str | Path) -> None:
    """As root, and where the system lets root; a test that cannot take the ground away is skipped."""
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"missing: {command[0]} cannot do that here: {done.stderr.strip()}")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    try_to("mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", disk)
    yield disk
    subprocess.run(["umount", "--lazy", disk], check=True)


def test_a_full_disk(program: Program, archive: Archive, tmp_path: Path, small_disk: Path) -> None:
    base = Base(small_disk / "base")
    with under_way(program, archive, base, tmp_path) as run:
        filler = small_disk / "filler"
        with contextlib.suppress(OSError), filler.open("wb") as file:
            while True:
                file.write(bytes(4096))
                file.flush()
        message = run.end()
        assert "No space left on device" in message
        assert str(base.path) in message
        run.check_stands(3 * CHUNK)
        assert base.parquet_files() == set(tables.data_files(tables.load(base))), "files of no commit"
        filler.unlink()
        run.check_completes()


def test_a_disk_that_fills_up_anywhere(
    program: Program, archive: Archive, tmp_path: Path, small_disk: Path
) -> None:
    """With less and less room: whatever file is the one too many, no commit is half there."""
    part = archive.head(COUNT)
    inventory = part.csv(tmp_path / "inventory.csv")
    filler = small_disk / "filler"
    flags = ["--source", part.folder, "--chunk-size", CHUNK, "--h3-resolution", 0]
    for number, free in enumerate(range(40 << 10, 1000 << 10, 120 << 10)):
        base = Base(small_disk / f"base-{number}")
        base.path.mkdir()
        filler.write_bytes(bytes(shutil.disk_usage(small_disk).free - free))
        command = ["incremental", "--inventory", inventory, *base.flags, *flags]
        done = program.run(*command)
        filler.unlink()
        assert done.returncode == 1, "it was not too little"
        assert "No space left" in done.stderr or "full" in done.stderr, done.stderr
        assert done.stderr.count("\n") == 1
        done = program.run(*command)
        assert done.returncode == 0, done.stderr
        found = tables.fanned_out(base)
        assert set(found.values()) == {1}
        assert {(c, i) for c, i, _ in found} == set(map(archives.key_of, part.items))
        shutil.rmtree(base.path)


def test_a_folder_that_can_no_longer_be_written(
    program: Program, archive: Archive, base: Base, tmp_path: Path
) -> None:
    with under_way(program, archive, base, tmp_path) as run:
        folders = [base.warehouse, *base.warehouse.glob("grid_partition=*")]
        folders += [path for folder in folders[1:] for path in folder.iterdir()]
        try:
            for folder in folders:
                try_to("chattr", "+i", folder)
            message = run.end()
        finally:
            for folder in folders:
                subprocess.run(["chattr", "-i", folder], capture_output=True, check=False)
        assert "Operation not permitted" in message
        assert str(base.warehouse) in message
        run.check_stands(3 * CHUNK)
        run.check_completes()


def test_a_metadata_folder_that_can_no_longer_be_written(
    program: Program, archive: Archive, base: Base, tmp_path: Path
) -> None:
    with under_way(program, archive, base, tmp_path) as run:
        metadata = base.warehouse / "earthcatalog" / "stac_items" / "metadata"
        try:
            try_to("chattr", "+i", metadata)
            message = run.end()
        finally:
            subprocess.run(["chattr", "-i", metadata], capture_output=True, check=False)
        assert str(metadata) in message
        run.check_stands(3 * CHUNK)
        assert base.parquet_files() == set(tables.data_files(tables.load(base))), "files of no commit"
        run.check_completes()


def test_a_catalog_file_that_can_no_longer_be_written(
    program: Program, archive: Archive, base: Base, tmp_path: Path
) -> None:
    with under_way(program, archive, base, tmp_path) as run:
        try:
            try_to("chattr", "+i", base.db)
            message = run.end()
        finally:
            subprocess.run(["chattr", "-i", base.db], capture_output=True, check=False)
        assert str(base.db) in message
        run.check_stands(3 * CHUNK)
        run.check_completes()


def test_a_warehouse_that_is_moved_away(
    program: Program, archive: Archive, base: Base, tmp_path: Path
) -> None:
    """It is not made anew: the files of earlier commits would not be in it."""
    with under_way(program, archive, base, tmp_path) as run:
        away = base.path / "elsewhere"
        before = tables.item_keys(base)
        base.warehouse.rename(away)
        run.leave.set()
        _output, errors = run.process.communicate(timeout=60)
        assert run.process.returncode == 1
        assert f"the warehouse {base.warehouse} is no longer there" in errors.splitlines()[-1]
        assert not base.warehouse.exists()
        away.rename(base.warehouse)
        assert tables.item_keys(base) == before
        run.check_stands(3 * CHUNK)
        run.check_completes()


def test_a_table_whose_files_are_gone_says_so(
    program: Program, archive: Archive, base: Base, tmp_path: Path
) -> None:
    """The folder was removed for good, the catalog file was not."""
    with under_way(program, archive, base, tmp_path) as run:
        shutil.rmtree(base.warehouse)
        run.leave.set()
        run.process.communicate(timeout=60)
        assert run.process.returncode == 1
        done = program.run(*run.command)
        assert done.returncode == 1
        assert "does not exist" in done.stderr
        assert str(base.warehouse) in done.stderr
