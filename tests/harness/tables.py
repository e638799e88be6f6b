"""The table as PyIceberg and Arrow see it."""

import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.io.pyarrow import schema_to_pyarrow
from pyiceberg.table import Table

from .archives import ItemKey
from .program import Base

IDENTIFIER = "earthcatalog.stac_items"
BUCKETS = "EARTHCATALOG_TEST_BUCKETS"  # the folder of a server's buckets, while tests use it
Row = dict[str, Any]


def catalog_of(base: Base) -> SqlCatalog:
    properties = {}
    if BUCKETS in os.environ:
        properties = {"s3.endpoint": os.environ["AWS_ENDPOINT_URL"]}
    return SqlCatalog("earthcatalog", uri=f"sqlite:///{base.db}", **properties)


def load(base: Base) -> Table:
    return catalog_of(base).load_table(IDENTIFIER)


def local_path(uri: str) -> Path:
    """Of a path as Iceberg's metadata names it: nothing in it is percent-encoded."""
    if uri.startswith("s3://"):
        return Path(os.environ[BUCKETS]) / uri.removeprefix("s3://")
    path = uri.removeprefix("file:")  # Spark writes no // behind it
    assert path.startswith("/"), uri
    return Path(path.removeprefix("//"))


def data_files(table: Table, snapshot_id: int | None = None) -> list[Path]:
    """The files of a snapshot; nothing is in a table without one."""
    if table.current_snapshot() is None:
        return []
    return [local_path(task.file.file_path) for task in table.scan(snapshot_id=snapshot_id).plan_files()]


def read_columns(table: Table, columns: list[str], snapshot_id: int | None = None) -> pa.Table:
    """Columns of all rows, by Arrow alone: for tables of thousands of small files far faster than a scan.

    A file written before a column existed has nulls there.
    """
    schema = schema_to_pyarrow(table.schema(), include_field_ids=False)
    wanted = pa.schema([_without_views(schema.field(name)) for name in columns])
    files = [str(path) for path in data_files(table, snapshot_id)]
    # A few files at a time: a dataset keeps all its files' footers, which takes gigabytes for wide tables.
    parts = [
        ds.dataset(files[start : start + 100], schema=wanted, format="parquet").to_table()
        for start in range(0, len(files), 100)
    ]
    return pa.concat_tables([wanted.empty_table(), *parts])


def _without_views(field: pa.Field) -> pa.Field:
    """PyIceberg says large types, the files have the plain ones."""
    plain = {pa.large_string(): pa.string(), pa.large_binary(): pa.binary()}
    return field.with_type(plain.get(field.type, field.type))


def rows(base: Base, *columns: str) -> list[Row]:
    """One dictionary per row, in no order."""
    return read_columns(load(base), list(columns)).to_pylist()


def fanned_out(base: Base, snapshot_id: int | None = None) -> Counter[tuple[str | None, str, str]]:
    """(collection, id, cell) of every row, with how often it is there."""
    columns = read_columns(load(base), ["collection", "id", "grid_partition"], snapshot_id)
    return Counter(zip(*(columns[name].to_pylist() for name in columns.column_names), strict=True))


def item_keys(base: Base, snapshot_id: int | None = None) -> set[ItemKey]:
    return {(collection, id_) for collection, id_, _cell in fanned_out(base, snapshot_id)}


def partition_of(path: Path) -> tuple[str, str]:
    """(cell, year) as the path says."""
    cell, year = path.parent.parent.name, path.parent.name
    assert cell.startswith("grid_partition=")
    assert year.startswith("year=")
    return cell.removeprefix("grid_partition="), year.removeprefix("year=")


def read_file(path: Path | str) -> pa.Table:
    """One file's own columns; not those that its path spells out."""
    return pq.ParquetFile(path).read()


def metadata_path(table: Table) -> Path:
    return local_path(table.metadata_location)


def sample(paths: Iterable[Path], count: int) -> list[Path]:
    """Files of all sizes, among them the largest and the smallest; always the same."""
    ordered = sorted(paths, key=lambda path: (path.stat().st_size, path.parent))
    step = max(1, (len(ordered) - 1) // (count - 1))
    return [*ordered[::step][: count - 1], ordered[-1]]
