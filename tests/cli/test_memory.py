"""Memory stays below the limit and does not grow with the inventory."""

from pathlib import Path
from typing import Any

import pytest
from harness import archives, tables
from harness.archives import Archive
from harness.program import Argument, Base, Program

ITEMS = 20_000
LIMIT = 128 << 20
MIB = 1 << 20
# What the process and its libraries take before the first item, which the limit does not cover.
PROCESS = 64 * MIB


def measured(program: Program, inventory: Path, base: Base, *flags: Argument) -> dict[str, Any]:
    """The report of a run that a small process started: some systems count the parent's memory as well."""
    by_shell = Program(program.path, launcher=("sh", "-c", '"$@"; exit $?', "sh"))
    return by_shell.ingest(inventory, base, *flags)


@pytest.fixture(scope="module")
def large(program: Program, tmp_path_factory: pytest.TempPathFactory) -> Archive:
    folder = tmp_path_factory.mktemp("large")
    done = program.run("demo", folder, "--items", ITEMS)
    assert done.returncode == 0, done.stderr
    return archives.read_generated(folder / "archive")


def test_memory_is_bounded_whatever_the_length(program: Program, large: Archive, tmp_path: Path) -> None:
    peaks = []
    for count in (ITEMS // 4, ITEMS):
        base = Base(tmp_path / str(count))
        inventory = large.head(count).csv(tmp_path / f"{count}.csv")
        flags = ("--source", large.folder, "--memory-limit", "128MiB", "--threads", 2)
        report = measured(program, inventory, base, *flags)
        assert report["items_processed"] == count
        assert report["commits"] > 1, "more than one commit's memory is needed for this to say anything"
        peaks.append(report["peak_memory"])
    assert max(peaks) < LIMIT + PROCESS, [peak // MIB for peak in peaks]
    assert peaks[1] < peaks[0] + 48 * MIB, [peak // MIB for peak in peaks]


def test_a_long_inventory_of_few_items_is_streamed(
    program: Program, archive: Archive, tmp_path: Path
) -> None:
    """A million rows of which ten are items."""
    inventory = tmp_path / "long.csv"
    with inventory.open("w") as file:
        file.write("bucket,key,size,last_modified_date\n")
        for _ in range(1000):
            file.write(
                "".join(f"other,some/long/folder/name/{n}.tif,1,2024-05-01T00:00:00Z\n" for n in range(1000))
            )
        for row in archive.head(10).rows:
            file.write(",".join(row.values) + "\n")
    base = Base(tmp_path / "base")
    flags = ("--source", archive.folder, "--memory-limit", "128MiB")
    report = measured(program, inventory, base, *flags)
    assert report["inventory"]["rows"] == 1_000_010
    assert report["inventory"]["skipped_suffix"] == 1_000_000
    assert len(tables.item_keys(base)) == 10
    assert report["peak_memory"] < LIMIT + PROCESS


def test_peak_memory_is_the_program_s_own(program: Program, archive: Archive, base: Base) -> None:
    """Started by a process that holds much memory, it reports what it took itself."""
    ballast = bytearray(400 * MIB)
    inventory = archive.head(10).csv(base.path.parent / "inventory.csv")
    report = program.ingest(inventory, base, "--source", archive.folder)
    assert len(ballast) > report["peak_memory"]
    assert report["peak_memory"] < 3 * PROCESS
