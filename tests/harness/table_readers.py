"""Other readers, asked whether a table is what the model says (table_model.py)."""

from collections import Counter
from typing import TYPE_CHECKING, Any

import duckdb
from pyiceberg.table import Table as IcebergTable
from pyiceberg.table.refs import SnapshotRef

from . import spark_session
from .table_model import ADDED, DELETED, EXISTING, Manifest, Ref, Snapshot, Table

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

NAME_MAPPING = "schema.name-mapping.default"


def check_metadata(table: IcebergTable, model: Table) -> None:
    """Snapshots, their log, refs, properties and columns, as PyIceberg has them."""
    metadata = table.metadata
    assert {snapshot.snapshot_id for snapshot in metadata.snapshots} == model.snapshots.keys()
    for snapshot in metadata.snapshots:
        wanted = model.snapshots[snapshot.snapshot_id]
        assert snapshot.summary
        found = (snapshot.parent_snapshot_id, snapshot.sequence_number, snapshot.summary.operation.value)
        assert found == (wanted.parent, wanted.sequence_number, wanted.operation)
        assert snapshot.summary.additional_properties == wanted.summary, wanted
    assert metadata.current_snapshot_id == model.current
    assert metadata.last_sequence_number == model.last_sequence_number
    assert tuple(entry.snapshot_id for entry in metadata.snapshot_log) == model.log
    assert {name: _ref(ref) for name, ref in metadata.refs.items()} == model.refs
    assert _without(metadata.properties) == _without(model.properties)
    fields = table.schema().fields
    assert set(model.columns) <= {item.name for item in fields}
    ids = [item.field_id for schema in metadata.schemas for item in schema.fields]
    names = [(item.field_id, item.name) for schema in metadata.schemas for item in schema.fields]
    assert len(set(ids)) == len(set(names)), "an id is one column's in all schemas"
    listed = table.inspect.snapshots().select(["snapshot_id", "parent_id", "operation"]).to_pylist()
    assert sorted(tuple(row.values()) for row in listed) == sorted(
        (snapshot.id, snapshot.parent, snapshot.operation) for snapshot in model.snapshots.values()
    )


def _ref(ref: SnapshotRef) -> Ref:
    return Ref(
        ref.snapshot_id,
        ref.snapshot_ref_type.value,
        ref.max_ref_age_ms,
        ref.max_snapshot_age_ms,
        ref.min_snapshots_to_keep,
    )


def _without(properties: dict[str, str]) -> dict[str, str]:
    """The name mapping follows the columns, which are looked at themselves."""
    return {name: value for name, value in properties.items() if name != NAME_MAPPING}


def check_entries(table: IcebergTable, snapshot: Snapshot) -> None:
    """Manifest by manifest, and what they say of each file, as PyIceberg has them."""
    manifests = table.snapshot_by_id(snapshot.id).manifests(table.io)  # type: ignore[union-attr]
    assert [
        (
            manifest.added_snapshot_id,
            *(manifest.added_files_count, manifest.existing_files_count, manifest.deleted_files_count),
            *(manifest.added_rows_count, manifest.existing_rows_count, manifest.deleted_rows_count),
            manifest.min_sequence_number if _counts(manifest) else None,
        )
        for manifest in manifests
    ] == [_manifest_row(manifest) for manifest in snapshot.manifests]
    entries = table.inspect.entries(snapshot.id).to_pylist()
    found = Counter(
        (
            *(entry["status"], entry["snapshot_id"]),
            *(entry["sequence_number"], entry["file_sequence_number"]),
            entry["data_file"]["file_path"],
        )
        for entry in entries
    )
    assert found == Counter(entry.row() for entry in snapshot.entries)
    files = {entry.file.path: entry.file for entry in snapshot.entries}
    for entry in entries:
        said = entry["data_file"]
        file = files[said["file_path"]]
        year = said["partition"]["year"]
        assert (said["partition"]["grid_partition"], year if year is None else 1970 + year) == file.partition
        assert (said["record_count"], said["file_size_in_bytes"]) == (file.records, file.size)
        for name, kind in (("counts", "value_counts"), ("nulls", "null_value_counts")):
            assert dict(said[kind]) == file.metrics[name], file
        for name, kind in (("lower", "lower_bounds"), ("upper", "upper_bounds")):
            assert {id_: bound.hex() for id_, bound in said[kind]} == file.metrics[name], file
    if not snapshot.manifests:
        return  # PyIceberg's list of files cannot be empty
    listed = table.inspect.files(snapshot.id).select(["file_path", "record_count"]).to_pylist()
    assert Counter(tuple(row.values()) for row in listed) == Counter(
        (file.path, file.records) for file in snapshot.files
    )


