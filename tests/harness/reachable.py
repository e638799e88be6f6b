"""Which files of a warehouse a table still names."""

from pyiceberg.table import Table

from . import tables
from .program import Base


def named_by(table: Table, *, log: bool) -> dict[str, bool]:
    """The files that the metadata names, as PyIceberg reads it; whether a snapshot needs it to be read."""
    paths = {table.metadata_location: True}
    if log:
        paths |= {entry.metadata_file: True for entry in table.metadata.metadata_log}
    for snapshot in table.metadata.snapshots:
        paths[snapshot.manifest_list] = True
        for manifest in snapshot.manifests(table.io):
            paths[manifest.manifest_path] = True
            for entry in manifest.fetch_manifest_entry(table.io, discard_deleted=False):
                live = entry.status != 2
                paths[entry.data_file.file_path] = live or paths.get(entry.data_file.file_path, False)
    return paths


def check_nothing_else_is_there(base: Base) -> None:
    """In the warehouse, but for what the table names; and all that a snapshot needs is."""
    paths = {tables.local_path(p): live for p, live in named_by(tables.load(base), log=True).items()}
    there = {path for path in base.warehouse.rglob("*") if path.is_file()}
    assert there <= paths.keys()
    assert {path for path, live in paths.items() if live} <= there
