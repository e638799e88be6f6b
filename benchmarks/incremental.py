"""The main job end to end, this project and earthcatalog 0.6.1 in turns: items from nginx on this machine.

    python benchmarks/incremental.py PROGRAM [PEER_PYTHON] [--items 20000] [--rounds 5]

Each run starts from nothing. A time counts only when the table holds the archive's ids; what
0.6.1 loses is said.
Ours has its data on the disk before it ends, 0.6.1 does not wait for that. The table (Markdown, on standard
output) has medians.
"""

import argparse
import datetime as dt
import os
import statistics
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from pathlib import Path

import pyarrow.parquet as pq
from runs import run

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from harness import web
from velocity_items import BUCKET, write_archive

TODAY = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
SCENARIOS = {
    "43 years": (dt.datetime(1984, 1, 1, tzinfo=dt.UTC), TODAY),
    "the last 60 days": (TODAY - dt.timedelta(days=60), TODAY),
}
CHUNK_SIZES = (500, 10_000, None)
OURS, PEER = "earthcatalog", "earthcatalog 0.6.1"


@dataclass(frozen=True)
class Measured:
    seconds: float
    cpu: float
    peak_mib: float
    files: int
    mib: float
    lost: int


def ids_in(base: Path) -> tuple[set[str], int, int]:
    """Ids, files and bytes of the data files; a run starts from nothing, so all of them are the table's."""
    ids: set[str] = set()
    paths = list((base / "warehouse").glob("grid_partition=*/**/*.parquet"))
    for path in paths:
        ids.update(pq.ParquetFile(path).read(["id"])["id"].to_pylist())
    return ids, len(paths), sum(path.stat().st_size for path in paths)


class Contest:
    def __init__(self, program: str, peer: str | None, archive: Path, url: str, ids: set[str]) -> None:
        self.program, self.peer, self.archive, self.url, self.ids = program, peer, archive, url, ids
        self.inventory = str(archive / "inventory.csv")

    def ours(self, base: Path, chunk_size: int | None) -> list[str]:
        places = ["--inventory", self.inventory, "--catalog", f"{base}/earthcatalog.db"]
        flags = [*places, "--warehouse", f"{base}/warehouse", "--source", self.url]
        return [
            self.program,
            "incremental",
            *flags,
            *(["--chunk-size", str(chunk_size)] if chunk_size else []),
        ]

    def theirs(self, base: Path, chunk_size: int | None) -> list[str]:
        script = str(Path(__file__).with_name("peer_incremental.py"))
        sizes = [str(chunk_size)] if chunk_size else []
        return [self.peer or "", script, self.url, BUCKET, self.inventory, str(base), *sizes]

    def measure(self, command: list[str], base: Path, *, may_lose: bool) -> Measured:
        os.sync()  # else our syncfs would also wait for the files of the run before
        done = run(command, {"PYTHONWARNINGS": "ignore"})
        found, files, size = ids_in(base)
        lost = len(self.ids - found)
        if found - self.ids or (lost and not may_lose):
            sys.exit(f"{command[0]}: {lost} ids are missing, {len(found - self.ids)} are of no item")
        return Measured(done.seconds, done.cpu, done.peak_mib, files, size / 2**20, lost)

    def rounds(self, count: int, folder: Path) -> Iterator[tuple[int | None, str, Measured]]:
        """Chunk size, whose run, and what it took. The default of 0.6.1 is its chunk size of 500."""
        for number in range(count):
            for chunk_size in CHUNK_SIZES:
                base = folder / f"ours-{number}-{chunk_size}"
                yield chunk_size, OURS, self.measure(self.ours(base, chunk_size), base, may_lose=False)
                if self.peer and chunk_size:
                    base = folder / f"theirs-{number}-{chunk_size}"
                    yield chunk_size, PEER, self.measure(self.theirs(base, chunk_size), base, may_lose=True)


def chunk_name(chunk_size: int | None) -> str:
    return f"chunk {chunk_size:,}" if chunk_size else "each one's default"


def print_pair(name: str, theirs: list[Measured], ours: list[Measured], items: int) -> None:
    theirs_rate = None
    for who, runs in ((PEER, theirs), (OURS, ours)):
        if not runs:
            continue
        median = Measured(*map(statistics.median, zip(*map(astuple, runs), strict=True)))
        rate = items / median.seconds
        ratio = f" ({rate / theirs_rate:.0f} times)" if theirs_rate else ""
        theirs_rate = rate
        print(
            f"| {name}: {who} | {rate:,.0f}{ratio} | {1000 * median.cpu / items:.2f} | {median.peak_mib:,.0f}"
            f" | {median.files:,.0f} | {median.mib:,.1f} | {median.lost:,.0f} |",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("peer", nargs="?")
    parser.add_argument("--items", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    print("| scenario | items/s | CPU s per 1,000 items | peak MiB | files | MiB | items lost |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    # All files stay until the end: ext4 searches long for inode numbers while many were given back just now.
    with tempfile.TemporaryDirectory() as folder:
        for name, (begin, end) in SCENARIOS.items():
            archive = Path(folder) / name.replace(" ", "-") / "archive"
            ids = write_archive(archive, options.items, begin, end)
            with web.serve(archive) as url:
                contest = Contest(options.program, options.peer, archive, url, ids)
                runs: dict[tuple[int | None, str], list[Measured]] = defaultdict(list)
                for chunk_size, who, measured in contest.rounds(options.rounds, archive.parent):
                    runs[chunk_size, who].append(measured)
            runs[None, PEER] = runs[500, PEER]
            for chunk_size in CHUNK_SIZES:
                print_pair(
                    f"{name}, {chunk_name(chunk_size)}",
                    runs[chunk_size, PEER],
                    runs[chunk_size, OURS],
                    options.items,
                )


if __name__ == "__main__":
    main()
