"""Spark, with Iceberg's Java library, reads the table by its metadata file and through the SQLite catalog."""

from collections import Counter
from typing import TYPE_CHECKING

import pytest
from harness import spark_session, tables
from harness.program import Catalogue
from reader_checks import check_values, comparable_columns, rare_values, rare_values_query

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


@pytest.fixture(scope="module")
def spark(spark_process: "SparkSession", mixed: Catalogue) -> "SparkSession":
    return spark_session.of_catalogue(spark_process, mixed.base)


def by_metadata(spark: "SparkSession", catalogue: Catalogue) -> "DataFrame":
    return spark.read.format("iceberg").load(tables.load(catalogue.base).metadata_location)


def by_catalog(spark: "SparkSession", _catalogue: Catalogue) -> "DataFrame":
    return spark.table(spark_session.TABLE)


@pytest.mark.parametrize("way", [by_metadata, by_catalog])
def test_every_row_with_its_values(spark: "SparkSession", mixed: Catalogue, way: object) -> None:
    frame = way(spark, mixed)  # type: ignore[operator]
    columns = comparable_columns(frame.columns)
    rows = frame.select("grid_partition", *(f"`{name}`" for name in columns)).collect()
    found = Counter((row["collection"], row["id"], row["grid_partition"]) for row in rows)
    assert found == tables.fanned_out(mixed.base)
    check_values(mixed.items, (row.asDict(recursive=True) for row in rows), columns)


def test_a_cell_s_rows_come_from_its_files(spark: "SparkSession", mixed: Catalogue) -> None:
    counts = Counter(cell for _, _, cell in tables.fanned_out(mixed.base).elements())
    cell, rows = counts.most_common(1)[0]
    chosen = by_catalog(spark, mixed).where(f"grid_partition = '{cell}'")
    assert chosen.count() == rows
    files = [row[0] for row in chosen.select("_file").distinct().collect()]
    assert {tables.partition_of(tables.local_path(file))[0] for file in files} == {cell}


def test_every_column_can_be_read(spark: "SparkSession", mixed: Catalogue) -> None:
    """All columns, nested ones too, of one cell that every commit wrote to."""
    table = tables.load(mixed.base)
    frame = by_catalog(spark, mixed)
    assert frame.columns == [field.name for field in table.schema().fields]
    counts = Counter(cell for _, _, cell in tables.fanned_out(mixed.base).elements())
    cell, rows = counts.most_common(1)[0]
    assert len(frame.where(f"grid_partition = '{cell}'").toJSON().collect()) == rows


def test_the_metadata_tables_agree(spark: "SparkSession", mixed: Catalogue) -> None:
    name = spark_session.TABLE
    table = tables.load(mixed.base)
    snapshots = spark.sql(f"select snapshot_id from {name}.snapshots order by committed_at").collect()
    assert [row[0] for row in snapshots] == [snapshot.snapshot_id for snapshot in table.metadata.snapshots]
    files = spark.sql(f"select file_path, record_count from {name}.files").collect()
    assert {tables.local_path(row[0]) for row in files} == set(tables.data_files(table))
    assert sum(row[1] for row in files) == tables.fanned_out(mixed.base).total()


def test_nested_rare_and_missing_values(spark: "SparkSession", mixed: Catalogue) -> None:
    found = spark.sql(rare_values_query(spark_session.TABLE, quote="`")).collect()
    assert {tuple(row) for row in found} == rare_values(mixed.items)


def test_commits_without_rows(spark: "SparkSession", empty_commits: Catalogue) -> None:
    table = tables.load(empty_commits.base)
    rows = by_metadata(spark, empty_commits).select("collection", "id", "grid_partition").collect()
    assert Counter(map(tuple, rows)) == tables.fanned_out(empty_commits.base)
    counts = []
    for snapshot in table.metadata.snapshots:
        reader = spark.read.format("iceberg").option("versionAsOf", snapshot.snapshot_id)
        counts.append(reader.load(table.metadata_location).select("id").distinct().count())
    assert counts == [0, 10, 10]
