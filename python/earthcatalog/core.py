"""Opening a catalog and asking what it holds."""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from earthcatalog._layout import PartitionStats, TableLayout, read_layout
from earthcatalog._native import core
from earthcatalog._progress import progress_bar
from earthcatalog._stores import translate_store
from earthcatalog.hash_index import DEFAULT_MEMORY_LIMIT as HASH_MEMORY_LIMIT
from earthcatalog.maintenance.compact import DEFAULT_MEMORY_LIMIT, DEFAULT_TARGET_SIZE, compact_catalog

if TYPE_CHECKING:
    from pyiceberg.table import Table

    from earthcatalog.config import GridConfig

CATALOG_NAME = "earthcatalog"
TABLE_NAME = "earthcatalog.stac_items"

# Our names of S3 settings, and PyIceberg's.
_PYICEBERG_S3 = {
    "endpoint": "s3.endpoint",
    "region": "s3.region",
    "access_key": "s3.access-key-id",
    "secret_key": "s3.secret-access-key",
    "session_token": "s3.session-token",
    "anonymous": "s3.anonymous",
}


@dataclass(frozen=True)
class CatalogInfo:
    """What a catalog holds, from its metadata alone.

    `row_count` counts an item once per cell it lies in; one that touches more than `grid_max_cells` lies in
    coarser ones, and None is no limit. Where the table does not record its grid
    (`grid_recorded`), its cells tell it, or it is "unknown". `overflowed` says of how many items a column
    could not hold the value, or had none for it, so that it is in `_overflow`, by the dotted path.
    """

    db_path: str
    warehouse: str
    metadata_location: str
    table_uuid: str
    grid_type: str
    grid_resolution: int | None
    snapshot_count: int
    current_snapshot_id: int | None
    row_count: int
    file_count: int
    total_bytes: int
    cell_count: int
    first_year: int | None
    last_year: int | None
    column_count: int
    grid_recorded: bool
    grid_max_cells: int | None
    overflowed: dict[str, int]


