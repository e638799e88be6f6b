"""Memory stays below the limit and does not grow with the inventory."""

import contextlib
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from harness import archives, tables, web
from harness.archives import Archive, Item
from harness.odd_items import make_item, point, polygon, rectangle
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


def test_an_export_s_memory_is_bounded_whatever_the_number_of_files(
    program: Program, large: Archive, tmp_path: Path
) -> None:
    script = """
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:]).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(code)
"""
    by_small_process = Program(program.path, launcher=(sys.executable, "-c", script))
    peaks: list[int] = []
    files: list[int] = []
    for count in (ITEMS // 5, ITEMS):
        base = Base(tmp_path / str(count))
        inventory = large.head(count).csv(tmp_path / f"{count}.csv")
        program.ingest(inventory, base, "--source", large.folder)
        output = tmp_path / "items.ndjson"
        done = by_small_process.run("export", base.path, "--output", output)
        assert done.returncode == 0, done.stderr
        assert output.read_bytes().count(b"\n") == count
        peaks.append(int(done.stdout) << 10)
        files.append(len(base.parquet_files()))
    assert files[1] > 2 * files[0]
    assert max(peaks) < 192 * MIB, [peak // MIB for peak in peaks]
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


@pytest.mark.parametrize("flags", [(), ("--batch-add-files",)], ids=["commits", "one commit"])
def test_rows_that_fail_are_bounded_too(
    program: Program, archive: Archive, tmp_path: Path, flags: tuple[str, ...]
) -> None:
    """Hundreds of thousands of objects that are not there, then one that is."""
    missing = 400_000
    inventory = tmp_path / "missing.csv"
    row = archive.rows[0]
    folder = f"{row.bucket},some/long/folder/name/of/an/archive/that/is/gone"
    with inventory.open("w") as file:
        file.write("bucket,key,size\n")
        for n in range(missing):
            file.write(f"{folder}/{n:09}.stac.json,5000\n")
        file.write(f"{row.bucket},{row.key},{row.size}\n")
    base = Base(tmp_path / "base")
    limit = ("--source", archive.folder, "--memory-limit", "128MiB")
    by_shell = Program(program.path, launcher=("sh", "-c", '"$@"; exit $?', "sh"))
    report = by_shell.ingest(inventory, base, *limit, *flags, code=1)
    assert report["quarantined_by_kind"] == {"not_found": missing}
    assert len(report["quarantine_files"]) > 1
    assert sorted(report["quarantine_files"]) == sorted(map(str, base.failed.iterdir()))
    assert sum(pq.read_metadata(file).num_rows for file in base.failed.iterdir()) == missing
    assert len(tables.item_keys(base)) == 1
    assert report["peak_memory"] < LIMIT + PROCESS, report["peak_memory"] // MIB


LARGE = 300


@pytest.fixture(scope="module")
def large_items(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    """Items of 1.5 MB, and one that no run with little memory takes."""
    folder = tmp_path_factory.mktemp("large-items") / "archive"
    items = (
        make_item(f"item-{n}", point(n % 90, n % 90), note="x" * (30_000_000 if n == LARGE else 1_500_000))
        for n in range(LARGE + 1)
    )
    return archives.write_items(folder, items)


@pytest.mark.parametrize("columns", [None, ["bucket", "key"]], ids=["sizes are known", "sizes are not"])
@pytest.mark.parametrize("web_server", [False, True], ids=["folder", "web"])
def test_large_items_are_bounded_too(
    program: Program, large_items: Archive, tmp_path: Path, columns: list[str] | None, web_server: bool
) -> None:
    inventory = large_items.csv(tmp_path / "inventory.csv", columns=columns)
    base = Base(tmp_path / "base")
    by_shell = Program(program.path, launcher=("sh", "-c", '"$@"; exit $?', "sh"))
    with contextlib.ExitStack() as stack:
        source = stack.enter_context(web.serve(large_items.folder)) if web_server else large_items.folder
        report = by_shell.ingest(inventory, base, "--source", source, "--memory-limit", "128MiB", code=1)
    assert report["items_processed"] == LARGE
    assert report["quarantined_by_kind"] == {"too_large": 1}
    assert "memory limit" in report["first_failures"][0]["message"]
    assert tables.item_keys(base) == {("odd", f"item-{n}") for n in range(LARGE)}
    assert report["peak_memory"] < LIMIT + PROCESS, report["peak_memory"] // MIB


HUGE = 79


@pytest.fixture(scope="module")
def huge_items(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    """Items of 9 MiB: together more than the default limit, and than columns of one batch can hold."""
    folder = tmp_path_factory.mktemp("huge-items") / "archive"
    items = (make_item(f"item-{n}", point(n, n), note="x" * (9 * MIB)) for n in range(HUGE))
    return archives.write_items(folder, items)


@pytest.mark.parametrize("web_server", [False, True], ids=["folder", "web"])
def test_huge_items_of_unknown_size_that_come_as_one_batch(
    program: Program, huge_items: Archive, tmp_path: Path, web_server: bool
) -> None:
    inventory = huge_items.csv(tmp_path / "inventory.csv", columns=["bucket", "key"])
    base = Base(tmp_path / "base")
    with contextlib.ExitStack() as stack:
        source = stack.enter_context(web.serve(huge_items.folder)) if web_server else huge_items.folder
        report = measured(program, inventory, base, "--source", source)
    assert report["items_processed"] == HUGE
    assert report["commits"] > 1
    assert tables.item_keys(base) == {("odd", f"item-{n}") for n in range(HUGE)}
    assert report["peak_memory"] < 512 * MIB + 9 * MIB, report["peak_memory"] // MIB


def test_a_large_item_in_many_cells_is_bounded_too(
    program: Program, write_archive: Callable[[Iterable[Item]], Archive], tmp_path: Path
) -> None:
    """All of the Earth, as large as such a run takes it: it is written to each of 842 cells."""
    globe = polygon(rectangle(-180, -90, 180, 90))
    archive = write_archive(
        [make_item("globe", globe, note="x" * 2_500_000), make_item("other", point(1, 1))]
    )
    base = Base(tmp_path / "base")
    by_shell = Program(program.path, launcher=("sh", "-c", '"$@"; exit $?', "sh"))
    config = tmp_path / "config.yaml"
    config.write_text("grid: {max_cells: 0}\n")
    flags = ("--source", archive.folder, "--memory-limit", "128MiB", "--config", config)
    report = by_shell.ingest(archive.csv(tmp_path / "inventory.csv"), base, *flags)
    assert report["items_processed"] == 2
    assert report["rows_written"] == 843
    assert report["peak_memory"] < LIMIT + PROCESS, report["peak_memory"] // MIB


def test_peak_memory_is_the_program_s_own(program: Program, archive: Archive, base: Base) -> None:
    """Started by a process that holds much memory, it reports what it took itself."""
    ballast = bytearray(400 * MIB)
    inventory = archive.head(10).csv(base.path.parent / "inventory.csv")
    report = program.ingest(inventory, base, "--source", archive.folder)
    assert len(ballast) > report["peak_memory"]
    assert report["peak_memory"] < 3 * PROCESS
