"""How far each stage is from what bounds it, on one core, with generated items; and what they come to.

    python benchmarks/bounds.py BENCHMARKS PROGRAM [--items 20000] [--rounds 5]

BENCHMARKS is the folder of the built benchmarks. They and the program's main job take turns, with an archive
of `--items` items behind a web server. The tables (Markdown, on standard output) have medians.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from runs import run

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from harness import web
from harness.program import Base

JOB, FILES = "the program", "its files"
# Stage, its benchmark, what bounds it and that one's benchmark.
PAIRS = [
    ("fetching", "FetchStage", "libcurl's multi interface alone", "BareLibcurl"),
    ("fetching", "FetchStage", "sockets alone, no HTTP library", "BareSockets"),
    ("JSON to columns", "ToColumns", "simdjson's parser alone", "Simdjson"),
    ("JSON to columns", "ToColumns", "copying the JSON (memcpy)", "Copying"),
    ("columns to GeoParquet, 10,000 rows a file", "ToParquet", "Parquet's library, zstd 1", "ParquetLibrary"),
    ("columns to GeoParquet, 10,000 rows a file", "ToParquet", "zstd 1 alone", "ZstdAlone"),
    (
        "columns to GeoParquet, 5 rows a file",
        "ToSmallFiles",
        "Parquet's library, zstd 1",
        "SmallParquetLibrary",
    ),
    ("columns to GeoParquet, 5 rows a file", "ToSmallFiles", "zstd 1 alone, of large files", "ZstdAlone"),
]
# The main job's stages alone: with what they take in the job's shapes (stages_benchmark.cc).
STAGES = [
    ("reading the inventory", "Inventory"),
    ("fetching", "FetchStage"),
    ("JSON to columns, and cells", "Encode"),
    ("fan-out", "FanOut"),
    ("gathering, GeoParquet, writing the files", "Write"),
    ("commits", "Commit"),
]
BYTES = [
    ("simdjson's parser", "Simdjson"),
    ("zstd 1, of uncompressed Parquet", "ZstdAlone"),
    ("memcpy, beyond the caches", "Copying"),
]
WAITS = ("FetchStage", "BareLibcurl", "BareSockets")
# What the job would take if its stages took no more than this. Of fan-out and commits no bound is known.
FLOOR = ("BareLibcurl", "Simdjson", "ZstdAlone", FILES)

# Benchmark and kind of figure ("cpu" and "wall": microseconds for an item; "bytes": of a second).
Figures = dict[tuple[str, str], list[float]]


def benchmark(command: list[str | Path]) -> Iterator[tuple[tuple[str, str], float]]:
    flags = ["--benchmark_format=json", "--benchmark_min_time=0.5"]
    output = subprocess.run([*command, *flags], capture_output=True, check=True, text=True).stdout
    for measured in json.loads(output)["benchmarks"]:
        name = measured["name"].split("/")[0]
        if measured.get("error_occurred"):
            sys.exit(f"{name}: {measured['error_message']}")
        # Rates are of the time that `real_time` counts for a benchmark, so items are what relates the two.
        seconds = measured["real_time" if "real_time" in measured["name"] else "cpu_time"] / 1e6
        items = measured["items_per_second"] * seconds
        yield (name, "cpu"), measured["cpu_time"] / items
        yield (name, "wall"), measured["real_time"] / items
        if "bytes_per_second" in measured:
            yield (name, "bytes"), measured["bytes_per_second"] * seconds / (measured["cpu_time"] / 1e6)


def job(program: str, inventory: Path, url: str, base: Base, items: int) -> float:
    """Processor time of the main job, microseconds for an item."""
    flags = ["--inventory", str(inventory), *map(str, base.flags), "--source", url, "--json"]
    done = run([program, "incremental", *flags])
    if json.loads(done.output)["items_processed"] != items:
        sys.exit("items are missing")
    return 1e6 * done.cpu / items


def files_alone(base: Base, copy: Path, items: int) -> float:
    """Processor time of making the same folders and files of the same sizes, microseconds for an item."""
    sizes = {path.relative_to(base.path): path.stat().st_size for path in sorted(base.parquet_files())}
    start = time.process_time()
    made: set[Path] = set()
    for path, size in sizes.items():
        target = copy / path
        if target.parent not in made:
            target.parent.mkdir(parents=True, exist_ok=True)
            made.add(target.parent)
        with target.open("wb", buffering=0) as file:
            file.write(bytes(size))
    return 1e6 * (time.process_time() - start) / items


def print_pair(stage: str, ours: float, bound: str, least: float) -> None:
    print(
        f"| {stage} | {ours:.1f} µs | {1e6 / ours:,.0f}/s | {bound} | {least:.1f} µs"
        f" | {1e6 / least:,.0f}/s | {ours / least:.2g} |"
    )


def print_sum(median: dict[tuple[str, str], float]) -> None:
    total = sum(median[name, "cpu"] for _, name in STAGES)
    print("| where the time goes | an item | of the sum |")
    print("| --- | ---: | ---: |")
    for stage, name in STAGES:
        print(f"| {stage} | {median[name, 'cpu']:.1f} µs | {median[name, 'cpu'] / total:.0%} |")
    print(f"| all stages alone | {total:.1f} µs | |")
    print(f"| the whole job | {median[JOB, 'cpu']:.1f} µs | {median[JOB, 'cpu'] / total:.0%} |")


def print_tables(figures: Figures) -> None:
    median = {key: statistics.median(values) for key, values in figures.items()}
    print_sum(median)
    print()
    print("| stage | an item | on a core | bound | an item | on a core | times the bound |")
    print("| --- | ---: | ---: | --- | ---: | ---: | ---: |")
    for stage, ours, bound, least in PAIRS:
        print_pair(stage, median[ours, "cpu"], bound, median[least, "cpu"])
    print(f"| writing the files | | | open, write, close | {median[FILES, 'cpu']:.1f} µs | | |")
    floor = sum(median[name, "cpu"] for name in FLOOR)
    print_pair("the whole job", median[JOB, "cpu"], "libcurl, simdjson, zstd and files, added up", floor)
    print()
    print("| from the web server, 64 requests in flight | items/s |")
    print("| --- | ---: |")
    for name, text in zip(WAITS, ("the fetch stage", "libcurl alone", "sockets alone"), strict=True):
        print(f"| {text} | {1e6 / median[name, 'wall']:,.0f} |")
    print()
    print("| bytes on a core | |")
    print("| --- | ---: |")
    for text, name in BYTES:
        print(f"| {text} | {median[name, 'bytes'] / 1e9:.1f} GB/s |")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("benchmarks", type=Path)
    parser.add_argument("program")
    parser.add_argument("--items", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    figures: Figures = defaultdict(list)
    # All files stay until the end, as in scale.py.
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder) / "archive"
        fetch = options.benchmarks / "fetch_benchmark"
        subprocess.run([fetch, "--write-archive", str(options.items), archive], check=True)
        inventory = archive / "inventory.csv"
        with web.serve(archive) as url:
            for number in range(options.rounds):
                print(f"round {number + 1} of {options.rounds}", file=sys.stderr)
                for name, arguments in [
                    ("fetch_benchmark", [inventory, url]),
                    ("simdjson_benchmark", [archive]),
                    ("bounds_benchmark", []),
                    ("stages_benchmark", [inventory]),
                ]:
                    for key, figure in benchmark([options.benchmarks / name, *arguments]):
                        figures[key].append(figure)
                base = Base(Path(folder) / str(number))
                figures[JOB, "cpu"].append(job(options.program, inventory, url, base, options.items))
                copy = Path(folder) / f"{number}-copy"
                figures[FILES, "cpu"].append(files_alone(base, copy, options.items))
    print_tables(figures)


if __name__ == "__main__":
    main()
