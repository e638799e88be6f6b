"""Other engines write to the table too, and ours goes on from there."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from harness import archives, tables
from harness.archives import Archive
from harness.program import Base, Program
from harness.requirement import require_module
from pyiceberg.io.pyarrow import schema_to_pyarrow
from pyiceberg.table import Table
from pyiceberg.types import StringType


def ingest(program: Program, archive: Archive, base: Base, begin: int, end: int) -> None:
    part = Archive(archive.folder, archive.rows[begin:end])
    inventory = part.csv(base.path.parent / f"inventory-{begin}.csv")
    program.ingest(inventory, base, "--source", archive.folder)


def foreign_row(table: Table, id_: str) -> pa.Table:
    """One row of all the table's columns, most of them null."""
    schema = schema_to_pyarrow(table.schema(), include_field_ids=False)
    row = {
        "id": id_,
        "type": "Feature",
        "collection": "foreign",
        "datetime": pa.scalar(1_600_000_000_000_000, pa.timestamp("us", tz="UTC")).as_py(),
        "grid_partition": "81003ffffffffff",
    }
    return pa.Table.from_pylist([row], schema=schema)


def test_pyiceberg_appends_between_two_of_our_runs(program: Program, archive: Archive, base: Base) -> None:
    require_module("pyiceberg_core")  # what PyIceberg computes partitions with
    ingest(program, archive, base, 0, 60)
    table = tables.load(base)
    table.append(foreign_row(table, "by-pyiceberg"))
    ingest(program, archive, base, 60, 120)

    expected_keys = set(map(archives.key_of, archive.head(120).items)) | {("foreign", "by-pyiceberg")}
    table = tables.load(base)
    scanned = table.scan(selected_fields=("collection", "id")).to_arrow().to_pylist()
    assert {(row["collection"], row["id"]) for row in scanned} == expected_keys
    assert [s.summary.operation.value for s in table.metadata.snapshots] == ["append"] * 3
    assert int(table.current_snapshot().summary["total-records"]) == len(scanned)  # type: ignore[union-attr]
    assert [s.sequence_number for s in table.metadata.snapshots] == [1, 2, 3]


def test_pyiceberg_adds_a_file_between_two_of_our_runs(
    program: Program, archive: Archive, base: Base
) -> None:
    ingest(program, archive, base, 0, 60)
    table = tables.load(base)
    path = base.warehouse / "grid_partition=81003ffffffffff" / "year=2020" / "part_000099_foreign.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(_without_large_types(foreign_row(table, "by-hand")), path)
    table.add_files([f"file://{path}"])
    ingest(program, archive, base, 60, 120)

    table = tables.load(base)
    assert path in tables.data_files(table)
    scanned = table.scan(selected_fields=("collection", "id")).to_arrow().to_pylist()
    found = {(row["collection"], row["id"]) for row in scanned}
    assert found == set(map(archives.key_of, archive.head(120).items)) | {("foreign", "by-hand")}


def _without_large_types(table: pa.Table) -> pa.Table:
    plain = {pa.large_string(): pa.string(), pa.large_binary(): pa.binary()}
    fields = [field.with_type(plain.get(field.type, field.type)) for field in table.schema]
    return table.cast(pa.schema(fields))


def test_a_column_that_pyiceberg_adds_is_filled(program: Program, archive: Archive, base: Base) -> None:
    ingest(program, archive, base, 0, 20)
    table = tables.load(base)
    with table.update_schema() as update:
        update.add_column("added:elsewhere", StringType())
    ingest(program, archive, base, 20, 40)
    table = tables.load(base)
    assert "added:elsewhere" in table.schema().column_names
    assert tables.item_keys(base) == set(map(archives.key_of, archive.head(40).items))


def test_properties_set_elsewhere_stay(program: Program, archive: Archive, base: Base) -> None:
    ingest(program, archive, base, 0, 20)
    with tables.load(base).transaction() as transaction:
        transaction.set_properties({"owner": "glaciology", "write.metadata.previous-versions-max": "7"})
    ingest(program, archive, base, 20, 40)
    properties = tables.load(base).properties
    assert properties["owner"] == "glaciology"
    assert properties["write.metadata.previous-versions-max"] == "7"
    assert properties["earthcatalog.grid.resolution"] == "1"


def test_a_program_s_catalog_is_listed_by_others(
    program: Program, archive: Archive, base: Base, tmp_path: Path
) -> None:
    ingest(program, archive, base, 0, 5)
    catalog = tables.SqlCatalog("earthcatalog", uri=f"sqlite:///{base.db}")
    assert catalog.list_namespaces() == [("earthcatalog",)]
    assert catalog.list_tables("earthcatalog") == [("earthcatalog", "stac_items")]
