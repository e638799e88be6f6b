"""DuckDB reads the files as a hive layout, and the table by its metadata."""

from collections import Counter

import duckdb
import pytest
from harness import tables
from harness.program import Catalogue
from reader_checks import check_values, comparable_columns, rare_values, rare_values_query


def by_files(catalogue: Catalogue) -> str:
    glob = catalogue.base.warehouse / "grid_partition=*" / "**" / "*.parquet"
    return f"read_parquet('{glob}', hive_partitioning = true, union_by_name = true, filename = true)"


def by_metadata(catalogue: Catalogue) -> str:
    return f"iceberg_scan('{tables.metadata_path(tables.load(catalogue.base))}')"


@pytest.fixture(params=[by_files, by_metadata])
def relation(request: pytest.FixtureRequest, mixed: Catalogue) -> str:
    return str(request.param(mixed))


def test_every_row_and_item(duck: duckdb.DuckDBPyConnection, mixed: Catalogue, relation: str) -> None:
    found = duck.execute(f"select collection, id, grid_partition from {relation}").fetchall()
    assert Counter(found) == tables.fanned_out(mixed.base)


def test_values_are_those_of_the_items(
    duck: duckdb.DuckDBPyConnection, mixed: Catalogue, relation: str
) -> None:
    described = duck.execute(f"describe select * from {relation}").fetchall()
    columns = comparable_columns(column[0] for column in described)
    chosen = ", ".join(f'"{name}"' for name in columns)
    found = duck.execute(f"select {chosen} from {relation}").to_arrow_table()
    check_values(mixed.items, found.to_pylist(), columns)


def test_paths_give_cell_and_year(duck: duckdb.DuckDBPyConnection, mixed: Catalogue) -> None:
    wrong = duck.execute(
        f"""select count(*) from {by_files(mixed)}
            where year::varchar <> coalesce(strftime(datetime, '%Y'), 'unknown')
               or not contains(filename, '/grid_partition=' || grid_partition || '/year=' || year || '/')"""
    ).fetchone()
    assert wrong == (0,)


def test_geometry_is_inside_its_bbox(duck: duckdb.DuckDBPyConnection, mixed: Catalogue) -> None:
    outside = duck.execute(
        f"""select id, bbox, st_astext(shape)
            from (select *, st_geomfromwkb(geometry) as shape from {by_files(mixed)})
            where not st_isempty(shape)
              and (bbox is null or bbox.xmin > st_xmin(shape) or bbox.ymin > st_ymin(shape)
                or bbox.xmax < st_xmax(shape) or bbox.ymax < st_ymax(shape))"""
    ).fetchall()
    assert outside == []


def test_a_filter_reads_the_same_rows_by_both_ways(duck: duckdb.DuckDBPyConnection, mixed: Catalogue) -> None:
    condition = "bbox.ymin > 60 and datetime >= timestamptz '2015-01-01 00:00:00Z' and platform is not null"
    answers = [
        Counter(duck.execute(f"select id, grid_partition from {relation} where {condition}").fetchall())
        for relation in (by_files(mixed), by_metadata(mixed))
    ]
    assert answers[0]
    assert answers[0] == answers[1]


def test_nested_rare_and_missing_values(
    duck: duckdb.DuckDBPyConnection, mixed: Catalogue, relation: str
) -> None:
    found = set(duck.execute(rare_values_query(relation, quote='"')).fetchall())
    assert found == rare_values(mixed.items)


def test_commits_without_rows(duck: duckdb.DuckDBPyConnection, empty_commits: Catalogue) -> None:
    relation = by_metadata(empty_commits)
    found = duck.execute(f"select collection, id, grid_partition from {relation}").fetchall()
    assert Counter(found) == tables.fanned_out(empty_commits.base)
    counts = []
    for snapshot in tables.load(empty_commits.base).metadata.snapshots:
        place = relation.removesuffix(")") + f", snapshot_from_id = {snapshot.snapshot_id})"
        counts.append(duck.execute(f"select count(distinct id) from {place}").fetchone())
    assert counts == [(0,), (10,), (10,)]