class EarthCatalog:
    """A catalog that exists.

    Every answer is about the table as it is at that moment. Threads may share the object.
    """

    def __init__(self, catalog_path: str, warehouse_path: str, s3: dict[str, str] | None = None) -> None:
        """`s3`: settings of the S3 service, in place of the environment's; see open()."""
        self._s3 = dict(s3 or {})
        self._paths = core.Paths(catalog_path, warehouse_path, self._s3)
        self.catalog_path = catalog_path
        self.warehouse_path = warehouse_path
        core.check_catalog(self._paths)

    @cached_property
    def _grid(self) -> tuple[str, int | None]:
        return core.catalog_grid(self._paths)

    @property
    def grid_type(self) -> str:
        """One of h3, geojson and custom, or unknown where neither the table nor its cells tell."""
        return self._grid[0]

    @property
    def grid_resolution(self) -> int | None:
        """Of an h3 grid."""
        return self._grid[1]

    def info(self) -> CatalogInfo:
        """Where the catalog lies, its grid, and its totals."""
        return CatalogInfo(**core.catalog_info(self._paths))

    def stats(self) -> list[PartitionStats]:
        """Rows, files and bytes of every cell and year, sorted by them."""
        return [
            PartitionStats(**entry)  # type: ignore[typeddict-item]
            for entry in core.catalog_stats(self._paths)
        ]

    def layout(self) -> TableLayout:
        """How the table lies on disk: sizes of files, fan-out, metadata; for planning."""
        return read_layout(core.catalog_layout(self._paths))

    def items(self, ids: Iterable[str] | None = None) -> Iterator[dict[str, Any]]:
        """The STAC items as they were, each once, however many cells it lies in.

        Of an item that was ingested more than once (same collection and id) it is the newest version: the one
        with the latest `updated`, then `created`, then the one ingested last.

        Args:
            ids: only items with these ids; all without. Ids that no item has are passed over.
        """
        if isinstance(ids, str):
            raise TypeError("ids is a list of ids, not one text")
        wanted = [] if ids is None else list(ids)
        if ids is not None and not wanted:
            return
        texts = core.ItemTexts(self._paths, wanted)
        while (some := texts.next()) is not None:
            yield from map(json.loads, some)

    def unique_item_count(self) -> int:
        """How many items there are by the hash index, of which the footer is read; 0 without one."""
        return core.count_hash_index(self._paths)

    def build_hash_index(
        self, path: str | None = None, *, memory_limit: int = HASH_MEMORY_LIMIT
    ) -> dict[str, Any]:
        """Makes the index of the table's ids, in place of one that is there.

        Args:
            path: where it is to lie, which the table notes; None: where the table says.
            memory_limit: of sorting, in bytes; what does not fit goes to a temporary file.

        Returns:
            What `earthcatalog hash-index build --json` prints: `path`, `key`, `count`, ...
        """
        with progress_bar(verb="indexing", unit="rows") as on_progress:
            report = core.build_hash_index(self._paths, path or "", memory_limit, on_progress)
        return dict(json.loads(report))

    def update_hash_index(
        self,
        new_parquet_paths: Iterable[str] | None = None,
        *,
        memory_limit: int = HASH_MEMORY_LIMIT,
    ) -> dict[str, Any]:
        """Adds ids to the index.

        Args:
            new_parquet_paths: files with a column `id`; None: what the table has got since.
            memory_limit: as for build_hash_index().

        Returns:
            As build_hash_index(); `added` is how many are new.

        Raises:
            FileNotFoundError: there is no index.
            ValueError: a second collection appeared, so that ids alone say no more who an item is.
        """
        files = [] if new_parquet_paths is None else list(new_parquet_paths)
        if new_parquet_paths is not None and not files:
            raise ValueError("no files are named; leave them out to add what the table has got")
        with progress_bar(verb="indexing", unit="rows") as on_progress:
            report = core.update_hash_index(self._paths, files, memory_limit, on_progress)
        return dict(json.loads(report))

    def check_hash_index(self, *, memory_limit: int = HASH_MEMORY_LIMIT) -> dict[str, Any]:
        """Whether the index knows the table's items, and no others.

        Returns:
            What `earthcatalog hash-index check --json` prints: `sound`, `count`, `table_items`, `missing`,
            `extra`, and some of these.
        """
        with progress_bar(verb="comparing", unit="rows") as on_progress:
            report = core.check_hash_index(self._paths, memory_limit, on_progress)
        return dict(json.loads(report))

    def compact(
        self,
        threshold: int = 2,
        dry_run: bool = False,
        *,
        target_size: int = DEFAULT_TARGET_SIZE,
        rewrite_all: bool = False,
        batch: int | None = None,
        memory_limit: int = DEFAULT_MEMORY_LIMIT,
        use_lock: bool = False,
        column_types: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """Unites the small files of each cell and year, and leaves out superseded versions of items.

        The arguments, the result and what is raised are those of
        `earthcatalog.maintenance.compact.compact_warehouse`.
        """
        return compact_catalog(
            self._paths,
            threshold=threshold,
            dry_run=dry_run,
            target_size=target_size,
            rewrite_all=rewrite_all,
            batch=batch,
            memory_limit=memory_limit,
            use_lock=use_lock,
            column_types=column_types,
        )

    def rewrite_manifests(self, dry_run: bool = False) -> dict[str, Any]:
        """Arranges the table's manifests by cell, so that searches read few of them.

        Where they lie well nothing is done; with `dry_run` nothing is done anyway.

        Returns:
            `rewritten`, and of the manifests `before` and `after`: `count`, `bytes`, how many are `small`,
            and the most that a search for one cell and year reads, `per_partition`.
        """
        return dict(json.loads(core.rewrite_manifests(self._paths, dry_run)))

    def maintain(
        self,
        dry_run: bool = False,
        *,
        threshold: int = 5,
        memory_limit: int = DEFAULT_MEMORY_LIMIT,
    ) -> dict[str, Any]:
        """Does what is due: compacts, arranges manifests, publishes again, expires snapshots, cleans.

        A step that fails keeps no other from its work and raises nothing, so look at the outcomes.

        Args:
            dry_run: only say what is due, and why.
            threshold: unite files where a cell and year has so many that are worth it.
            memory_limit: in bytes.

        Returns:
            `steps`, each with its `outcome` (done, not_due, failed, locked where somebody else holds the
            lock; due in a dry run), `reason`, `message` and, when it was done, `details`.
        """
        with progress_bar(verb="compacting", unit="rows") as on_progress:
            report = core.maintain(
                self._paths,
                threshold=threshold,
                memory_limit=memory_limit,
                dry_run=dry_run,
                on_progress=on_progress,
            )
        return dict(json.loads(report))

    def check(self, deep: bool = False) -> dict[str, Any]:
        """Whether the table is what its files are: "sound", and the "problems" that were found.

        Args:
            deep: read all rows, too; without it metadata and the files' footers tell.
        """
        report: dict[str, Any] = json.loads(core.check_table(self._paths, deep))
        return report

    def register(self, *, dry_run: bool = False) -> dict[str, Any]:
        """Makes the table name the files that lie in its warehouse; see earthcatalog.register()."""
        report: dict[str, Any] = json.loads(core.register_table(self._paths, None, dry_run))
        return report

    def lock(self, owner: str, ttl_hours: int = 12) -> "S3Lock":
        """Keeps other writers away while it is held: `with catalog.lock("my job"): ...`.

        Runs take the lock themselves; this is for a writer of one's own, which gives them use_lock=False.
        """
        return S3Lock(owner, ttl_hours, paths=self._paths)

    def publish(self, url_prefix: str) -> dict[str, Any]:
        """Writes metadata for readers who have the table over the web, without a catalog.

        They find it below the warehouse, at the URL that is the report's `table`. What was published before
        stays for those who are reading it, until `clean` removes it.

        Args:
            url_prefix: the http(s) URL of the warehouse folder.

        Returns:
            What `earthcatalog publish --json` prints.
        """
        report: dict[str, Any] = json.loads(core.publish(self._paths, url_prefix))
        return report

    def expire(
        self,
        older_than: timedelta | None = None,
        keep_last: int | None = None,
        dry_run: bool = False,
    ) -> dict[str, Any]:
        """Forgets snapshots and deletes the files that only they reach, but for those that are published.

        Args:
            older_than: the age beyond which snapshots go; None: what the table or a branch states, or 5 days.
            keep_last: so many of each branch stay, however old; None: what the table or the branch states,
                or 1.
            dry_run: only say what would go.

        Returns:
            What `earthcatalog expire --json` prints.
        """
        report: dict[str, Any] = json.loads(
            core.expire(self._paths, _seconds(older_than), keep_last, dry_run)
        )
        return report

    def clean(self, older_than: timedelta | None = None, dry_run: bool = False) -> dict[str, Any]:
        """Removes orphans: files that no snapshot names, nor a published tree in use.

        Args:
            older_than: only files last modified so long ago, and trees that were replaced so long ago; None:
                3 days. What is younger may belong to a writer that does not use the lock.
            dry_run: only say what would be removed.

        Returns:
            What `earthcatalog clean --json` prints.
        """
        report: dict[str, Any] = json.loads(core.clean(self._paths, _seconds(older_than), dry_run))
        return report

    @property
    def table(self) -> "Table":
        """The Iceberg table, through PyIceberg. That of a catalog in S3 is as it is now, and read-only.

        Raises:
            ImportError: PyIceberg is not installed.
        """
        try:
            from pyiceberg.catalog.sql import SqlCatalog
            from pyiceberg.table import StaticTable
        except ImportError as error:
            raise ImportError(
                "EarthCatalog.table needs PyIceberg: pip install 'pyiceberg[sql-sqlite]'"
            ) from error
        if self.catalog_path.startswith("s3://") or self.warehouse_path.startswith("s3://"):
            return StaticTable.from_metadata(self.info().metadata_location, self._pyiceberg_settings())
        catalog = SqlCatalog(
            CATALOG_NAME,
            uri=f"sqlite:///{os.path.abspath(self.catalog_path)}",  # noqa: PTH100 - keeps symbolic links
            warehouse=self.warehouse_path,
        )
        return catalog.load_table(TABLE_NAME)

    def _pyiceberg_settings(self) -> dict[str, str]:
        endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
        settings = {"endpoint": endpoint, **self._s3} if endpoint else self._s3
        return {_PYICEBERG_S3[name]: value for name, value in settings.items()}

    def __repr__(self) -> str:
        resolution = "" if self.grid_resolution is None else f" {self.grid_resolution}"
        return f"<EarthCatalog {self.catalog_path!r}, grid {self.grid_type}{resolution}>"


class S3Lock:
    """The lock of a catalog, in S3 or a local folder; a context manager.

    It is an object `.lock` beside the warehouse that says who holds it, renewed while it is held. One that is
    not renewed for `ttl_hours` is taken over by the next who asks, and so is that of a process which is gone
    from this machine.

    Raises:
        CatalogLocked: on entering, when somebody else holds it; the message names them.
    """

    def __init__(
        self,
        owner: str,
        ttl_hours: int = 12,
        *,
        base: str | os.PathLike[str] | None = None,
        store: object | None = None,
        paths: "core.Paths | None" = None,
    ) -> None:
        self.owner = owner
        self.ttl_hours = ttl_hours
        self._paths = _locate(base, store)[0] if paths is None else paths
        self._held: core.Lock | None = None

    def __enter__(self) -> "S3Lock":
        self._held = core.Lock(self._paths, self.owner, self.ttl_hours)
        return self

    def __exit__(self, *_: object) -> None:
        if self._held is not None:
            self._held.release()
            self._held = None

    def check(self) -> None:
        """Does nothing while the lock is held; CatalogLocked when somebody took it over or removed it."""
        if self._held is None:
            raise ValueError("the lock is not held")
        self._held.check()


def _seconds(age: timedelta | None) -> int | None:
    """An age as the core takes it."""
    if age is None:
        return None
    if age < timedelta(0):
        raise ValueError(f"older_than is an age, which cannot be negative: {age}")
    return int(age.total_seconds())


def _locate(base: str | os.PathLike[str] | None, store: object | None) -> "tuple[core.Paths, dict[str, str]]":
    """Where a catalog's parts lie, and the settings of the S3 service that has them."""
    named = os.fspath(base) if base else None
    if store is not None:
        place, settings = translate_store(store, named)
        return core.Paths.from_base(place, settings), settings
    named = named or os.environ.get("EARTHCATALOG_BASE")
    if not named:
        raise ValueError("no catalog named: give base=... or set EARTHCATALOG_BASE")
    return core.Paths.from_base(named, {}), {}


def _paths_of(
    base: str | os.PathLike[str] | None,
    store: object | None,
    catalog_path: str | os.PathLike[str] | None,
    warehouse_path: str | os.PathLike[str] | None,
) -> "tuple[core.Paths, dict[str, str]]":
    """Of a base, or of both paths."""
    if (catalog_path is None) != (warehouse_path is None):
        raise ValueError("catalog_path and warehouse_path belong together: give both or a base")
    if catalog_path is None or warehouse_path is None:
        return _locate(base, store)
    if base is not None or store is not None:
        raise ValueError("give either base and store, or catalog_path and warehouse_path")
    return core.Paths(os.fspath(catalog_path), os.fspath(warehouse_path), {}), {}


def register(
    base: str | os.PathLike[str] | None = None,
    *,
    store: object | None = None,
    catalog_path: str | os.PathLike[str] | None = None,
    warehouse_path: str | os.PathLike[str] | None = None,
    grid_config: "GridConfig | None" = None,
    dry_run: bool = False,
) -> dict[str, Any]:
    """Makes or mends a table from the files of its warehouse, also after it was moved or its catalog is lost.

    Files that no snapshot names are added, entries whose files are gone are removed, and wrong ones are put
    right, in one commit. Nothing is done twice: a table that names its files stays as it is.

    Args:
        base: where the catalog lies or is to lie, as open() takes it.
        store: likewise.
        catalog_path: likewise.
        warehouse_path: likewise.
        grid_config: the grid, of a table that does not record one; without it the cells tell.
        dry_run: only say what would be done.

    Returns:
        What was done: "added", "removed" and "left_out" name the files, the last with the reasons.

    Raises:
        CatalogLocked: somebody else writes.
        FileNotFoundError: there is no warehouse.
        ValueError: `grid_config` is not the table's grid.
    """
    paths, _ = _paths_of(base, store, catalog_path, warehouse_path)
    grid = None if grid_config is None else grid_config.to_native()
    report: dict[str, Any] = json.loads(core.register_table(paths, grid, dry_run))
    return report


def open(  # noqa: A001 - the published name: earthcatalog.open
    base: str | os.PathLike[str] | None = None,
    *,
    store: object | None = None,
    catalog_path: str | os.PathLike[str] | None = None,
    warehouse_path: str | os.PathLike[str] | None = None,
) -> EarthCatalog:
    """Opens an existing catalog.

    Args:
        base: the folder or URL that holds `earthcatalog.db` and `warehouse/`; without one the environment's
            EARTHCATALOG_BASE.
        store: an obstore S3Store or LocalStore: its bucket or folder, endpoint, region and credentials are
            the catalog's, and `base` may be a path below its prefix. Without one, what the environment says.
        catalog_path: the catalog file, where it does not lie in a common base. Needs `warehouse_path`.
        warehouse_path: the warehouse to that file.

    Raises:
        FileNotFoundError: there is no catalog.
        ValueError: neither a base nor both paths are given, or both are.
    """
    paths, settings = _paths_of(base, store, catalog_path, warehouse_path)
    return EarthCatalog(paths.db_path, paths.warehouse, settings)
