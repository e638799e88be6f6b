"""How many requests in flight does a distant archive need? The main job, each answer some milliseconds late.

    python benchmarks/distance.py PROGRAM ITEM_SERVER [--items 20000] [--rounds 3]

Each run starts from nothing; distances and numbers of requests take turns, and a time counts only when every
id is in the files. The table (Markdown, on standard output) has medians. See scale.py for where to run it.
"""

import argparse
import shutil
import statistics
import subprocess
import tempfile
from collections import defaultdict
from itertools import product
from pathlib import Path

from scale import Base, item_server, measure

DELAYS_MS = (0, 10, 30, 100)
WORKERS = (64, 256, 1024)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("server")
    parser.add_argument("--items", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    rates: dict[tuple[int, int], list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([options.server, "--inventory", str(options.items), folder], check=True)
        inventory, base = Path(folder) / "inventory.csv", Base(Path(folder) / "catalogue")
        for _, delay, workers in product(range(options.rounds), DELAYS_MS, WORKERS):
            with item_server(options.server, delay) as url:
                flags = ["--workers", str(workers)]
                measured = measure(options.program, inventory, base, url, options.items, *flags)
            rates[delay, workers].append(measured.items_per_second)
            shutil.rmtree(base.path)
    print(f"| answers come after | {' | '.join(f'{workers:,} in flight' for workers in WORKERS)} |")
    print(f"| ---: |{' ---: |' * len(WORKERS)}")
    for delay in DELAYS_MS:
        medians = [statistics.median(rates[delay, workers]) for workers in WORKERS]
        print(f"| {delay} ms | {' | '.join(f'{rate:,.0f} items/s' for rate in medians)} |")


if __name__ == "__main__":
    main()
