"""Uniting small files.

`python -m earthcatalog.maintenance.compact` is the command `earthcatalog compact`.
"""

import json
import os
import sys
from collections.abc import Mapping
from typing import Any

from earthcatalog._native import core
from earthcatalog._progress import progress_bar

DEFAULT_TARGET_SIZE = 128 << 20
DEFAULT_MEMORY_LIMIT = 512 << 20


def compact_warehouse(
    warehouse_path: str | os.PathLike[str],
    catalog_path: str | os.PathLike[str],
    threshold: int = 2,
    use_lock: bool = False,
    dry_run: bool = False,
    *,
    target_size: int = DEFAULT_TARGET_SIZE,
    rewrite_all: bool = False,
    batch: int | None = None,
    memory_limit: int = DEFAULT_MEMORY_LIMIT,
    column_types: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Unites the small files of each cell and year, and leaves out superseded versions of items.

    Every commit is atomic, and the files that it replaces stay for older snapshots until these expire. Shows
    a progress bar on a terminal. Ctrl-C ends the work cleanly: what is committed stays.

    Args:
        warehouse_path: the folder or URL of the table's data.
        catalog_path: the catalog's SQLite file.
        threshold: only where a cell and year has so many files that are worth uniting.
        use_lock: hold the catalog's lock. Without it others may add meanwhile; of two who change the same
            files one fails.
        dry_run: only say what would be done.
        target_size: bytes of the files written.
        rewrite_all: write all files anew, also those that are good as they are.
        batch: so many cells and years in a commit; None: one commit for all.
        memory_limit: in bytes.
        column_types: columns of properties that get other types, as `{"eo:cloud_cover": "double"}`: boolean,
            int, long, float, double, string, timestamptz, or a list of one of these, as "list<string>". All
            files are written anew, in one commit. What the type does not hold goes to `_overflow`, and what
            it holds comes from there.

    Returns:
        The report: `buckets_scanned` and `buckets_compacted` (cells and years), `files_before` and
        `files_after`, `bytes_…` and `rows_…` of the whole table, what was written, and in `column_types` what
        types were before and are now.

    Raises:
        ValueError: wrong arguments.
        FileNotFoundError: there is no catalog.
        CatalogLocked: another run holds the lock.
        EarthCatalogError: the work failed; the table stands as of its last commit.
    """
    return compact_catalog(
        core.Paths(os.fspath(catalog_path), os.fspath(warehouse_path), {}),
        threshold=threshold,
        use_lock=use_lock,
        dry_run=dry_run,
        target_size=target_size,
        rewrite_all=rewrite_all,
        batch=batch,
        memory_limit=memory_limit,
        column_types=column_types,
    )


def compact_catalog(
    paths: "core.Paths",
    *,
    threshold: int,
    use_lock: bool,
    dry_run: bool,
    target_size: int,
    rewrite_all: bool,
    batch: int | None,
    memory_limit: int,
    column_types: Mapping[str, str] | None,
) -> dict[str, Any]:
    """What compact_warehouse does, of a catalog whose places are known."""
    with progress_bar(verb="compacting", unit="rows") as on_progress:
        report = core.compact(
            paths,
            threshold=threshold,
            target_size=target_size,
            rewrite_all=rewrite_all,
            batch=batch or 0,
            memory_limit=memory_limit,
            column_types=dict(column_types or {}),
            use_lock=use_lock,
            dry_run=dry_run,
            on_progress=on_progress,
        )
    return dict(json.loads(report))


if __name__ == "__main__":
    sys.exit(core.main(["earthcatalog", "compact", *sys.argv[1:]]))
