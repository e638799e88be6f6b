"""The native core. Private: the package's modules are its only callers.

What reads or writes a catalogue, and what works on many geometries, releases the GIL meanwhile; load_config,
which reads a small file, keeps it. Failures are ValueError (wrong arguments), FileNotFoundError,
KeyboardInterrupt, CatalogLocked, or EarthCatalogError.
"""

from collections.abc import Callable, Sequence
from typing import Any

from earthcatalog.partitioner import AbstractPartitioner

class GridConfig:
    """A grid as the catalog's table records it."""

    def __init__(
        self,
        grid_type: str,
        resolution: int | None = None,
        boundaries_path: str = "",
        id_field: str = "",
        max_cells: int | None = None,
    ) -> None: ...

class Partitioner:
    """Says which cells of a grid a geometry touches. May be used by several threads."""

    def __init__(self, config: GridConfig) -> None: ...
    def intersecting_keys(self, wkbs: Sequence[bytes]) -> list[list[str]]:
        """The cells of each WKB geometry; a ValueError for the first that is none."""

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
    def bytes_fetched(self) -> int: ...
    @property
    def total_items(self) -> int: ...

def main(arguments: list[str]) -> int:
    """Runs the command line program; `arguments` begins with its name. Returns the exit code."""

class Paths:
    """Where a catalog's parts lie, and what reaches them. Never says a secret.

    `s3`: any of endpoint, region, access_key, secret_key, session_token, and anonymous (by being there).
    """

    def __init__(self, db_path: str, warehouse: str, s3: dict[str, str]) -> None: ...
    @staticmethod
    def from_base(base: str, s3: dict[str, str]) -> Paths:
        """The catalog file and the warehouse of a base folder or URL."""

    @property
    def db_path(self) -> str: ...
    @property
    def warehouse(self) -> str: ...

class Lock:
    """The lock of a catalog, held from the call to release()."""

    def __init__(self, paths: Paths, owner: str, ttl_hours: int) -> None: ...
    def check(self) -> None:
        """CatalogLocked when it is no longer this holder's."""

    def release(self) -> None: ...

def check_catalog(paths: Paths) -> None:
    """Opens the catalog: FileNotFoundError when there is none."""

def catalog_grid(paths: Paths) -> tuple[str, int | None]:
    """The type and resolution of its grid."""

def catalog_info(paths: Paths) -> dict[str, Any]:
    """The fields of CatalogInfo."""

def catalog_stats(paths: Paths) -> list[dict[str, Any]]:
    """One entry per cell and year, from the table's metadata alone."""

def catalog_layout(paths: Paths) -> str:
    """The fields of TableLayout as JSON."""

class ItemTexts:
    """Items as JSON texts, each item once in its newest version. One thread at a time."""

    def __init__(self, paths: Paths, ids: Sequence[str]) -> None:
        """Finds out which rows they are; without `ids` those of all items."""

    def next(self) -> list[str] | None:
        """Some more of them; None after the last."""

def publish(paths: Paths, url_prefix: str) -> str:
    """Publishes the current snapshot under URLs; the report as JSON, as of the two below."""

def expire(paths: Paths, older_than: int | None, keep_last: int | None, dry_run: bool) -> str:
    """Lets snapshots go that are older than so many seconds."""

def clean(paths: Paths, older_than: int | None, dry_run: bool) -> str:
    """Removes orphans that are older than so many seconds; None: three days."""

def check_table(paths: Paths, deep: bool) -> str:
    """What check found, as JSON."""

def register_table(paths: Paths, grid: GridConfig | None, dry_run: bool) -> str:
    """What registering did, as JSON. There need be no catalog, but a warehouse."""

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
    partitioner: AbstractPartitioner | None,
    batch_add_files: bool,
    use_lock: bool,
    retry_failed: bool,
    again: bool,
    add_known: bool,
    source: str,
    suffix: str,
    on_progress: Callable[[Progress], None] | None,
) -> str:
    """Ingests an inventory and returns the run's report as JSON.

    `partitioner` is a grid of the user's own, instead of `grid`. It is called on the core's threads, one
    batch of items at a time; an exception it raises ends the run as one of `on_progress` does.

    `on_progress` is called by the calling thread a few times a second. An exception it raises, or Ctrl-C,
    ends the run cleanly first: what is committed stays, nothing half-written is left.
    """

def compact(
    paths: Paths,
    *,
    threshold: int,
    target_size: int,
    rewrite_all: bool,
    batch: int,
    memory_limit: int,
    column_types: dict[str, str],
    use_lock: bool,
    dry_run: bool,
    on_progress: Callable[[Progress], None] | None,
) -> str:
    """Unites small files and returns the report as JSON; `on_progress` as in run_incremental.

    `batch` is the number of cells and years in a commit, 0 for one commit. The progress counts rows.
    """

def rewrite_manifests(paths: Paths, dry_run: bool) -> str:
    """Arranges the manifests by cell and returns the report as JSON."""

def maintain(
    paths: Paths,
    *,
    threshold: int,
    memory_limit: int,
    dry_run: bool,
    on_progress: Callable[[Progress], None] | None,
) -> str:
    """Does what is due and returns the report as JSON; `on_progress` as in compact."""

def hash_id(id: str) -> bytes:  # noqa: A002
    """The digest of an id."""

def decode_hashes(file: bytes, name: str) -> set[bytes]:
    """The hashes of an index; `name` is for messages."""

def encode_hashes(hashes: set[bytes]) -> bytes:
    """The index that has them."""

def add_ids(ids: list[str], hashes: set[bytes]) -> int:
    """Adds the digests of the ids; how many of them are new."""

def count_hashes(path: str) -> int:
    """By the index's footer."""

def merge_files(files: Sequence[str], path: str, memory_limit: int) -> tuple[int, int]:
    """Adds the ids of Parquet files to an index; how many hashes it has, and how many of these are new."""

def build_hash_index(
    paths: Paths, path: str, memory_limit: int, on_progress: Callable[[Progress], None] | None
) -> str:
    """Makes the index of the table and returns the report as JSON. `path`: empty for where the table says."""

def update_hash_index(
    paths: Paths, files: Sequence[str], memory_limit: int, on_progress: Callable[[Progress], None] | None
) -> str:
    """Adds the ids of files, or what the table has got since; the report as JSON."""

def check_hash_index(paths: Paths, memory_limit: int, on_progress: Callable[[Progress], None] | None) -> str:
    """Compares index and table; what was found as JSON."""

def count_hash_index(paths: Paths) -> int:
    """By the footer; 0 without an index."""
