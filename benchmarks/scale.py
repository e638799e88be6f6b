"""Does the rate hold? The main job at sizes that differ fifty times, from a server that makes the items.

    python benchmarks/scale.py PROGRAM ITEM_SERVER [--items 20000 200000 1000000] [--rounds 3] [FLAG ...]

Each run starts from nothing, at the defaults or with FLAGs of the program; the sizes take turns. A time
counts only when the data files, which DuckDB reads, hold as many rows as the table says and as many
different ids as there are items. Of the last run PyIceberg must find the same files, which takes it minutes.
The table (Markdown, on standard output) has medians. A million items are 5 GB of files, gone after each run:
let TMPDIR be in memory, since ext4 searches long for inode numbers while many were given back just now.
"""

import argparse
import contextlib
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from pathlib import Path

import duckdb
from runs import run

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from harness import tables
from harness.program import Base


@dataclass(frozen=True)
class Measured:
    items_per_second: float
    cpu_per_thousand: float
    peak_mib: float
    files: int
    mib: float
    commits: int


@contextlib.contextmanager
def item_server(program: str, delay_ms: int = 0) -> Iterator[str]:
    """The URL of a server of any made-up item, a process of its own; each answer is so late."""
    command = [program, *(["--delay", str(delay_ms)] if delay_ms else [])]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def measure(program: str, inventory: Path, base: Base, url: str, items: int, *flags: str) -> Measured:
    places = ["--inventory", str(inventory), *map(str, base.flags), "--source", url]
    done = run([program, "incremental", *places, *flags, "--json"])
    report = json.loads(done.output)
    # The run started from nothing: all files are the table's.
    files = base.parquet_files()
    # Files and what was read of them lie in the same memory, so it is given back each time.
    with duckdb.connect(config={"memory_limit": "4GB"}) as database:
        scan = database.read_parquet([str(path) for path in files], hive_partitioning=False)
        rows, ids = scan.aggregate("count(*), count(DISTINCT id)").fetchall()[0]
    summary = tables.load(base).current_snapshot().summary
    if (rows, ids, report["items_processed"]) != (int(summary["total-records"]), items, items):
        sys.exit(f"{rows:,} rows of {ids:,} ids in the files of {items:,} items; reported: {done.output}")
    if int(summary["total-data-files"]) != len(files):
        sys.exit(f"{len(files):,} files, {summary['total-data-files']} in the table")
    sizes = [path.stat().st_size for path in files]
    return Measured(
        items_per_second=items / done.seconds,
        cpu_per_thousand=1000 * done.cpu / items,
        peak_mib=done.peak_mib,
        files=len(sizes),
        mib=sum(sizes) / 2**20,
        commits=report["commits"],
    )


def print_table(runs: dict[int, list[Measured]]) -> None:
    print("| items | items/s | of the first | CPU s per 1,000 items | peak MiB | files | MiB | commits |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    first = 0.0
    for items, measured in runs.items():
        median = Measured(*map(statistics.median, zip(*map(astuple, measured), strict=True)))
        first = first or median.items_per_second
        print(
            f"| {items:,} | {median.items_per_second:,.0f} | {median.items_per_second / first:.0%}"
            f" | {median.cpu_per_thousand:.3f} | {median.peak_mib:,.0f} | {median.files:,.0f}"
            f" | {median.mib:,.1f} | {median.commits:,.0f} |"
        )


def check_with_pyiceberg(base: Base) -> None:
    if sorted(tables.data_files(tables.load(base))) != sorted(base.parquet_files()):
        sys.exit("PyIceberg finds other files than there are")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("server")
    parser.add_argument("--items", type=int, nargs="+", default=[20_000, 200_000, 1_000_000])
    parser.add_argument("--rounds", type=int, default=3)
    options, flags = parser.parse_known_args()
    runs: dict[int, list[Measured]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder, item_server(options.server) as url:
        for items in options.items:
            subprocess.run([options.server, "--inventory", str(items), f"{folder}/{items}"], check=True)
        for number in range(options.rounds):
            for items in options.items:
                print(f"round {number + 1} of {options.rounds}: {items:,} items", file=sys.stderr)
                base = Base(Path(folder) / f"{items}-{number}")
                inventory = Path(folder) / str(items) / "inventory.csv"
                runs[items].append(measure(options.program, inventory, base, url, items, *flags))
                if (number, items) == (options.rounds - 1, options.items[-1]):
                    print_table(runs)
                    check_with_pyiceberg(base)
                shutil.rmtree(base.path)


if __name__ == "__main__":
    main()