def _counts(manifest: Any) -> int:
    return int(manifest.added_files_count) + int(manifest.existing_files_count)


def _manifest_row(manifest: Manifest) -> tuple[int | None, ...]:
    by_status = {
        status: [entry for entry in manifest.entries if entry.status == status]
        for status in (ADDED, EXISTING, DELETED)
    }
    live = [entry.sequence_number for entry in manifest.entries if entry.live]
    return (
        manifest.added_by,
        *(len(entries) for entries in by_status.values()),
        *(sum(entry.file.records for entry in entries) for entries in by_status.values()),
        min(live, default=None),
    )


def check_scan(table: IcebergTable, snapshot: Snapshot) -> None:
    """The snapshot's rows by PyIceberg."""
    rows = table.scan(snapshot_id=snapshot.id, selected_fields=("id",)).to_arrow()
    assert sorted(rows["id"].to_pylist()) == snapshot.ids


def check_duckdb(duck: duckdb.DuckDBPyConnection, location: str, snapshot: Snapshot) -> None:
    """The snapshot's rows by DuckDB."""
    place = location.removeprefix("file://")
    found = duck.execute(
        f"select id from iceberg_scan('{place}', snapshot_from_id = {snapshot.id})"
    ).fetchall()
    assert sorted(row[0] for row in found) == snapshot.ids


def check_spark(session: "SparkSession", model: Table, snapshots: list[Snapshot]) -> None:
    """The metadata tables and the rows of some snapshots by Spark."""
    name = spark_session.TABLE
    listed = session.sql(f"select snapshot_id, parent_id, operation, summary from {name}.snapshots").collect()
    assert {row[0]: (row[1], row[2], row[3]) for row in listed} == {
        snapshot.id: (snapshot.parent, snapshot.operation, snapshot.summary)
        for snapshot in model.snapshots.values()
    }
    refs = session.sql(f"select name, snapshot_id, type from {name}.refs").collect()
    assert {row[0]: (row[1], row[2].lower()) for row in refs} == {
        ref: (value.snapshot_id, value.type) for ref, value in model.refs.items()
    }
    history = session.sql(f"select snapshot_id from {name}.history").collect()
    assert [row[0] for row in history] == list(model.log)
    if model.snapshot is None:
        return
    columns = "status, snapshot_id, sequence_number, file_sequence_number, data_file.file_path"
    entries = session.sql(f"select {columns} from {name}.entries").collect()
    assert Counter(map(tuple, entries)) == Counter(entry.row() for entry in model.snapshot.entries)
    files = session.sql(f"select file_path from {name}.all_data_files").collect()
    assert {row[0] for row in files} == {file.path for file in model.reached(model.snapshots)}
    for snapshot in snapshots:
        rows = session.sql(f"select id from {name} version as of {snapshot.id}").collect()
        assert sorted(row[0] for row in rows) == snapshot.ids


def reachable(table: IcebergTable, known: dict[str, tuple[str, ...]]) -> set[str]:
    """Manifest lists, manifests and data files of all snapshots, as PyIceberg reads them.

    `known`: live files of manifests that were read before.
    """
    paths: set[str] = set()
    for snapshot in table.metadata.snapshots:
        paths.add(snapshot.manifest_list)
        for manifest in snapshot.manifests(table.io):
            path = manifest.manifest_path
            if path not in known:
                entries = manifest.fetch_manifest_entry(table.io, discard_deleted=True)
                known[path] = tuple(entry.data_file.file_path for entry in entries)
            paths.update((path, *known[path]))
    return paths
