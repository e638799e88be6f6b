"""Fan-out: this project's grid, H3's own polygon cover and earthcatalog 0.6.1, on the same footprints.

    python benchmarks/grid.py GRID_BENCHMARK [PEER_PYTHON]

GRID_BENCHMARK is the built program, PEER_PYTHON a Python with earthcatalog 0.6.1 installed. The three take
turns, several rounds; the table (Markdown, on standard output) has each one's median.
"""

import json
import statistics
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

KINDS = {0: "quadrilaterals of 0.5 to 2 degrees", 1: "squares of 110 km"}
RESOLUTIONS = (1, 2, 3)
ROUNDS = 5
# The peer's rate is thousands a second: its share of the footprints suffices.
PEER_FOOTPRINTS = 2000

Figures = dict[tuple[str, int, int], list[float]]


def native(program: str) -> Iterator[tuple[tuple[str, int, int], float]]:
    wanted = "|".join(map(str, RESOLUTIONS))
    flags = [f"--benchmark_filter=/({wanted})/", "--benchmark_format=json", "--benchmark_min_time=0.5"]
    output = subprocess.run([program, *flags], capture_output=True, check=True, text=True).stdout
    for run in json.loads(output)["benchmarks"]:
        name, resolution, kind = run["name"].split("/")
        yield (name, int(resolution), int(kind)), run["items_per_second"]


def peer(python: str, footprints: dict[int, str]) -> Iterator[tuple[tuple[str, int, int], float]]:
    script = Path(__file__).with_name("peer_grid.py")
    for kind, lines in footprints.items():
        for resolution in RESOLUTIONS:
            command = [python, script, str(resolution)]
            output = subprocess.run(command, input=lines, capture_output=True, check=True, text=True).stdout
            yield ("peer", resolution, kind), float(output)


def print_table(figures: Figures) -> None:
    medians = {key: statistics.median(values) for key, values in figures.items()}
    print("| footprints | resolution | earthcatalog | H3, overlapping | earthcatalog 0.6.1 |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for kind, text in KINDS.items():
        for resolution in RESOLUTIONS:
            ours = medians["Assign", resolution, kind]
            cells = [text, str(resolution), f"{ours:,.0f}"]
            for name in ("PolygonToCellsExperimental", "peer"):
                rate = medians.get((name, resolution, kind))
                cells.append("not run" if rate is None else f"{rate:,.0f} ({ours / rate:,.0f} times slower)")
            print(f"| {' | '.join(cells)} |")


def main(program: str, peer_python: str | None = None) -> None:
    footprints = {}
    for kind in KINDS:
        command = [program, "--print-footprints", str(kind)]
        lines = subprocess.run(command, capture_output=True, check=True, text=True).stdout.splitlines(True)
        footprints[kind] = "".join(lines[:PEER_FOOTPRINTS])
    figures: Figures = defaultdict(list)
    for number in range(ROUNDS):
        print(f"round {number + 1} of {ROUNDS}", file=sys.stderr)
        for key, rate in native(program):
            figures[key].append(rate)
        if peer_python is not None:
            for key, rate in peer(peer_python, footprints):
                figures[key].append(rate)
    print_table(figures)


if __name__ == "__main__":
    main(*sys.argv[1:])
