"""The queries of queries.py, and readers of others that answer one, each time in a process of its own.

Run as a script: READER FOLDER QUERY CELLS, the latter as JSON; prints the answer as JSON.
"""

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Query:
    kind: str  # as the driver takes it
    arguments: tuple[str, ...]

    def condition(self, cells: list[str]) -> str:
        """For DuckDB: of the columns, and where it can know them of the folders."""
        if self.kind == "platform":
            return f"platform = '{self.arguments[0]}'"
        if self.kind == "time":
            first, last = self.arguments
            return f"year = '{first[:4]}' and datetime between timestamptz '{first}' and timestamptz '{last}'"
        west, south, east, north = self.arguments
        inside = (
            f"bbox.xmin <= {east} and bbox.xmax >= {west} and bbox.ymin <= {north} and bbox.ymax >= {south}"
        )
        return f"grid_partition in ({', '.join(map(repr, cells))}) and {inside}"


# Far from the antimeridian, so that west is less than east in each box that these meet.
QUERIES = {
    "a point": Query("box", ("-42.5", "72.5", "-42.5", "72.5")),
    "5 by 5 degrees": Query("box", ("-45", "70", "-40", "75")),
    "a year": Query("time", ("2023-01-01T00:00:00Z", "2023-12-31T23:59:59.999999Z")),
    "a platform": Query("platform", ("S1A",)),
}


@dataclass(frozen=True)
class Answer:
    matches: int
    items: int
    ms: float
    bytes: int
    files: int = 0  # these three are only known of the driver
    total_files: int = 0
    rows_read: int = 0
    plan_ms: float = 0


def bytes_read() -> int:
    return int(Path("/proc/self/io").read_text().split()[1])


def answer(reader: Callable[[], tuple[int, int]]) -> None:
    before, start = bytes_read(), time.perf_counter()
    matches, items = reader()
    milliseconds = 1000 * (time.perf_counter() - start)
    figures = Answer(matches, items, milliseconds, bytes_read() - before)
    print(json.dumps(vars(figures)))


def ask_duckdb(folder: Path, query: Query, cells: list[str]) -> None:
    import duckdb

    connection = duckdb.connect()
    files = f"read_parquet('{folder}/grid_partition=*/**/*.parquet', hive_partitioning = true)"
    text = f"select count(*), count(distinct id) from {files} where {query.condition(cells)}"

    def read() -> tuple[int, int]:
        found = connection.sql(text).fetchone()
        assert found is not None
        return found[0], found[1]

    answer(read)


def ask_geopandas(folder: Path, query: Query, cells: list[str]) -> None:
    import geopandas  # type: ignore[import-untyped]
    import pyarrow.dataset  # noqa: F401 GeoPandas imports it when it first reads

    def read() -> tuple[int, int]:
        files = [file for cell in cells for file in sorted(folder.glob(f"grid_partition={cell}/*/*.parquet"))]
        box = tuple(map(float, query.arguments))
        found = geopandas.read_parquet(files, partitioning=None, columns=["id", "geometry"], bbox=box)
        return len(found), found["id"].nunique()

    answer(read)


OTHERS = {"DuckDB": ask_duckdb, "GeoPandas": ask_geopandas}


if __name__ == "__main__":
    asked_reader, asked_folder, asked_query, asked_cells = sys.argv[1:]
    OTHERS[asked_reader](Path(asked_folder), QUERIES[asked_query], json.loads(asked_cells))
