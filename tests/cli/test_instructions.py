"""What the main job costs, in machine instructions: the same on a fast machine, a slow one and a busy one.

A change that makes a stage dearer fails here and says which. One that makes it cheaper lowers the number
below, in the same commit.
"""

import platform
import re
import shutil
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from harness.archives import Archive
from harness.program import Base, Program
from harness.requirement import require

ITEMS = 1_000


@dataclass(frozen=True)
class Cost:
    """Thousands of instructions of a function, with all that it calls, for each of something."""

    function: str
    each: str  # of the report below
    thousands: float


# Of x86-64 code by Debian 12's compiler and the libraries of requirements/.
COSTS = {
    "reading the inventory": Cost("ingest::RowFeed::Run", "row", 2.4),
    "parsing, encoding and assigning cells": Cost("ingest::BatchEncoder::Encode", "item", 73.2),
    "assigning cells": Cost("grid::(anonymous namespace)::H3Partitioner::Assign", "item", 8.4),
    "fan-out": Cost("rows::FanOut", "row written", 7.1),
    "writing data files": Cost("rows::WriteFiles", "file", 502),
    "committing": Cost("iceberg::Table::Append", "file", 57.2),
}
SLACK = 0.08


def counted(output: Path, function: str) -> int:
    """Instructions of the function called `function` and of all that it calls, in a file of callgrind's."""
    annotate = ["callgrind_annotate", "--inclusive=yes", "--threshold=100", str(output)]
    text = subprocess.run(annotate, capture_output=True, text=True, check=True).stdout
    named = re.escape(f":earthcatalog::{function}(")
    found = re.findall(rf"^\s*([\d,]+) \([^)]*\)  \S*?{named}", text, re.MULTILINE)
    assert found, f"callgrind has no {function}: was it renamed?"
    return int(found[0].replace(",", ""))


@pytest.mark.timeout(300)
@pytest.mark.skipif(platform.machine() != "x86_64", reason="the numbers are of x86-64 code")
def test_no_stage_becomes_dearer(program: Program, archive: Archive, base: Base, tmp_path: Path) -> None:
    """Of items whose columns the table has; without the network and what the system does."""
    valgrind = require(shutil.which("valgrind"), "valgrind")
    output = tmp_path / "callgrind.out"
    launcher = (valgrind, "--quiet", "--tool=callgrind", f"--callgrind-out-file={output}")
    inventory = archive.csv(tmp_path / "inventory.csv")
    flags = ("--source", archive.folder, "--threads", 1)
    program.ingest(inventory, base, *flags, "--limit", ITEMS)
    watched = replace(program, launcher=launcher)
    report = watched.ingest(inventory, base, *flags, "--limit", 2 * ITEMS)

    assert (report["items_processed"], report["commits"]) == (ITEMS, 1)
    counts = {
        "row": report["inventory"]["rows"],
        "item": ITEMS,
        "row written": report["rows_written"],
        "file": report["files_registered"],
    }
    measured = {
        stage: counted(output, cost.function) / counts[cost.each] / 1000 for stage, cost in COSTS.items()
    }
    shown = [
        f"{stage}: {measured[stage]:.1f} thousand instructions for each {cost.each}, {cost.thousands} before"
        for stage, cost in COSTS.items()
        if not 1 - 2 * SLACK < measured[stage] / cost.thousands < 1 + SLACK
    ]
    assert not shown, "\n".join(shown)
