"""From an inventory to committed rows, on one machine.

`python -m earthcatalog.pipelines.incremental` is the command `earthcatalog incremental`.
"""

import datetime as dt
import json
import os
import sys
from typing import Any, Literal

from earthcatalog._native import core
from earthcatalog._progress import progress_bar
from earthcatalog.config import AppConfig, GridConfig, load_config
from earthcatalog.grids._native_partitioner import native_config
from earthcatalog.partitioner import AbstractPartitioner


def run(
    inventory_path: str | os.PathLike[str],
    catalog_path: str | os.PathLike[str],
    warehouse_path: str | os.PathLike[str],
    chunk_size: int | None = 500,
    max_workers: int = 16,
    limit: int | None = None,
    h3_resolution: int | None = None,
    partitioner: AbstractPartitioner | None = None,
    use_lock: bool = True,
    batch_add_files: bool = False,
    since: str | dt.date | None = None,
    grid_config: GridConfig | None = None,
    *,
    source: str | os.PathLike[str] | None = None,
    suffix: str = ".stac.json",
    retry_failed: bool = False,
    again: bool = False,
    on_known: Literal["skip", "append"] = "skip",
) -> dict[str, Any]:
    """Ingests the items of an inventory; the table is made when it is missing.

    A call that is repeated goes on after the last commit of the call before, whatever ended that one:
    nothing is lost or added twice. When the table holds the inventory already, nothing is added. Of another
    inventory, or with another `since`, those objects are added that the table has not ingested, or that have
    changed since by their last-modified date.

    Shows a progress bar on a terminal. Ctrl-C ends the run cleanly: what is committed stays.

    Args:
        inventory_path: CSV, CSV.gz, Parquet, ORC or the manifest.json of an S3 Inventory; a path or URL.
        catalog_path: the catalog's SQLite file.
        warehouse_path: the folder or URL of the table's data.
        chunk_size: items per commit; None: as many as memory allows, which makes fewer and larger files.
        max_workers: requests in flight.
        limit: at most so many items.
        h3_resolution: of the table's H3 grid. Without any grid given: the table's, or 1 for a new table.
        partitioner: the grid as an object of `earthcatalog.grids` or of an `AbstractPartitioner` of your own.
        use_lock: hold the catalog's lock during the run.
        batch_add_files: one commit for the whole run.
        since: only items modified at or after it; a date is its midnight, a time without offset is UTC.
        grid_config: the grid as a configuration.
        source: folder or http(s) URL that stands for `s3://`: it holds one folder per bucket.
        suffix: rows whose key does not end in it are passed over and counted.
        retry_failed: try the quarantined items again, too.
        again: when the table holds the whole inventory already, add it once more.
        on_known: objects that the table has ingested, unchanged since: "skip" counts them, "append" adds them
            again. An object without a last-modified date is never known.

    Returns:
        The run's report: what happened to every row of the inventory, what columns could not hold, files,
        bytes and times.

    Raises:
        ValueError: wrong arguments, or a grid other than the table's.
        FileNotFoundError: no such inventory.
        CatalogLocked: another run holds the lock.
        EarthCatalogError: the run failed; the table stands as of its last commit.
        Exception: whatever a partitioner of your own raised; the table stands as of its last commit.
    """
    grid, own_partitioner = _one_grid(h3_resolution, partitioner, grid_config)
    with progress_bar() as on_progress:
        report = core.run_incremental(
            inventory=os.fspath(inventory_path),
            catalog_path=os.fspath(catalog_path),
            warehouse_path=os.fspath(warehouse_path),
            chunk_size=chunk_size,
            max_workers=max_workers,
            limit=limit,
            since=_instant_text(since),
            grid=grid.to_native() if grid else None,
            partitioner=own_partitioner,
            batch_add_files=batch_add_files,
            use_lock=use_lock,
            retry_failed=retry_failed,
            again=again,
            add_known=_adds_known(on_known),
            source=os.fspath(source) if source is not None else "",
            suffix=suffix,
            on_progress=on_progress,
        )
    return dict(json.loads(report))


def _adds_known(on_known: str) -> bool:
    if on_known not in ("skip", "append"):
        raise ValueError(f'on_known must be "skip" or "append", not {on_known!r}')
    return on_known == "append"


def run_from_config(
    inventory_path: str | os.PathLike[str],
    config: AppConfig | str | os.PathLike[str],
    limit: int | None = None,
    *,
    source: str | os.PathLike[str] | None = None,
    suffix: str = ".stac.json",
) -> dict[str, Any]:
    """Does what `run` does, with the settings of a configuration or its file."""
    if not isinstance(config, AppConfig):
        config = load_config(config)
    if config.catalog.db_path is None or config.catalog.warehouse is None:
        raise ValueError("the configuration must give catalog.db_path and catalog.warehouse")
    return run(
        inventory_path,
        config.catalog.db_path,
        config.catalog.warehouse,
        chunk_size=config.ingest.chunk_size,
        max_workers=config.ingest.max_workers,
        limit=limit,
        batch_add_files=config.ingest.batch_add_files,
        grid_config=config.grid,
        source=source,
        suffix=suffix,
    )


def _one_grid(
    h3_resolution: int | None,
    partitioner: AbstractPartitioner | None,
    grid_config: GridConfig | None,
) -> tuple[GridConfig | None, AbstractPartitioner | None]:
    """The grid that the arguments name, maybe several times: the core's, or a class of the user's own."""
    named: list[GridConfig | AbstractPartitioner] = []
    if h3_resolution is not None:
        named.append(GridConfig("h3", h3_resolution))
    if partitioner is not None:
        if not isinstance(partitioner, AbstractPartitioner):
            raise TypeError(f"partitioner: {type(partitioner).__name__} is no AbstractPartitioner")
        named.append(native_config(partitioner) or partitioner)
    if grid_config is not None:
        named.append(grid_config)
    if any(grid != named[0] for grid in named):
        raise ValueError(
            "h3_resolution, partitioner and grid_config name different grids: " + ", ".join(map(str, named))
        )
    grid = named[0] if named else None
    return (None, grid) if isinstance(grid, AbstractPartitioner) else (grid, None)


def _instant_text(since: str | dt.date | None) -> str | None:
    """`since` as the core reads it; a datetime is a date, too."""
    return since.isoformat() if isinstance(since, dt.date) else since


if __name__ == "__main__":
    sys.exit(core.main(["earthcatalog", "incremental", *sys.argv[1:]]))
