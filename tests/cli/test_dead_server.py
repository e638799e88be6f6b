"""A network or server that is down, and a system with few file descriptors: no fault of the items."""

import resource
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness import tables, web
from harness.archives import Archive
from harness.program import Base, Program

ITEMS = 400


@pytest.fixture
def refusing() -> Iterator[str]:
    """A URL whose port is taken, where nobody listens."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"


def test_a_dead_server_fails_the_run_and_quarantines_nothing(
    program: Program, archive: Archive, base: Base, tmp_path: Path, refusing: str
) -> None:
    part = archive.head(ITEMS)
    program.ingest(part.head(10).csv(tmp_path / "first.csv"), base, "--source", part.folder)
    inventory = part.csv(tmp_path / "inventory.csv")
    done = program.run("incremental", "--inventory", inventory, "--source", refusing, *base.flags)
    assert done.returncode == 1
    *progress, error = done.stderr.splitlines()  # it looks a few times, with pauses
    assert not any("earthcatalog:" in line for line in progress)
    assert "the network or the server is down" in error
    assert "127.0.0.1" in error
    assert "not reached" in done.stdout
    assert "quarantined" not in done.stdout
    assert not base.failed.exists() or not list(base.failed.iterdir())
    assert len(tables.item_keys(base)) == 10


def test_a_few_rows_of_a_dead_server_are_quarantined(
    program: Program, archive: Archive, base: Base, tmp_path: Path, refusing: str
) -> None:
    """Too few to tell a server that is down from names that are wrong."""
    inventory = archive.head(3).csv(tmp_path / "inventory.csv")
    report = program.ingest(inventory, base, "--source", refusing, code=1)
    assert report["quarantined_by_kind"] == {"connection": 3}


def limited(files: int) -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))


def test_few_file_descriptors_quarantine_nothing(
    program: Program, archive: Archive, base: Base, tmp_path: Path
) -> None:
    part = archive.head(ITEMS)
    inventory = part.csv(tmp_path / "inventory.csv")
    with web.serve(part.folder) as url:
        report = program.ingest(
            inventory, base, "--source", url, "--workers", 300, preexec_fn=lambda: limited(64)
        )
    assert report["items_processed"] == ITEMS
    (notice,) = report["notices"]
    assert "of 300 workers" in notice
    assert "ulimit -n" in notice


def test_a_low_soft_limit_is_raised(program: Program, archive: Archive, base: Base, tmp_path: Path) -> None:
    part = archive.head(ITEMS)
    inventory = part.csv(tmp_path / "inventory.csv")
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with web.serve(part.folder) as url:
        report = program.ingest(
            *(inventory, base, "--source", url, "--workers", 300),
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard)),
        )
    assert report["items_processed"] == ITEMS
    assert report["notices"] == []


def test_hardly_any_file_descriptors_are_refused(
    program: Program, archive: Archive, base: Base, tmp_path: Path
) -> None:
    inventory = archive.head(5).csv(tmp_path / "inventory.csv")
    with web.serve(archive.folder) as url:
        done = program.run(
            *("incremental", "--inventory", inventory, "--source", url, *base.flags),
            preexec_fn=lambda: limited(24),
        )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "ulimit -n" in done.stderr
