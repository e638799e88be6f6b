"""The configuration file (YAML) and its sections.

    catalog:
      db_path: /data/velocity/earthcatalog.db
      warehouse: /data/velocity/warehouse
    grid:
      type: h3            # or geojson, with
      resolution: 1       #   boundaries_path: regions.geojson
                          #   id_field: name
      max_cells: 100      # an item that touches more lies in coarser ones; 0 for no limit
    ingest:
      chunk_size: 500
      max_workers: 16
      batch_add_files: false

Every key is optional; an unknown one is a ValueError that names it.
"""

import os
from dataclasses import dataclass, field

from earthcatalog._native import core


@dataclass(frozen=True)
class CatalogConfig:
    """Where the catalog lies."""

    db_path: str | None = None
    warehouse: str | None = None


@dataclass(frozen=True)
class GridConfig:
    """The grid that the table is partitioned by.

    `type` is `h3`, with a `resolution` (none: the table's own, or 1 for a new table), or `geojson`: the
    regions of the file `boundaries_path` (a local path, an s3:// or http(s) URL), named by their property
    `id_field`. What belongs to the other type is passed over.

    An item that touches more than `max_cells` cells lies in coarser ones, at last in `__global__`; 0 is no
    limit, none the table's own or that of a new table. A partitioner that is asked by itself has no limit
    but this one.
    """

    type: str = "h3"
    resolution: int | None = None
    boundaries_path: str | os.PathLike[str] | None = None
    id_field: str | None = None
    max_cells: int | None = None

    def to_native(self) -> core.GridConfig:
        """The same for the native core."""
        boundaries_path = os.fspath(self.boundaries_path) if self.boundaries_path is not None else ""
        return core.GridConfig(
            self.type, self.resolution, boundaries_path, self.id_field or "", self.max_cells
        )


@dataclass(frozen=True)
class IngestConfig:
    """How items are read and committed.

    `chunk_size`: items per commit, None for as many as memory allows. `max_workers`: requests in flight.
    """

    chunk_size: int | None = 500
    max_workers: int = 16
    batch_add_files: bool = False


@dataclass(frozen=True)
class AppConfig:
    """A whole configuration file. Without `grid` it is the table's, or H3 at resolution 1 for a new table."""

    catalog: CatalogConfig = field(default_factory=CatalogConfig)
    grid: GridConfig | None = None
    ingest: IngestConfig = field(default_factory=IngestConfig)


def load_config(path: str | os.PathLike[str]) -> AppConfig:
    """Reads a configuration file."""
    sections = core.load_config(os.fspath(path))
    return AppConfig(
        catalog=CatalogConfig(**sections["catalog"]),
        grid=GridConfig(**sections["grid"]) if sections["grid"] else None,
        ingest=IngestConfig(**sections["ingest"]),
    )
