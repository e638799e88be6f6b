"""What the manifests say of every file is what the file holds."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from harness import tables
from harness.program import Catalogue
from pyiceberg.conversions import from_bytes
from pyiceberg.manifest import DataFile, ManifestEntry
from pyiceberg.schema import Schema
from pyiceberg.table import Table
from pyiceberg.types import BinaryType, NestedField, PrimitiveType, StringType, StructType, TimestamptzType

# Columns that searches prune by: their bounds are always there.
BOUNDED = {
    *("id", "collection", "platform", "grid_partition"),
    *("datetime", "start_datetime", "end_datetime", "created", "updated"),
    *("bbox.xmin", "bbox.ymin", "bbox.xmax", "bbox.ymax"),
}
TRUNCATED_LENGTH = 16
EPOCH_YEAR = 1970


@pytest.fixture(scope="module")
def table(mixed: Catalogue) -> Table:
    return tables.load(mixed.base)


@dataclass(frozen=True)
class File:
    """A manifest's entry, and the file itself."""

    entry: DataFile
    path: Path
    footer: pq.FileMetaData
    content: pa.Table


@pytest.fixture(scope="module")
def entries(table: Table) -> list[ManifestEntry]:
    snapshot = table.current_snapshot()
    assert snapshot is not None
    return [
        entry
        for manifest in snapshot.manifests(table.io)
        for entry in manifest.fetch_manifest_entry(table.io)
    ]


@pytest.fixture(scope="module")
def files(entries: list[ManifestEntry]) -> list[File]:
    opened = []
    for entry in entries:
        path = tables.local_path(entry.data_file.file_path)
        file = pq.ParquetFile(path)
        opened.append(File(entry.data_file, path, file.metadata, file.read()))
    return opened


def leaves(schema: Schema) -> Iterator[tuple[str, NestedField]]:
    """(dotted name, field) of all primitive fields outside lists and maps."""

    def walk(fields: tuple[NestedField, ...], prefix: str) -> Iterator[tuple[str, NestedField]]:
        for field in fields:
            name = prefix + field.name
            if isinstance(field.field_type, StructType):
                yield from walk(field.field_type.fields, f"{name}\0")
            elif isinstance(field.field_type, PrimitiveType):
                yield name, field

    yield from walk(schema.fields, "")


def column_of(content: pa.Table, name: str) -> pa.ChunkedArray | None:
    """The leaf `a\\0b`; null where one of its parents is. None when the file lacks the column."""
    first, *rest = name.split("\0")
    if first not in content.column_names:
        return None
    column = content[first]
    for part in rest:
        if column.type.get_field_index(part) < 0:
            return None
        column = pc.struct_field(column, part)
    return column


def test_the_entries_are_the_files_on_disk(mixed: Catalogue, files: list[File]) -> None:
    paths = [file.path for file in files]
    assert len(set(paths)) == len(paths)
    assert set(paths) == mixed.base.parquet_files()


def test_sizes_and_row_counts(files: list[File]) -> None:
    for file in files:
        assert file.entry.file_size_in_bytes == file.path.stat().st_size
        assert file.entry.record_count == file.footer.num_rows == file.content.num_rows > 0
        offsets = [_first_page(file.footer.row_group(i)) for i in range(file.footer.num_row_groups)]
        assert list(file.entry.split_offsets or offsets) == offsets


def _first_page(group: pq.RowGroupMetaData) -> int:
    column = group.column(0)
    return int(column.dictionary_page_offset or column.data_page_offset)


def test_value_and_null_counts_of_every_leaf(table: Table, files: list[File]) -> None:
    names = list(leaves(table.schema()))
    for file in files:
        for name, field in names:
            column = column_of(file.content, name)
            where = (name, file.path)
            if column is None:
                # A column younger than the file: nothing, or nothing but nulls.
                assert file.entry.value_counts.get(field.field_id, 0) in (0, file.footer.num_rows), where
                continue
            assert file.entry.value_counts[field.field_id] == file.footer.num_rows, where
            assert file.entry.null_value_counts[field.field_id] == column.null_count, where


def test_column_sizes_are_the_footers(files: list[File]) -> None:
    for file in files:
        sizes: dict[int, int] = {}
        schema = file.content.schema
        for index in range(file.footer.num_columns):
            path = file.footer.schema.column(index).path.split(".")
            if path[0] not in schema.names or pa.types.is_nested(schema.field(path[0]).type):
                continue
            field_id = int(schema.field(path[0]).metadata[b"PARQUET:field_id"])
            sizes[field_id] = sum(
                file.footer.row_group(group).column(index).total_compressed_size
                for group in range(file.footer.num_row_groups)
            )
        assert {id_: file.entry.column_sizes.get(id_) for id_ in sizes} == sizes, file.path


def comparable(value: Any) -> Any:
    """In the order that Iceberg's bounds are in: text by its UTF-8 bytes."""
    return value.encode() if isinstance(value, str) else value


