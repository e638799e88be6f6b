"""PyIceberg reads the table: everything, filtered, and no more files than a filter needs."""

import datetime as dt
from collections import Counter

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from harness import archives, tables
from harness.program import Catalogue
from pyiceberg.expressions import And, BooleanExpression, EqualTo, GreaterThanOrEqual, IsNull, LessThan
from pyiceberg.table import Table
from reader_checks import check_values, comparable_columns

COLUMNS = ("collection", "id", "grid_partition", "datetime")


@pytest.fixture(scope="module")
def table(mixed: Catalogue) -> Table:
    return tables.load(mixed.base)


@pytest.fixture(scope="module")
def scanned(table: Table) -> pa.Table:
    names = [field.name for field in table.schema().fields]
    columns = {*COLUMNS, *comparable_columns(names)}
    return table.scan(selected_fields=tuple(columns)).to_arrow()


def test_full_scan_has_every_item_with_its_values(mixed: Catalogue, scanned: pa.Table) -> None:
    columns = comparable_columns(scanned.column_names)
    check_values(mixed.items, scanned.select(columns).to_pylist(), columns)


def test_full_scan_has_the_rows_of_the_files(mixed: Catalogue, scanned: pa.Table) -> None:
    names = ["collection", "id", "grid_partition"]
    rows = Counter(zip(*(scanned[name].to_pylist() for name in names), strict=True))
    assert rows == tables.fanned_out(mixed.base)
    assert scanned.num_rows == sum(
        tables.pq.ParquetFile(path).metadata.num_rows for path in mixed.base.parquet_files()
    )


def test_every_column_can_be_scanned(table: Table, scanned: pa.Table) -> None:
    """All columns at once, of enough rows to have met every commit's schema."""
    busiest = max(set(scanned["grid_partition"].to_pylist()), key=scanned["grid_partition"].to_pylist().count)
    whole = table.scan(row_filter=EqualTo("grid_partition", busiest)).to_arrow()
    assert whole.column_names == [field.name for field in table.schema().fields]
    assert whole.num_rows == pc.sum(pc.equal(scanned["grid_partition"], busiest)).as_py()


def utc(*parts: int) -> dt.datetime:
    return dt.datetime(*parts, tzinfo=dt.UTC)  # type: ignore[arg-type]


def between(begin: dt.datetime, end: dt.datetime) -> BooleanExpression:
    return And(GreaterThanOrEqual("datetime", begin.isoformat()), LessThan("datetime", end.isoformat()))


def check_filter(table: Table, scanned: pa.Table, row_filter: BooleanExpression, keep: pa.Array) -> int:
    """The same rows as filtering all of them; fewer files. Gives the number of rows."""
    total = len(list(table.scan().plan_files()))
    planned = len(list(table.scan(row_filter=row_filter).plan_files()))
    assert 0 < planned < total
    found = table.scan(row_filter=row_filter, selected_fields=COLUMNS).to_arrow()
    wanted = scanned.select(COLUMNS).filter(keep)
    assert found.select(COLUMNS).num_rows == wanted.num_rows
    as_rows = [
        Counter(zip(*(rows[name].to_pylist() for name in COLUMNS), strict=True)) for rows in (found, wanted)
    ]
    assert as_rows[0] == as_rows[1]
    return int(wanted.num_rows)


def test_a_cell_prunes_to_its_files(mixed: Catalogue, table: Table, scanned: pa.Table) -> None:
    counts = Counter(scanned["grid_partition"].to_pylist())
    for cell, rows in counts.most_common(3):
        condition = EqualTo("grid_partition", cell)
        assert check_filter(table, scanned, condition, pc.equal(scanned["grid_partition"], cell)) == rows
        planned = {
            tables.partition_of(tables.local_path(task.file.file_path))
            for task in table.scan(row_filter=condition).plan_files()
        }
        assert {found for found, _year in planned} == {cell}


def test_a_time_prunes_to_its_years(table: Table, scanned: pa.Table) -> None:
    begin, end = utc(2020, 3, 1), utc(2021, 2, 1)
    when = scanned["datetime"]
    keep = pc.and_(pc.greater_equal(when, begin), pc.less(when, end))
    assert check_filter(table, scanned, between(begin, end), pc.fill_null(keep, False)) > 0
    planned = {
        tables.partition_of(tables.local_path(task.file.file_path))[1]
        for task in table.scan(row_filter=between(begin, end)).plan_files()
    }
    assert planned == {"2020", "2021"}


def test_bounds_prune_within_a_year(table: Table, scanned: pa.Table) -> None:
    """A day of a year leaves fewer files than the year has: the bounds of datetime at work."""
    days = Counter(when.date() for when in scanned["datetime"].to_pylist() if when and when.year > 1970)
    day = days.most_common(1)[0][0]
    begin = utc(day.year, day.month, day.day)
    end = begin + dt.timedelta(days=1)
    when = scanned["datetime"]
    keep = pc.and_(pc.greater_equal(when, begin), pc.less(when, end))
    assert check_filter(table, scanned, between(begin, end), pc.fill_null(keep, False)) == days[day]
    year = between(utc(day.year, 1, 1), utc(day.year + 1, 1, 1))
    planned = [len(list(table.scan(row_filter=f).plan_files())) for f in (between(begin, end), year)]
    assert planned[0] < planned[1]


def test_no_time_prunes_to_the_year_unknown(table: Table, scanned: pa.Table) -> None:
    assert check_filter(table, scanned, IsNull("datetime"), pc.is_null(scanned["datetime"])) > 0
    planned = [
        tables.local_path(task.file.file_path)
        for task in table.scan(row_filter=IsNull("datetime")).plan_files()
    ]
    assert {tables.partition_of(path)[1] for path in planned} == {"unknown"}


def test_cell_and_time_together(table: Table, scanned: pa.Table) -> None:
    counts = Counter(
        (row["grid_partition"], row["datetime"].year)
        for row in scanned.select(COLUMNS).to_pylist()
        if row["datetime"]
    )
    (cell, year), rows = counts.most_common(1)[0]
    when = scanned["datetime"]
    keep = pc.and_(pc.equal(scanned["grid_partition"], cell), pc.equal(pc.year(when), year))
    condition = And(EqualTo("grid_partition", cell), between(utc(year, 1, 1), utc(year + 1, 1, 1)))
    assert check_filter(table, scanned, condition, pc.fill_null(keep, False)) == rows


def test_the_first_id_is_found_by_its_bounds(mixed: Catalogue, table: Table, scanned: pa.Table) -> None:
    for item in [mixed.items[0], mixed.items[600], mixed.items[-1]]:
        collection, id_ = archives.key_of(item)
        keep = pc.equal(scanned["id"], id_)
        assert check_filter(table, scanned, EqualTo("id", id_), keep) > 0, collection


def test_table_says_what_it_is(mixed: Catalogue, table: Table) -> None:
    assert table.metadata.format_version == 2
    assert [str(field) for field in table.spec().fields] != []
    spec = {field.name: str(field.transform) for field in table.spec().fields}
    assert spec == {"grid_partition": "identity", "year": "year"}
    properties = table.properties
    assert properties["earthcatalog.grid.type"] == "h3"
    assert properties["earthcatalog.grid.resolution"] == "1"
    warehouse = tables.local_path(properties["write.data.path"])
    assert warehouse == mixed.base.warehouse
    assert table.name_mapping() is not None
