"""Every commit is a snapshot of its own, and old ones stay readable."""

import datetime as dt
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from harness import archives, tables
from harness.archives import Archive
from harness.program import Base, Catalogue, Program

DAY = dt.datetime(2024, 5, 1, tzinfo=dt.UTC)


def dated(archive: Archive, count: int) -> Archive:
    """The first rows, row i modified on day i // 100."""
    rows = [
        replace(row, last_modified=DAY + dt.timedelta(days=number // 100))
        for number, row in enumerate(archive.rows[:count])
    ]
    return Archive(archive.folder, rows, archive.suffix)


def keys(archive: Archive, begin: int, end: int) -> set[archives.ItemKey]:
    return set(map(archives.key_of, Archive(archive.folder, archive.rows[begin:end]).items))


def test_runs_append_and_time_travel_sees_each(
    program: Program, archive: Archive, base: Base, tmp_path: Path
) -> None:
    """A run, one with --since, one with more items: three snapshots, each as it was."""
    source = ("--source", archive.folder)
    first = dated(archive, 200).csv(tmp_path / "first.csv")
    second = dated(archive, 300).csv(tmp_path / "second.csv")
    third = Archive(archive.folder, archive.rows[300:350]).csv(tmp_path / "third.csv")
    program.ingest(first, base, *source)
    report = program.ingest(second, base, *source, "--since", "2024-05-03")
    assert report["inventory"]["skipped_since"] == 200
    assert report["items_processed"] == 100
    program.ingest(third, base, *source)

    snapshots = tables.load(base).metadata.snapshots
    assert len(snapshots) == 3
    for snapshot, end in zip(snapshots, (200, 300, 350), strict=True):
        assert tables.item_keys(base, snapshot.snapshot_id) == keys(archive, 0, end)
        assert int(snapshot.summary["total-records"]) == tables.fanned_out(base, snapshot.snapshot_id).total()
        scan = tables.load(base).scan(snapshot_id=snapshot.snapshot_id, selected_fields=("id",))
        assert scan.count() == tables.fanned_out(base, snapshot.snapshot_id).total()
    assert [s.parent_snapshot_id for s in snapshots] == [None, *(s.snapshot_id for s in snapshots[:-1])]
    assert [s.sequence_number for s in snapshots] == [1, 2, 3]
    assert Counter(tables.fanned_out(base).values()).keys() == {1}, "nothing is there twice"


def test_summaries_add_up(mixed: Catalogue) -> None:
    totals = {"records": 0, "data-files": 0, "files-size": 0}
    added = {"records": "added-records", "data-files": "added-data-files", "files-size": "added-files-size"}
    for snapshot in tables.load(mixed.base).metadata.snapshots:
        assert snapshot.summary.operation.value == "append"
        for name in totals:
            totals[name] += int(snapshot.summary[added[name]])
            assert int(snapshot.summary[f"total-{name}"]) == totals[name]
    assert totals["data-files"] == len(mixed.base.parquet_files())


def test_batch_add_files_is_one_snapshot(
    program: Program, archive: Archive, base: Base, tmp_path: Path
) -> None:
    inventory = archive.head(250).csv(tmp_path / "inventory.csv")
    flags = ("--source", archive.folder, "--chunk-size", 50, "--batch-add-files")
    report = program.ingest(inventory, base, *flags)
    assert report["commits"] == 1
    assert len(tables.load(base).metadata.snapshots) == 1
    assert tables.item_keys(base) == keys(archive, 0, 250)
    parts = {path.name.split("_")[1] for path in base.parquet_files()}
    assert len(parts) == 5, "five chunks were written"


@pytest.mark.parametrize(("rows", "chunk_size"), [(230, 100), (200, 100), (3, 1), (50, 1000)])
def test_chunk_size_is_items_per_snapshot(
    program: Program, archive: Archive, base: Base, tmp_path: Path, rows: int, chunk_size: int
) -> None:
    inventory = archive.head(rows).csv(tmp_path / "inventory.csv")
    report = program.ingest(inventory, base, "--source", archive.folder, "--chunk-size", chunk_size)
    ends = [*range(chunk_size, rows, chunk_size), rows]
    assert report["commits"] == len(ends) == -(-rows // chunk_size)
    snapshots = tables.load(base).metadata.snapshots
    assert len(snapshots) == len(ends)
    for snapshot, end in zip(snapshots, ends, strict=True):
        assert tables.item_keys(base, snapshot.snapshot_id) == keys(archive, 0, end)


def test_old_manifests_are_kept_unrewritten(
    program: Program, archive: Archive, base: Base, tmp_path: Path
) -> None:
    inventory = archive.head(300).csv(tmp_path / "inventory.csv")
    program.ingest(inventory, base, "--source", archive.folder, "--chunk-size", 60)
    table = tables.load(base)
    earlier: list[str] = []
    for snapshot in table.metadata.snapshots:
        manifests = snapshot.manifests(table.io)
        paths = [manifest.manifest_path for manifest in manifests]
        assert len(paths) == len(earlier) + 1
        assert set(earlier) < set(paths)
        added = [manifest for manifest in manifests if manifest.manifest_path not in earlier]
        assert [manifest.added_snapshot_id for manifest in added] == [snapshot.snapshot_id]
        earlier = paths


def test_schema_evolves_in_the_commit_that_needs_it(mixed: Catalogue) -> None:
    """Each snapshot names the schema its files were written with; ids of columns never change."""
    table = tables.load(mixed.base)
    schemas = table.schemas()
    known: dict[int, str] = {}
    for snapshot in table.metadata.snapshots:
        assert snapshot.schema_id is not None
        names = {field.field_id: field.name for field in schemas[snapshot.schema_id].fields}
        assert known.items() <= names.items()
        known = names
    assert table.current_snapshot().schema_id == table.schema().schema_id  # type: ignore[union-attr]
    assert len({snapshot.schema_id for snapshot in table.metadata.snapshots}) > 1


def test_metadata_names_only_files_that_exist(mixed: Catalogue) -> None:
    table = tables.load(mixed.base)
    for entry in table.metadata.metadata_log:
        assert tables.local_path(entry.metadata_file).is_file()
    for snapshot in table.metadata.snapshots:
        assert tables.local_path(snapshot.manifest_list).is_file()
        for manifest in snapshot.manifests(table.io):
            path = tables.local_path(manifest.manifest_path)
            assert path.stat().st_size == manifest.manifest_length
    folder = mixed.base.warehouse / "earthcatalog" / "stac_items" / "metadata"
    assert tables.metadata_path(table).parent == folder
