"""Data files as other programs, or accidents, leave them."""

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from . import tables
from .program import Base


def live_files(base: Base) -> list[Path]:
    return sorted(tables.data_files(tables.load(base)))


def largest(base: Base) -> Path:
    """The live file with most rows; always the same."""
    return max(live_files(base), key=lambda path: (pq.read_metadata(path).num_rows, path))


def new_name(path: Path) -> Path:
    """A name for another file beside it."""
    return path.with_name(f"part_000077_{uuid.uuid4().hex[:8]}.parquet")


def rewrite(source: Path, target: Path, change: Callable[[pa.Table], pa.Table] = lambda rows: rows) -> Path:
    """Another file with the rows that `change` makes of the source's, and with its ids and metadata."""
    rows = change(tables.read_file(source))
    target.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(rows.replace_schema_metadata(pq.read_schema(source).metadata), target)
    return target


def with_column(name: str, values: list[Any]) -> Callable[[pa.Table], pa.Table]:
    """A change for rewrite(): these values instead of the column's, repeated as often as there are rows."""

    def change(rows: pa.Table) -> pa.Table:
        place = rows.schema.get_field_index(name)
        field = rows.schema.field(place)
        column = pa.array((values * rows.num_rows)[: rows.num_rows], field.type)
        return rows.set_column(place, field, column)

    return change


def without_ids(rows: pa.Table) -> pa.Table:
    """As a program writes them that knows nothing of field ids."""
    return pa.Table.from_arrays(
        [_plain(column.combine_chunks()) for column in rows.columns], names=rows.column_names
    )


def _plain(array: pa.Array) -> pa.Array:
    return pa.array(array.to_pylist(), _plain_type(array.type))


def _plain_type(type_: pa.DataType) -> pa.DataType:
    if pa.types.is_struct(type_):
        return pa.struct([(field.name, _plain_type(field.type)) for field in type_])
    if pa.types.is_list(type_):
        return pa.list_(_plain_type(type_.value_type))
    return type_
