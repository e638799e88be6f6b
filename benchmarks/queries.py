"""What do compaction and the size of row groups do for queries, of this project and of other readers?

    python benchmarks/queries.py PROGRAM DRIVER [--items 200000] [--runs 60] [--rounds 3]

DRIVER is query_driver. An archive of three years comes in by so many runs, each of which has items of
everywhere and any time; then the table is compacted. Files of that hold a few thousand rows each, so row
groups are compared in another table of the same items, whose grid is one region: one compacted file for each
year, as the program wrote it, and copies of these by pyarrow, which differ in their row groups alone.

Each answer is of a process of its own, which counts time and bytes from when all is imported to when it has
the number of rows and of different ids. Bytes are those asked of the system (`rchar` of /proc/self/io), in
the page cache or not. Cold: the system has been told to forget the pages of each file of the table; warm: the
same once more. That needs files on a disk: TMPDIR must not be in memory. The search ends with an error when
readers find different numbers of rows in one table, or of items in tables of the same grid. The tables
(Markdown, on standard output) have medians.
"""

import argparse
import contextlib
import datetime as dt
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
from compaction import inventories
from query_readers import OTHERS, QUERIES, Answer
from runs import run
from velocity_items import write_archive

BEGIN, END = dt.datetime(2022, 1, 1, tzinfo=dt.UTC), dt.datetime(2025, 1, 1, tzinfo=dt.UTC)
ROW_GROUPS = (8_192, 16_384, 65_536, 262_144)
COPY = "row groups of {:,}"
READERS = str(Path(__file__).with_name("query_readers.py"))
EARTH = [
    [-180, -90],
    [-60, -90],
    [60, -90],
    [180, -90],
    [180, 90],
    [60, 90],
    [-60, 90],
    [-180, 90],
    [-180, -90],
]


@dataclass(frozen=True)
class Table:
    name: str
    base: Path  # where its catalogue believes to be
    kept: Path  # where it is while it is not asked
    files: Path  # a folder with its data files and no others
    is_copy: bool = False  # of the files of `base`, so that these are to be read


