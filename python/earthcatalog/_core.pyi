"""The native core. Private: the package's modules are its only callers.

Every function that reads, writes or waits releases the GIL. Failures are ValueError (wrong arguments),
FileNotFoundError, KeyboardInterrupt, CatalogLocked, or EarthCatalogError.
"""

from collections.abc import Callable
from typing import Any

class GridConfig:
    """A grid as the catalog's table records it."""

    def __init__(
        self,
        grid_type: str,
        resolution: int | None = None,
        boundaries_path: str = "",
        id_field: str = "",
    ) -> None: ...

class Partitioner:
    """Says which cells of a grid a geometry touches. May be used by several threads."""

    def __init__(self, config: GridConfig) -> None: ...
    def intersecting_keys(self, wkb: bytes) -> list[str]: ...

class Progress:
    """How far a run is; `total_items` is 0 while unknown."""

    @property
    def rows_read(self) -> int: ...
    @property
    def items_done(self) -> int: ...
    @property
    def items_failed(self) -> int: ...
    @property
    def items_committed(self) -> int: ...
    @property
    def commits(self) -> int: ...
    @property
    def total_items(self) -> int: ...

def main(arguments: list[str]) -> int:
    """Runs the command line program; `arguments` begins with its name. Returns the exit code."""

def locations_from_base(base: str) -> tuple[str, str]:
    """The catalog file and the warehouse of a base folder or URL."""

def catalog_info(db_path: str, warehouse: str) -> dict[str, Any]:
    """The fields of CatalogInfo."""

def catalog_stats(db_path: str, warehouse: str) -> list[dict[str, Any]]:
    """One entry per cell and year, from the table's metadata alone."""

def load_config(path: str) -> dict[str, dict[str, Any]]:
    """A configuration file's sections with the keys it gives; an unknown key is a ValueError naming it."""

def run_incremental(
    *,
    inventory: str,
    catalog_path: str,
    warehouse_path: str,
    chunk_size: int | None,
    max_workers: int,
    limit: int | None,
    since: str | None,
    grid: GridConfig | None,
    batch_add_files: bool,
    use_lock: bool,
    retry_failed: bool,
    source: str,
    on_progress: Callable[[Progress], None] | None,
) -> str:
    """Ingests an inventory and returns the run's report as JSON.

    `on_progress` is called by the calling thread a few times a second. An exception it raises, or Ctrl-C,
    ends the run cleanly first: what is committed stays, nothing half-written is left.
    """
