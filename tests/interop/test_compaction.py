"""A compacted table is the table that one run over the newest versions makes, for every reader.

EARTHCATALOG_FULL=1  100 runs instead of 12
"""

import itertools
import json
import os
import random
from collections import Counter
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from harness import archives, duckdb_session, reachable, spark_session, tables
from harness.histories import History, ingest
from harness.program import Base, Program

FULL = os.environ.get("EARTHCATALOG_FULL") == "1"
RUNS, ITEMS_OF_RUN, ITEMS = (100, 60, 900) if FULL else (12, 30, 80)


def run_json(program: Program, command: str, base: Base, *flags: str, code: int = 0) -> dict[str, Any]:
    done = program.run(command, *base.flags, *flags, "--json")
    assert done.returncode == code, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def all_rows(base: Base, columns: list[str], snapshot_id: int | None = None) -> pa.Table:
    keys = [(name, "ascending") for name in ("grid_partition", "collection", "id", "version")]
    return tables.read_columns(tables.load(base), columns, snapshot_id).combine_chunks().sort_by(keys)


@pytest.fixture(scope="module")
def history() -> History:
    return History(ITEMS, ITEMS_OF_RUN)


@pytest.fixture(scope="module")
def compacted(
    program: Program,
    history: History,
    new_place: Any,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Base, dict[str, Any], dict[int, int]]:
    """After many runs: the table, the report, and how many rows older snapshots have."""
    folder = tmp_path_factory.mktemp("compacted")
    base = new_place(folder / "base")
    random_ = random.Random(7)
    for number in range(RUNS):
        ingest(program, history.make_run(random_), base, folder / f"run-{number}")
    table = tables.load(base)
    rows = {
        snapshot.snapshot_id: all_rows(
            base, ["id", "version", "collection", "grid_partition"], snapshot.snapshot_id
        ).num_rows
        for snapshot in table.snapshots()[:: max(1, RUNS // 12)]
    }
    return base, run_json(program, "compact", base), rows


@pytest.fixture(scope="module")
def undisturbed(
    program: Program,
    history: History,
    compacted: Any,
    new_place: Any,
    tmp_path_factory: pytest.TempPathFactory,
) -> Base:
    folder = tmp_path_factory.mktemp("undisturbed")
    base: Base = new_place(folder / "base")
    ingest(program, history.items(), base, folder / "run")
    return base


def test_rows_are_those_of_one_run_over_the_newest_versions(compacted: Any, undisturbed: Base) -> None:
    base, report, _ = compacted
    columns = sorted(column.name for column in tables.load(undisturbed).schema().fields)
    found, expected = all_rows(base, columns), all_rows(undisturbed, columns)
    assert found.num_rows == expected.num_rows == report["rows_after"]
    for name in columns:
        assert found[name].to_pylist() == expected[name].to_pylist(), name
    assert report["unique"]
    assert report["rows_superseded"] == report["rows_before"] - report["rows_after"]


def test_each_cell_and_year_has_one_sorted_file(compacted: Any, undisturbed: Base) -> None:
    base, report, _ = compacted
    files = tables.data_files(tables.load(base))
    places = Counter(tables.partition_of(path) for path in files)
    assert places == Counter(
        tables.partition_of(path) for path in tables.data_files(tables.load(undisturbed))
    )
    assert set(places.values()) == {1}
    assert (
        len(files)
        == report["files_after"]
        == report["files_before"] - report["files_rewritten"] + report["files_written"]
    )
    order = ("platform", "datetime", "collection", "id")
    for path in files:
        rows = tables.read_file(path).select(order).to_pylist()
        keys = [[(row[name] is None, row[name]) for name in order] for row in rows]
        keys = [[(null, value if value is not None else "") for null, value in key] for key in keys]
        assert all(a <= b for a, b in itertools.pairwise(keys)), path


def test_export_gives_the_newest_version_of_each_item(
    program: Program, compacted: Any, history: History
) -> None:
    base, _, _ = compacted
    done = program.run("export", *base.flags)
    assert done.returncode == 0, done.stderr
    exported = {archives.key_of(item): item for item in map(json.loads, done.stdout.splitlines())}
    assert exported == {archives.key_of(item): item for item in history.items()}


def test_older_snapshots_are_as_they_were(compacted: Any) -> None:
    base, _, rows = compacted
    for snapshot_id, count in rows.items():
        found = all_rows(base, ["id", "version", "collection", "grid_partition"], snapshot_id)
        assert found.num_rows == count


def versions(base: Base) -> Counter[tuple[str, str, str]]:
    rows = tables.rows(base, "id", "version", "grid_partition")
    return Counter((row["id"], row["version"], row["grid_partition"]) for row in rows)


def test_duckdb_and_spark_read_the_same(
    compacted: Any, undisturbed: Base, duck: duckdb.DuckDBPyConnection, request: pytest.FixtureRequest
) -> None:
    base, _, _ = compacted
    expected = versions(undisturbed)
    place = tables.load(base).metadata_location
    if place.startswith("s3:"):
        duckdb_session.use_s3(duck)
    query = f"select id, version, grid_partition from iceberg_scan('{place}')"
    assert Counter(duck.execute(query).fetchall()) == expected
    if place.startswith("s3:"):
        return  # Spark has no way to our catalogue in S3
    spark = spark_session.of_catalogue(request.getfixturevalue("spark_process"), base)
    rows = spark.table(spark_session.TABLE).select("id", "version", "grid_partition").collect()
    assert Counter(tuple(row) for row in rows) == expected


def test_a_second_compaction_has_nothing_to_do(program: Program, compacted: Any) -> None:
    base, _, _ = compacted
    before = tables.load(base).metadata_location
    report = run_json(program, "compact", base)
    assert report["commits"] == 0
    assert report["unique"]
    assert tables.load(base).metadata_location == before


def test_expired_and_cleaned_only_what_is_reachable_is_left(
    program: Program, compacted: Any, undisturbed: Base
) -> None:
    """Last, as the older snapshots are gone after it."""
    base, _, _ = compacted
    removed = run_json(program, "expire", base, "--older-than", "0s")
    assert len(removed["snapshots"]) == RUNS
    run_json(program, "clean", base, "--older-than", "0s")
    reachable.check_nothing_else_is_there(base)
    assert versions(base) == versions(undisturbed)