def lines_of(driver: str, *arguments: object) -> list[str]:
    command = [driver, *map(str, arguments)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()


def ingest(program: str, archive: Path, inventory: str, base: Path, *flags: str) -> None:
    places = ["--catalog", f"{base}/earthcatalog.db", "--warehouse", f"{base}/warehouse"]
    run([program, "incremental", "--inventory", inventory, "--source", str(archive), *places, *flags])


def link_files(driver: str, base: Path, folder: Path) -> None:
    """The data files of the current snapshot: in the warehouse are those of older ones, too."""
    warehouse = base / "warehouse"
    for uri in lines_of(driver, "files", base):
        file = Path(uri.removeprefix("file://"))
        link = folder / file.relative_to(warehouse)
        link.parent.mkdir(parents=True, exist_ok=True)
        os.link(file, link)


def write_copy(file: Path, copy: Path, rows: int) -> None:
    """The same rows in other row groups; of each column dictionaries and statistics where it has them."""
    source = pq.ParquetFile(file)
    group = source.metadata.row_group(0)
    columns = [group.column(i) for i in range(group.num_columns)]
    copy.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(
        source.read(),
        copy,
        row_group_size=rows,
        compression="zstd",
        use_dictionary=[column.path_in_schema for column in columns if column.has_dictionary_page],
        write_statistics=[column.path_in_schema for column in columns if column.is_stats_set],
        write_page_index=True,
    )
    kept, written = source.schema_arrow, pq.read_schema(copy)
    if not kept.equals(written, check_metadata=True):
        raise SystemExit(f"{copy} has not the schema and metadata of {file}")


def run_tables(options: argparse.Namespace, folder: Path, archive: Path) -> list[Table]:
    """As so many runs left it, and compacted: at one place, since a catalogue knows where it lies."""
    base = folder / "base"
    left, compacted = (
        Table(name, base, folder / f"{name} catalogue", folder / name)
        for name in ("as runs left it", "compacted")
    )
    for inventory in inventories(archive, options.runs):
        ingest(options.program, archive, inventory, base)
    link_files(options.driver, base, left.files)
    shutil.copytree(base, left.kept, copy_function=os.link)
    # Linked are files that nobody changes; the catalogue's own file is one that compaction does.
    (left.kept / "earthcatalog.db").unlink()
    shutil.copy2(base / "earthcatalog.db", left.kept)
    run([options.program, "compact", str(base)])
    link_files(options.driver, base, compacted.files)
    base.rename(compacted.kept)
    return [left, compacted]


def row_group_tables(options: argparse.Namespace, folder: Path, archive: Path) -> list[Table]:
    base = folder / "one region"
    region = {
        "type": "Feature",
        "properties": {"name": "earth"},
        "geometry": {"type": "Polygon", "coordinates": [EARTH]},
    }
    boundaries, config = folder / "earth.geojson", folder / "earth.yaml"
    boundaries.write_text(json.dumps({"type": "FeatureCollection", "features": [region]}))
    grid = {"type": "geojson", "boundaries_path": str(boundaries), "id_field": "name"}
    config.write_text(json.dumps({"grid": grid}))  # JSON is YAML
    ingest(options.program, archive, str(archive / "inventory.csv"), base, "--config", str(config))
    run([options.program, "compact", str(base)])
    kept = folder / "one region catalogue"
    written = Table("as compaction wrote it", base, kept, folder / "one region files", is_copy=True)
    link_files(options.driver, base, written.files)
    base.rename(kept)
    tables = [written]
    for rows in ROW_GROUPS:
        name = COPY.format(rows)
        tables.append(Table(name, base, kept, folder / name, is_copy=True))
        for file in written.files.rglob("*.parquet"):
            write_copy(file, tables[-1].files / file.relative_to(written.files), rows)
    return tables


@contextlib.contextmanager
def in_its_place(table: Table) -> Iterator[None]:
    table.kept.rename(table.base)
    try:
        yield
    finally:
        table.base.rename(table.kept)


def forget(table: Table) -> None:
    """The system's pages of all files that a reader may read."""
    metadata = [file for file in table.base.rglob("*") if file.suffix != ".parquet"]
    for file in (*table.files.rglob("*"), *metadata):
        if not file.is_file():
            continue
        descriptor = os.open(file, os.O_RDONLY)
        try:
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(descriptor)


Answers = dict[tuple[str, str, str, str], list[Answer]]  # by query, reader, table, and cold or warm


def ask_all(driver: str, tables: list[Table], answers: Answers) -> None:
    for table in tables:
        with in_its_place(table):
            for name, query in QUERIES.items():
                is_box = query.kind == "box"
                cells = lines_of(driver, "cells", table.base, *query.arguments) if is_box else []
                folder = str(table.files) if table.is_copy else ""
                commands = {"earthcatalog": [driver, query.kind, str(table.base), folder, *query.arguments]}
                for reader in OTHERS:
                    if reader == "GeoPandas" and not is_box:
                        continue
                    asked = [str(table.files), name, json.dumps(cells)]
                    commands[reader] = [sys.executable, READERS, reader, *asked]
                for reader, command in commands.items():
                    forget(table)
                    for state in ("cold", "warm"):
                        found = Answer(**json.loads(run(command).output))
                        answers[name, reader, table.name, state].append(found)


def check(tables: list[Table], answers: Answers) -> None:
    for query in QUERIES:
        items = set()
        for table in tables:
            found = [
                (reader, answer)
                for (asked, reader, where, _), of_reader in answers.items()
                if asked == query and where == table.name
                for answer in of_reader
            ]
            if len({answer.matches for _, answer in found}) != 1:
                numbers = sorted({(reader, answer.matches) for reader, answer in found})
                raise SystemExit(f"{table.name}, {query}: the readers find different rows: {numbers}")
            items |= {(reader, answer.items) for reader, answer in found}
        if len({number for _, number in items}) != 1 or not max(number for _, number in items):
            raise SystemExit(f"{query}: the readers find different items, or none: {sorted(items)}")


def show_tables(tables: list[Table]) -> None:
    print("| | files | MiB | rows | most rows in a file | row groups |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for table in tables:
        files = list(table.files.rglob("*.parquet"))
        size = sum(file.stat().st_size for file in files) / 2**20
        footers = [pq.read_metadata(file) for file in files]
        rows = [footer.num_rows for footer in footers]
        groups = sum(footer.num_row_groups for footer in footers)
        print(f"| {table.name} | {len(files):,} | {size:,.1f} | {sum(rows):,} | {max(rows):,} | {groups:,} |")
    print()


def show_times(tables: list[Table], answers: Answers) -> None:
    print("Milliseconds cold / warm, and MiB read:\n")
    print(f"| query | items | reader | {' | '.join(table.name for table in tables)} |")
    print(f"| --- | ---: | --- |{' ---: |' * len(tables)}")
    for query, reader in dict.fromkeys((query, reader) for query, reader, *_ in answers):
        cells = []
        for table in tables:
            cold, warm = (answers[query, reader, table.name, state] for state in ("cold", "warm"))
            mib = statistics.median(found.bytes for found in (*cold, *warm)) / 2**20
            times = [statistics.median(found.ms for found in state) for state in (cold, warm)]
            cells.append(f"{times[0]:,.1f} / {times[1]:,.1f} ms, {mib:,.2f} MiB")
        print(f"| {query} | {cold[0].items:,} | {reader} | {' | '.join(cells)} |")
    print()


def show_plans(tables: list[Table], answers: Answers) -> None:
    print("Of earthcatalog, the files read of all, the rows taken from them, and the rows that match:\n")
    print(f"| query | {' | '.join(table.name for table in tables)} |")
    print(f"| --- |{' ---: |' * len(tables)}")
    for query in QUERIES:
        cells = []
        for table in tables:
            warm = answers[query, "earthcatalog", table.name, "warm"]
            found, plan = warm[0], statistics.median(found.plan_ms for found in warm)
            files = f"{found.files:,} of {found.total_files:,} files in {plan:,.1f} ms"
            cells.append(f"{files}, {found.rows_read:,} rows, {found.matches:,} match")
        print(f"| {query} | {' | '.join(cells)} |")
    print()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("driver")
    parser.add_argument("--items", type=int, default=200_000)
    parser.add_argument("--runs", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        archive = folder / "archive"
        write_archive(archive, options.items, BEGIN, END)
        groups = [run_tables(options, folder, archive), row_group_tables(options, folder, archive)]
        shutil.rmtree(archive)
        os.sync()  # what is not yet on the disk cannot be forgotten
        for tables in groups:
            answers: Answers = defaultdict(list)
            for _round in range(options.rounds):
                ask_all(options.driver, tables, answers)
            check(tables, answers)
            show_tables(tables)
            show_times(tables, answers)
            show_plans(tables, answers)


if __name__ == "__main__":
    main()
