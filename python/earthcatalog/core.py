"""Opening a catalog and asking what it holds."""

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypedDict

from earthcatalog._native import core

if TYPE_CHECKING:
    from pyiceberg.table import Table

CATALOG_NAME = "earthcatalog"
TABLE_NAME = "earthcatalog.stac_items"


class PartitionStats(TypedDict):
    """One cell and year of the table; `year` is None for items without a usable datetime."""

    grid_partition: str
    year: int | None
    row_count: int
    file_count: int
    total_bytes: int


@dataclass(frozen=True)
class CatalogInfo:
    """What a catalog holds, from its metadata alone.

    `row_count` counts an item once per cell it touches. Where the table does not record its grid
    (`grid_recorded`), its cells tell it, or it is "unknown".
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


class EarthCatalog:
    """A catalog that exists.

    Every answer is about the table as it is at that moment. Threads may share the object.
    """

    def __init__(self, catalog_path: str, warehouse_path: str) -> None:
        self.catalog_path = catalog_path
        self.warehouse_path = warehouse_path
        info = self.info()
        self.grid_type = info.grid_type
        self.grid_resolution = info.grid_resolution

    def info(self) -> CatalogInfo:
        """Where the catalog lies, its grid, and its totals."""
        return CatalogInfo(**core.catalog_info(self.catalog_path, self.warehouse_path))

    def stats(self) -> list[PartitionStats]:
        """Rows, files and bytes of every cell and year, sorted by them."""
        return [
            PartitionStats(**entry)  # type: ignore[typeddict-item]
            for entry in core.catalog_stats(self.catalog_path, self.warehouse_path)
        ]

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
        texts = core.ItemTexts(self.catalog_path, self.warehouse_path, wanted)
        while (some := texts.next()) is not None:
            yield from map(json.loads, some)

    @property
    def table(self) -> "Table":
        """The Iceberg table, through PyIceberg; of a catalog in S3 as it is now, to be read only.

        Raises:
            ImportError: PyIceberg is not installed.
        """
        try:
            from pyiceberg.catalog.sql import SqlCatalog
            from pyiceberg.table import StaticTable
        except ImportError as error:
            raise ImportError(
                "EarthCatalog.table needs PyIceberg: pip install 'earthcatalog[iceberg]'"
            ) from error
        if "://" in self.catalog_path and not self.catalog_path.startswith("file:"):
            return StaticTable.from_metadata(self.info().metadata_location)
        catalog = SqlCatalog(
            CATALOG_NAME,
            uri=f"sqlite:///{os.path.abspath(self.catalog_path)}",  # noqa: PTH100 - keeps symbolic links
            warehouse=self.warehouse_path,
        )
        return catalog.load_table(TABLE_NAME)

    def __repr__(self) -> str:
        resolution = "" if self.grid_resolution is None else f" {self.grid_resolution}"
        return f"<EarthCatalog {self.catalog_path!r}, grid {self.grid_type}{resolution}>"


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
        store: must be None: credentials come from the environment.
        catalog_path: the catalog file, where it does not lie in a common base. Needs `warehouse_path`.
        warehouse_path: the warehouse to that file.

    Raises:
        FileNotFoundError: there is no catalog.
        ValueError: neither a base nor both paths are given, or both are.
    """
    if store is not None:
        raise NotImplementedError(
            "open(store=...) is not supported yet: leave it out, credentials come from the environment"
        )
    if (catalog_path is None) != (warehouse_path is None):
        raise ValueError("catalog_path and warehouse_path belong together: give both or a base")
    if catalog_path is not None and warehouse_path is not None:
        if base is not None:
            raise ValueError("give either base, or catalog_path and warehouse_path")
        return EarthCatalog(os.fspath(catalog_path), os.fspath(warehouse_path))
    base = base or os.environ.get("EARTHCATALOG_BASE")
    if not base:
        raise ValueError("no catalog named: give base=... or set EARTHCATALOG_BASE")
    return EarthCatalog(*core.locations_from_base(os.fspath(base)))
