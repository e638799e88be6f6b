"""Bytes of an item in Parquet: `earthcatalog export`, stac-geoparquet and rustac, same items, same order.

Of the generated items and of every collection of at least 25 real ones below EARTHCATALOG_CORPUS.

    python benchmarks/sizes.py PROGRAM
"""

import json
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import rustac
from stac_geoparquet.arrow import parse_stac_items_to_arrow, to_parquet

Item = dict[str, Any]
GENERATED = 3_000
FEWEST = 25


def ingest(program: str, base: Path, archive: Path, inventory: Path) -> None:
    places = [
        "--inventory",
        inventory,
        "--catalog",
        base / "earthcatalog.db",
        "--warehouse",
        base / "warehouse",
    ]
    subprocess.run(
        [program, "incremental", *places, "--source", archive, "--suffix", ".json", "--no-sync"],
        check=True,
        capture_output=True,
    )


def collections(program: str, folder: Path) -> Iterator[tuple[str, Path]]:
    """Names and bases of tables, one for each set of items."""
    subprocess.run(
        [program, "demo", folder / "demo", "--items", str(GENERATED)], check=True, capture_output=True
    )
    yield f"generated, {GENERATED:,} less those without a place", folder / "demo"
    corpus = os.environ.get("EARTHCATALOG_CORPUS")
    paths: dict[str, list[Path]] = defaultdict(list)
    for path in sorted(Path(corpus).glob("*/*/*.json")) if corpus else []:
        paths[str(path.parent.relative_to(corpus))].append(path)
    for name, files in paths.items():
        if len(files) >= FEWEST:
            base = folder / name
            base.mkdir(parents=True)
            bucket, collection = name.split("/")
            lines = [f'{bucket},"{collection}/{path.name}"' for path in files]
            (base / "inventory.csv").write_text("\n".join(lines) + "\n")
            ingest(program, base, Path(corpus), base / "inventory.csv")
            yield f"{collection} ({bucket}), {len(files)}", base


def exported(program: str, base: Path) -> tuple[Path, list[Item]]:
    """One Parquet file of the items with a place, which all three can write, and its items in its order."""
    done = subprocess.run([program, "export", base], check=True, capture_output=True)
    items = {
        (item.get("collection"), item["id"]): item
        for item in map(json.loads, done.stdout.splitlines())
        if item["geometry"] and item.get("bbox")
    }
    path = base / "items.parquet"
    to_file = ["--format", "parquet", "--output", path, "--ids", *(id_ for _, id_ in items)]
    subprocess.run([program, "export", base, *to_file], check=True, capture_output=True)
    keys = pq.read_table(path, columns=["collection", "id"]).to_pylist()
    return path, [items[key["collection"], key["id"]] for key in keys]


def by_stac_geoparquet(items: list[Item], path: Path, level: int) -> None:
    to_parquet(parse_stac_items_to_arrow(items), path, compression="zstd", compression_level=level)


def by_rustac(items: list[Item], path: Path, level: int) -> None:
    rustac.write_sync(str(path), items, parquet_compression=f"zstd({level})")


def main() -> None:
    program = sys.argv[1]
    print("| items | earthcatalog, zstd 1 | stac-geoparquet, zstd 1 | zstd 3 | rustac, zstd 1 | zstd 3 |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    with tempfile.TemporaryDirectory() as folder:
        for name, base in collections(program, Path(folder)):
            ours, items = exported(program, base)
            sizes = [ours.stat().st_size]
            for write in (by_stac_geoparquet, by_rustac):
                for level in (1, 3):
                    path = base / f"{write.__name__}-{level}.parquet"
                    write(items, path, level)
                    sizes.append(path.stat().st_size)
            print(f"| {name} |", " | ".join(f"{size / len(items):,.0f} B" for size in sizes), "|")


if __name__ == "__main__":
    main()
