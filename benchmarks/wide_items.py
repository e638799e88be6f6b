"""What wide items cost: a corpus of real items in tables of several resolutions and limits of cells.

    wide_items.py PROGRAM CORPUS [LIMIT …]

CORPUS: <bucket>/<collection>/<id>.json. A LIMIT of 0 is none.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RESOLUTIONS = (1, 2, 3, 4)


def ingest(program: str, corpus: Path, resolution: int, limit: int) -> tuple[dict[str, int], float]:
    """The report, and the seconds."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with (folder / "inventory.csv").open("w") as inventory:
            for path in sorted(corpus.glob("*/**/*.json")):
                bucket, _, key = path.relative_to(corpus).as_posix().partition("/")
                inventory.write(f'"{bucket}","{key}"\n')
        (folder / "config.yaml").write_text(f"grid: {{resolution: {resolution}, max_cells: {limit}}}\n")
        command = [program, "incremental", "--inventory", folder / "inventory.csv", "--source", corpus]
        command += ["--suffix", ".json", "--catalog", folder / "earthcatalog.db"]
        command += ["--warehouse", folder / "warehouse", "--config", folder / "config.yaml", "--json"]
        start = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return json.loads(done.stdout), time.perf_counter() - start


def main() -> None:
    program, corpus, *limits = sys.argv[1:]
    print("| resolution | most cells | items | refused | wide | rows | files | MiB | s |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for resolution in RESOLUTIONS:
        for limit in map(int, limits or ("0", "100")):
            report, seconds = ingest(program, Path(corpus), resolution, limit)
            cells = [resolution, limit or "no limit", report["items_processed"], report["items_quarantined"]]
            cells += [report["wide_items"], f"{report['rows_written']:,}", f"{report['files_registered']:,}"]
            cells += [f"{report['bytes_written'] / 2**20:,.1f}", f"{seconds:.1f}"]
            print("| " + " | ".join(map(str, cells)) + " |", flush=True)


if __name__ == "__main__":
    main()
