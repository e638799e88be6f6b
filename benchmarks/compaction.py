"""Compaction of a local table, this project and earthcatalog 0.6.1 in turns, and beside it Arrow alone.

    python benchmarks/compaction.py PROGRAM [PEER_PYTHON] [--items 20000] [--runs 1] [--rounds 3]
                                    [--chunk-size 10000] [--server ITEM_SERVER] [FLAG ...]

The table is made of so many runs over parts of an archive of 43 years, by 0.6.1 where it is given: both can
compact that; else by PROGRAM with FLAGs of `incremental`. With ITEM_SERVER the items are those that it makes,
for tables too large for an archive on the disk. Each compaction begins with a copy of the table at the same
place. Arrow alone reads all files, those of each cell and year one after the other, and writes what it has
read to one file with the same compression, without looking at it. The table (Markdown, on standard output)
has medians.
"""

import argparse
import datetime as dt
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from runs import run
from scale import item_server

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from harness import tables, web
from harness.program import Base
from velocity_items import BUCKET, write_archive

BEGIN, END = dt.datetime(1984, 1, 1, tzinfo=dt.UTC), dt.datetime(2026, 11, 1, tzinfo=dt.UTC)


@dataclass(frozen=True)
class Measured:
    seconds: float
    cpu: float
    peak_mib: float
    files: int
    mib: float
    rows: int


def data_files(base: Path) -> list[Path]:
    return tables.data_files(tables.load(Base(base)))


def by_folder(files: Iterable[Path]) -> dict[Path, list[Path]]:
    folders = defaultdict(list)
    for file in files:
        folders[file.parent].append(file)
    return folders


def arrow_alone(base: Path, target: Path) -> None:
    """Run as a process of its own."""
    for number, files in enumerate(by_folder(data_files(base)).values()):
        parts = [pq.ParquetFile(file).read() for file in files]
        rows = pa.concat_tables(parts, promote_options="permissive")
        pq.write_table(rows, target / f"{number}.parquet", compression="zstd")


def inventories(archive: Path, parts: int) -> list[str]:
    """The archive's inventory, dealt out."""
    header, *lines = (archive / "inventory.csv").read_text().splitlines()
    paths = []
    for part in range(parts):
        paths.append(archive / f"inventory-{part}.csv")
        paths[-1].write_text("\n".join([header, *lines[part::parts]]) + "\n")
    return [str(path) for path in paths]


def make_table(options: argparse.Namespace, flags: list[str], archive: Path, base: Path) -> None:
    if options.server:
        subprocess.run([options.server, "--inventory", str(options.items), str(archive)], check=True)
        serve = item_server(options.server)
    else:
        write_archive(archive, options.items, BEGIN, END)
        serve = web.serve(archive)
    with serve as url:
        for inventory in inventories(archive, options.runs):
            if options.peer:
                script = Path(__file__).with_name("peer_incremental.py")
                run([options.peer, str(script), url, BUCKET, inventory, str(base), str(options.chunk_size)])
                continue
            places = ["--catalog", f"{base}/earthcatalog.db", "--warehouse", f"{base}/warehouse"]
            what = ["--inventory", inventory, "--source", url, "--chunk-size", str(options.chunk_size)]
            run([options.program, "incremental", *what, *places, *flags])


def measure(command: list[str], base: Path, made: Path) -> Measured:
    shutil.rmtree(base, ignore_errors=True)
    shutil.copytree(made, base)
    os.sync()
    done = run(command, {"PYTHONWARNINGS": "ignore"})
    files = data_files(base)
    size = sum(path.stat().st_size for path in files) / 2**20
    rows = sum(pq.read_metadata(path).num_rows for path in files)
    return Measured(done.seconds, done.cpu, done.peak_mib, len(files), size, rows)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("peer", nargs="?")
    parser.add_argument("--items", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--chunk-size", type=int, default=10_000)
    parser.add_argument("--server")
    parser.add_argument("--rounds", type=int, default=3)
    options, flags = parser.parse_known_args()
    with tempfile.TemporaryDirectory() as folder:
        base, made, alone = (Path(folder) / name for name in ("base", "made", "alone"))
        make_table(options, flags, Path(folder) / "archive", base)
        shutil.move(base, made)
        commands = {
            "Arrow alone": [sys.executable, __file__, "--alone", str(base), str(alone)],
            "earthcatalog": [options.program, "compact", str(base)],
        }
        if options.peer:
            script = Path(__file__).with_name("peer_compact.py")
            commands["earthcatalog 0.6.1"] = [options.peer, str(script), str(base)]
        runs = defaultdict(list)
        for _round in range(options.rounds):
            for who, command in commands.items():
                shutil.rmtree(alone, ignore_errors=True)
                alone.mkdir()
                runs[who].append(measure(command, base, made))
    print("| | s | CPU s | peak MiB | files | MiB | rows |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for who, measured in runs.items():
        median = Measured(*map(statistics.median, zip(*map(astuple, measured), strict=True)))
        print(
            f"| {who} | {median.seconds:.2f} | {median.cpu:.2f} | {median.peak_mib:,.0f}"
            f" | {median.files:,.0f} | {median.mib:,.1f} | {median.rows:,.0f} |"
        )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--alone"]:
        arrow_alone(Path(sys.argv[2]), Path(sys.argv[3]))
    else:
        main()
