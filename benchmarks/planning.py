"""What does it take to open a large catalogue, to sum it up, and to find the files of one cell and year?

    python benchmarks/planning.py PROGRAM DRIVER [--before DRIVER] [--files N] [--commits N]

DRIVER is planning_driver, `--before` that of an older tree. Each builds a table of its own by commits that
touch all of 8,000 cells and years, of files as PROGRAM's demo makes them, and each question is asked in a new
process, of the table as the commits left it and again when its manifests are rewritten (which an older
driver may not know); the drivers take turns. The table (Markdown, on standard output) has medians; `process`
is the time of the whole process, `again` that of the same search once more, where manifests are decoded
already.
"""

import argparse
import json
import random
import statistics
import subprocess
import tempfile
import time
from collections import defaultdict
from pathlib import Path

CELLS, YEARS = range(400), range(2005, 2025)


def ask(driver: str, *arguments: object) -> dict[str, float]:
    start = time.perf_counter()
    done = subprocess.run([driver, *map(str, arguments)], check=True, stdout=subprocess.PIPE, text=True)
    return {**json.loads(done.stdout), "process_ms": 1000 * (time.perf_counter() - start)}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("driver")
    parser.add_argument("--before")
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--commits", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    drivers = {"before": options.before} if options.before else {}
    drivers["now"] = options.driver
    figures: dict[tuple[str, str, str], list[float]] = defaultdict(list)
    generator = random.Random(1)
    with tempfile.TemporaryDirectory() as folder:
        example = Path(folder) / "example"
        subprocess.run([options.program, "demo", example], check=True, stdout=subprocess.DEVNULL)
        for name, driver in drivers.items():
            built = ask(driver, "build", Path(folder) / name, options.files, options.commits, example)
            for figure, value in built.items():
                figures[name, "build", figure].append(value)
        for state in ("as committed", "manifests rewritten"):
            if state != "as committed":
                for name, driver in drivers.items():
                    figures[name, "rewrite", "ms"].append(ask(driver, "rewrite", Path(folder) / name)["ms"])
            for _ in range(options.rounds):
                wanted = generator.choice(CELLS), generator.choice(YEARS)
                found = set()
                for name, driver in drivers.items():
                    for question in ("open", "info", "stats", "search"):
                        answer = ask(driver, question, Path(folder) / name, *wanted)
                        for figure, value in answer.items():
                            figures[name, f"{state}: {question}", figure].append(value)
                    found.add(answer["files"])
                if len(found) != 1:
                    raise SystemExit(f"the programs find {found} files")
    print(f"| | {' | '.join(drivers)} |")
    print(f"| --- |{' ---: |' * len(drivers)}")
    for question, figure in dict.fromkeys((question, figure) for _, question, figure in figures):
        shown = [in_words(figures[name, question, figure]) for name in drivers]
        print(f"| {question} {figure} | {' | '.join(shown)} |")


def in_words(values: list[float]) -> str:
    """Negative where a driver does not know."""
    return f"{statistics.median(values):,.1f} (to {max(values):,.1f})" if min(values) >= 0 else "-"


if __name__ == "__main__":
    main()
