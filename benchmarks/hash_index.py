"""The hash index: this project and earthcatalog 0.6.1 in turns, and what a large one takes.

    python benchmarks/hash_index.py DRIVER [PEER_PYTHON] [--millions 1 5] [--large 40] [--rounds 3]

"build" makes an index of the ids of a Parquet file, "add" adds 100,000 ids to it; both write the same hashes.
The large index, of so many millions, is one of made-up ids; "anti-join" asks which of a million ids, half of
them known, it does not know. The tables (Markdown, on standard output) have medians; files are warm.
"""

import argparse
import json
import statistics
import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from runs import Run, run

MILLION = 1_000_000
ADDED = 100_000


def write_ids(path: Path, begin: int, count: int) -> Path:
    numbers = pc.utf8_lpad(pc.cast(pa.array(range(begin, begin + count)), pa.string()), 9, "0")
    ids = pc.binary_join_element_wise("item", numbers, "-")
    pq.write_table(pa.table({"id": ids}), path, compression="zstd")
    return path


def hashes(index: Path) -> pa.Table:
    return pq.read_table(index)


def compare(options: argparse.Namespace, folder: Path) -> None:
    peer = str(Path(__file__).with_name("peer_hash_index.py"))
    commands = {"earthcatalog": [options.driver, "merge"]}
    if options.peer:
        commands["earthcatalog 0.6.1"] = [options.peer, peer]
    print("| ids | | build s | add s | build CPU s | add CPU s | build peak MiB | add peak MiB |")
    print("| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for millions in options.millions:
        count = millions * MILLION
        ids = write_ids(folder / "ids.parquet", 0, count)
        more = write_ids(folder / "more.parquet", count - ADDED // 2, ADDED)
        figures: dict[str, list[tuple[Run, Run]]] = {who: [] for who in commands}
        for _round in range(options.rounds):
            for who, command in commands.items():
                index = folder / f"{who}.parquet"
                index.unlink(missing_ok=True)
                runs = [run([*command, str(index), str(file)]) for file in (ids, more)]
                figures[who].append((runs[0], runs[1]))
        made = [hashes(folder / f"{who}.parquet") for who in commands]
        assert all(each.equals(made[0]) for each in made)
        assert made[0].num_rows == count + ADDED // 2
        for who, pairs in figures.items():
            build, add = zip(*pairs, strict=True)
            cells = [
                statistics.median(getattr(each, name) for each in part)
                for name in ("seconds", "cpu", "peak_mib")
                for part in (build, add)
            ]
            print(f"| {millions},000,000 | {who} | " + " | ".join(f"{cell:.2f}" for cell in cells) + " |")


def large(options: argparse.Namespace, folder: Path) -> None:
    index, count = folder / "large.parquet", options.large * MILLION
    made = run([options.driver, "make", str(index), str(count)])
    print(f"\nAn index of {options.large} million ids, {index.stat().st_size / 2**20:.0f} MiB")
    print("\n| | s | CPU s | peak MiB |")
    print("| --- | ---: | ---: | ---: |")
    print(f"| hash, sort and write all | {made.seconds:.2f} | {made.cpu:.2f} | {made.peak_mib:.0f} |")
    inventory = write_ids(folder / "inventory.parquet", count - MILLION // 2, MILLION)
    few = write_ids(folder / "few.parquet", count - 5, 10)
    for name, file, unknown in (("1,000,000", inventory, MILLION // 2), ("10", few, 5)):
        done = [run([options.driver, "anti-join", str(index), str(file)]) for _ in range(options.rounds)]
        reports = [json.loads(each.output) for each in done]
        assert all(report["unknown"] == unknown for report in reports)
        peak = statistics.median(each.peak_mib for each in done)
        reading = statistics.median(report["reading"] for report in reports)
        joining = statistics.median(report["join"] for report in reports)
        cpu = statistics.median(each.cpu for each in done)
        print(f"| reading and hashing {name} ids | {reading:.2f} | | |")
        print(
            f"| anti-join with them; the processor's time and the peak are of both | {joining:.3f} | "
            f"{cpu:.2f} | {peak:.0f} |"
        )
    added = write_ids(folder / "added.parquet", count, ADDED)
    merged = run([options.driver, "merge", str(index), str(added)])
    assert json.loads(merged.output)["count"] == count + ADDED
    print(f"| adding {ADDED:,} new ids | {merged.seconds:.2f} | {merged.cpu:.2f} | {merged.peak_mib:.0f} |")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("driver")
    parser.add_argument("peer", nargs="?")
    parser.add_argument("--millions", type=int, nargs="+", default=[1, 5])
    parser.add_argument("--large", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        compare(options, Path(folder))
        large(options, Path(folder))


main()