def check_text_bounds(lower: bytes, upper: bytes | None, least: bytes, greatest: bytes) -> None:
    """Cut to 16 characters at most, the upper one rounded up where it is cut."""
    assert lower == least.decode()[:TRUNCATED_LENGTH].encode()
    if len(greatest.decode()) <= TRUNCATED_LENGTH:
        assert upper == greatest
    else:
        assert upper is None or (upper > greatest and len(upper.decode()) <= TRUNCATED_LENGTH)


def test_bounds_hold_every_value_and_no_more(table: Table, files: list[File]) -> None:
    checked: set[str] = set()
    for file in files:
        for name, field in leaves(table.schema()):
            column = column_of(file.content, name)
            lower = file.entry.lower_bounds.get(field.field_id)
            upper = file.entry.upper_bounds.get(field.field_id)
            where = (name, file.path)
            values = [] if column is None else [v for v in _python_values(column) if v is not None and v == v]
            if not values:
                assert lower is None, where
                assert upper is None, where
                continue
            if lower is None:
                dotted = name.replace("\0", ".")
                assert dotted not in BOUNDED, where
                assert upper is None, where
                continue
            checked.add(name.replace("\0", "."))
            type_ = field.field_type
            least, greatest = min(values, key=comparable), max(values, key=comparable)
            if isinstance(type_, StringType):
                check_text_bounds(lower, upper, least.encode(), greatest.encode())
            elif isinstance(type_, BinaryType):
                assert lower <= least, where
                assert upper is None or upper >= greatest, where
            else:
                assert upper is not None, where
                assert from_bytes(type_, lower) == least, where
                assert from_bytes(type_, upper) == greatest, where
    assert checked >= BOUNDED


def _python_values(column: pa.ChunkedArray) -> list[Any]:
    """Instants as microseconds, which is how Iceberg keeps them."""
    if pa.types.is_timestamp(column.type):
        return column.cast(pa.int64()).to_pylist()
    return column.to_pylist()


def test_zero_bounds_have_the_sign_that_holds_both_zeros(table: Table, files: list[File]) -> None:
    """-0.0 and 0.0 are equal but ordered in Iceberg: -0.0 first."""
    fields = dict(leaves(table.schema()))
    xmin = fields["bbox\0xmin"].field_id
    seen = 0
    for file in files:
        values = [v for v in file.content["bbox"].combine_chunks().field("xmin").to_pylist() if v == 0]
        if not values:
            continue
        for bound, sign in ((file.entry.lower_bounds[xmin], -1), (file.entry.upper_bounds[xmin], 1)):
            (number,) = struct.unpack("<d", bound)
            if number != 0:
                continue
            holds_other = any(str(v).startswith("-") == (sign < 0) for v in values)
            if holds_other:
                assert str(number).startswith("-") == (sign < 0), file.path
                seen += 1
    assert seen > 0


def test_large_texts_have_no_statistics(files: list[File]) -> None:
    """min and max of geometry and links would be stored again and again, and nobody prunes by them."""
    for file in files[:50]:
        for index in range(file.footer.num_columns):
            column = file.footer.row_group(0).column(index)
            if column.path_in_schema.split(".")[0] in ("geometry", "links", "assets", "_overflow", "_style"):
                statistics = column.statistics
                assert statistics is None or not statistics.has_min_max, (column.path_in_schema, file.path)


def test_partition_is_that_of_path_and_rows(files: list[File]) -> None:
    for file in files:
        cell, year = tables.partition_of(file.path)
        assert set(file.content["grid_partition"].to_pylist()) == {cell}
        years = {when.year if when else "unknown" for when in file.content["datetime"].to_pylist()}
        assert {str(found).zfill(4) for found in years} == {year}
        partition = file.entry.partition
        assert partition[0] == cell
        assert partition[1] == (None if year == "unknown" else int(year) - EPOCH_YEAR)


def test_rows_are_sorted_nulls_last(files: list[File]) -> None:
    several = 0
    for file in files:
        names = [
            name for name in ("platform", "datetime", "collection", "id") if name in file.content.column_names
        ]
        columns = [file.content[name].to_pylist() for name in names]
        keys = [
            tuple((value is None, comparable(value) if value is not None else 0) for value in row)
            for row in zip(*columns, strict=True)
        ]
        assert keys == sorted(keys), file.path
        several += len(keys) > 1
    assert several > 10


def test_columns_carry_the_table_s_field_ids(table: Table, files: list[File]) -> None:
    for file in files:
        for field in file.content.schema:
            assert int(field.metadata[b"PARQUET:field_id"]) == table.schema().find_field(field.name).field_id
        assert "year" not in file.content.column_names


def test_inspect_shows_the_same(table: Table, files: list[File]) -> None:
    shown = table.inspect.files().select(["file_path", "record_count", "file_size_in_bytes"]).to_pylist()
    assert {
        (tables.local_path(row["file_path"]), row["record_count"], row["file_size_in_bytes"]) for row in shown
    } == {(file.path, file.footer.num_rows, file.path.stat().st_size) for file in files}


def test_instants_are_in_utc_microseconds(table: Table, files: list[File]) -> None:
    assert table.schema().find_type("datetime") == TimestamptzType()
    assert files[0].content.schema.field("datetime").type == pa.timestamp("us", tz="UTC")
