"""PyIceberg, Spark and we commit to one table in turns: each goes on with what the others left."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from harness import spark_session, table_readers, tables
from harness.operations import DataFile, Driver, Maker, Partition, requests
from harness.program import Base, Program
from harness.requirement import require_module
from pyiceberg.expressions import EqualTo
from pyiceberg.io.pyarrow import schema_to_pyarrow

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

EVERY_SNAPSHOT_MS = 10**13
CELLS = Maker.CELLS
Rows = dict[str, Partition]


class Shared:
    """The table, and the rows that it must have after all that was done to it."""

    def __init__(self, base: Base, spark: "SparkSession") -> None:
        self.base = base
        self.base.path.mkdir(parents=True, exist_ok=True)
        self.early = Driver(base)  # sees nothing of the others before it must
        self.maker = Maker(base, 5)
        self.spark = spark_session.of_catalogue(spark, base)
        self.rows: Rows = {}
        self.new = 0

    # ---- what is there

    def live_files(self) -> list[DataFile]:
        """By whomever they were written."""
        files = []
        for row in tables.load(self.base).inspect.files().to_pylist():
            ids = pq.ParquetFile(tables.local_path(row["file_path"])).read(["id"])["id"].to_pylist()
            year = row["partition"]["year"]
            partition = (row["partition"]["grid_partition"], None if year is None else 1970 + year)
            files.append(DataFile(row["file_path"], partition, tuple(ids), row["file_size_in_bytes"]))
        return files

    def files_in(self, cell: str) -> list[DataFile]:
        return [file for file in self.live_files() if file.partition[0] == cell]

    def check(self, duck: duckdb.DuckDBPyConnection, program: Program) -> None:
        """Every reader sees the rows, and every snapshot that is left can be read."""
        table = tables.load(self.base)
        wanted = sorted(self.rows)
        found = table.scan(selected_fields=("id", "grid_partition")).to_arrow().to_pylist()
        assert sorted((row["id"], row["grid_partition"]) for row in found) == sorted(
            (id_, partition[0]) for id_, partition in self.rows.items()
        )
        location = table.metadata_location.removeprefix("file://")
        by_duckdb = duck.execute(f"select id from iceberg_scan('{location}')").fetchall()
        assert sorted(row[0] for row in by_duckdb) == wanted
        by_spark = self.spark.sql(f"select id from {spark_session.TABLE}").collect()
        assert sorted(row[0] for row in by_spark) == wanted
        ours = program.run("info", *self.base.flags, "--json")
        assert f'"row_count":{len(wanted)},' in ours.stdout.replace(" ", ""), ours
        snapshot = table.current_snapshot()
        assert snapshot
        assert snapshot.summary
        assert snapshot.summary["total-records"] == str(len(wanted))
        assert len(table.inspect.files()) == int(snapshot.summary["total-data-files"])
        numbers = [entry["sequence_number"] for entry in table.inspect.entries().to_pylist()]
        assert all(0 < number <= snapshot.sequence_number for number in numbers)  # type: ignore[operator]
        missing = [path for path in self.reached() if not tables.local_path(path).is_file()]
        assert not missing

    def reached(self) -> set[str]:
        return table_readers.reachable(tables.load(self.base), {})

    # ---- ours

    def ours(self, operation: str, **arguments: object) -> dict[str, object]:
        """By a writer who has just looked at the table."""
        driver = Driver(self.base)
        try:
            return driver.do(operation, **arguments)
        finally:
            driver.end()

    def note(self, added: list[DataFile], removed: list[DataFile]) -> None:
        for file in removed:
            for id_ in file.ids:
                del self.rows[id_]
        self.rows |= {id_: file.partition for file in added for id_ in file.ids}

    def we_append(self) -> None:
        files = [self.maker.new_file((cell, 2020)) for cell in CELLS] + self.maker.new_files()
        self.early.do("append", files=requests(files))
        self.note(files, [])

    def we_compact(self) -> None:
        replaced = self.live_files()
        added = self.maker.merged(replaced)
        first = min(row["sequence_number"] for row in tables.load(self.base).inspect.entries().to_pylist())
        self.ours("replace", files=requests(added), removed=requests(replaced), data_sequence_number=first)

    def we_overwrite_a_partition(self) -> None:
        partition = (CELLS[0], 2020)
        removed = [file for file in self.live_files() if file.partition == partition]
        assert removed
        added = [self.maker.new_file(partition)]
        self.ours("overwrite", files=requests(added), partitions=[partition])
        self.note(added, removed)

    def we_replace_and_remove_files(self) -> None:
        removed, other = self.files_in(CELLS[1])[:1], self.files_in(CELLS[2])[:1]
        added = [self.maker.new_file()]
        self.ours("overwrite", files=requests(added), removed=requests(removed))
        self.ours("delete", removed=requests(other))
        self.note(added, removed + other)

    def we_expire(self) -> None:
        before = self.reached()
        report = self.ours("expire", older_than_ms=EVERY_SNAPSHOT_MS, keep_last=2)["report"]
        assert report["left"] == []  # type: ignore[index]
        assert set(report["files"]) == before - self.reached()  # type: ignore[index]
        assert len(tables.load(self.base).metadata.snapshots) == 2

    def we_add_a_column(self) -> None:
        self.ours("evolve", columns=["tests:ours"])
        self.ours("properties", set={"tests.ours": "1"})

    # ---- theirs

    def next_ids(self, count: int = 3) -> list[str]:
        self.new += count
        return [f"theirs-{number:03d}" for number in range(self.new - count, self.new)]

    def pyiceberg_rows(self, cell: str) -> tuple[pa.Table, Rows]:
        schema = schema_to_pyarrow(tables.load(self.base).schema(), include_field_ids=False)
        time = dt.datetime(2020, 5, 1, tzinfo=dt.UTC)
        rows = [{"id": id_, "datetime": time, "grid_partition": cell} for id_ in self.next_ids()]
        return pa.Table.from_pylist(rows, schema=schema), {row["id"]: (cell, 2020) for row in rows}

    def pyiceberg_appends(self) -> None:
        for cell in CELLS[:2]:
            content, rows = self.pyiceberg_rows(cell)
            tables.load(self.base).append(content)
            self.rows |= rows

    def pyiceberg_overwrites(self) -> None:
        content, rows = self.pyiceberg_rows(CELLS[1])
        tables.load(self.base).overwrite(content, overwrite_filter=EqualTo("grid_partition", CELLS[1]))
        self.rows = {id_: at for id_, at in self.rows.items() if at[0] != CELLS[1]} | rows

    def pyiceberg_deletes(self) -> None:
        id_ = min(self.rows)
        tables.load(self.base).delete(EqualTo("id", id_))
        del self.rows[id_]

    def pyiceberg_expires(self) -> None:
        table = tables.load(self.base)
        oldest = min(table.metadata.snapshots, key=lambda snapshot: snapshot.sequence_number or 0)
        table.maintenance.expire_snapshots().by_id(oldest.snapshot_id).commit()

    def spark_appends(self) -> None:
        ids = self.next_ids(4)
        values = ", ".join(
            f"('{id_}', timestamp '2020-07-01 00:00:00', '{CELLS[n % 2]}')" for n, id_ in enumerate(ids)
        )
        self.spark.sql(
            f"insert into {spark_session.TABLE} (id, datetime, grid_partition) select * from values {values}"
        )
        self.rows |= {id_: (CELLS[n % 2], 2020) for n, id_ in enumerate(ids)}

    def spark_overwrites(self) -> None:
        (id_,) = self.next_ids(1)
        self.spark.sql(
            f"insert overwrite {spark_session.TABLE} partition (grid_partition = '{CELLS[0]}') "
            f"(id, datetime) select '{id_}', timestamp '2020-07-01 00:00:00'"
        )
        self.rows = {other: at for other, at in self.rows.items() if at[0] != CELLS[0]}
        self.rows[id_] = (CELLS[0], 2020)

    def spark_deletes(self) -> None:
        """Some rows of files: copy-on-write."""
        gone = [file.ids[0] for file in self.live_files() if len(file.ids) > 1]
        assert gone
        names = ", ".join(f"'{id_}'" for id_ in gone)
        self.spark.sql(f"delete from {spark_session.TABLE} where id in ({names})")
        for id_ in gone:
            del self.rows[id_]

    def spark_compacts(self) -> None:
        self.spark.sql(
            f"call earthcatalog.system.rewrite_data_files(table => '{spark_session.TABLE}', "
            "options => map('rewrite-all', 'true'))"
        )

    def spark_rewrites_manifests(self) -> None:
        self.spark.sql(f"call earthcatalog.system.rewrite_manifests('{spark_session.TABLE}')")

    def spark_expires(self) -> None:
        self.spark.sql(
            f"call earthcatalog.system.expire_snapshots(table => '{spark_session.TABLE}', "
            "older_than => timestamp '2200-01-01 00:00:00', retain_last => 1)"
        )
        assert len(tables.load(self.base).metadata.snapshots) == 1


Turn = Callable[[Shared], None]
TURNS: tuple[Turn, ...] = (
    Shared.we_append,
    Shared.pyiceberg_appends,
    Shared.we_compact,
    Shared.spark_appends,
    Shared.we_overwrite_a_partition,
    Shared.spark_deletes,
    Shared.we_replace_and_remove_files,
    Shared.pyiceberg_overwrites,
    Shared.we_expire,
    Shared.spark_compacts,
    Shared.we_append,
    Shared.we_add_a_column,
    Shared.spark_expires,
    Shared.we_append,
    Shared.pyiceberg_deletes,
    Shared.spark_rewrites_manifests,
    Shared.we_compact,
    Shared.spark_overwrites,
    Shared.pyiceberg_expires,
    Shared.we_overwrite_a_partition,
    Shared.we_expire,
    Shared.spark_deletes,
    Shared.we_replace_and_remove_files,
)


def test_each_goes_on_with_what_the_others_left(
    spark_process: "SparkSession", duck: duckdb.DuckDBPyConnection, program: Program, tmp_path: Path
) -> None:
    require_module("pyiceberg_core")  # what PyIceberg computes partitions with
    shared = Shared(Base(tmp_path / "base"), spark_process)
    try:
        for turn in TURNS:
            turn(shared)
            shared.check(duck, program)
    finally:
        shared.early.end()
    assert shared.rows
