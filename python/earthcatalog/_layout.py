"""How a table lies on disk."""

import datetime as dt
import json
from dataclasses import dataclass
from typing import TypedDict


class PartitionStats(TypedDict):
    """One cell and year of the table; `year` is None for items without a usable datetime."""

    grid_partition: str
    year: int | None
    row_count: int
    file_count: int
    total_bytes: int


class FileSizeRange(TypedDict):
    """Data files smaller than `below` bytes, and not below the range before; None is the last range."""

    below: int | None
    file_count: int
    total_bytes: int


class Spread(TypedDict):
    """How a number is spread over the cells and years: half of them have no more than `median`.

    Nine in ten have no more than `ninth_decile`.
    """

    least: int
    median: int
    ninth_decile: int
    most: int


class YearTotals(TypedDict):
    """One year of the table, in all cells; None as in PartitionStats."""

    year: int | None
    cell_count: int
    row_count: int
    file_count: int
    total_bytes: int


@dataclass(frozen=True)
class TableLayout:
    """How a table lies on disk, from its metadata alone: for planning its maintenance and queries.

    A partition is a cell and year.

    Attributes:
        file_sizes: the data files by size; all ranges, also those without files.
        small_file_below: the size that makes a file a small one, which compaction would unite with others.
        small_file_share: of the number of files.
        mergeable_file_count: small files that share their cell and year with another one.
        fan_out: rows of an item, or None when no commit says how many items it brought: those of other
            programs and of earlier versions do not. Told by `fan_out_items` items in `fan_out_rows` rows; one
            that was ingested again counts again.
        manifests_per_partition: the most that a search for one cell and year reads.
        metadata_bytes: what readers of the current snapshot need.
        metadata_folder_bytes: with all older snapshots; None where the folder may not be listed.
        overflowed: as in CatalogInfo.
    """

    row_count: int
    file_count: int
    total_bytes: int
    cell_count: int
    partition_count: int
    file_sizes: list[FileSizeRange]
    small_file_below: int
    small_file_count: int
    small_file_bytes: int
    small_file_share: float
    mergeable_file_count: int
    rows_per_partition: Spread
    files_per_partition: Spread
    fan_out: float | None
    fan_out_items: int
    fan_out_rows: int
    snapshot_count: int
    first_snapshot: dt.datetime | None
    last_snapshot: dt.datetime | None
    manifest_count: int
    manifests_per_partition: int
    metadata_bytes: int
    metadata_file_count: int | None
    metadata_folder_bytes: int | None
    years: list[YearTotals]
    partitions: list[PartitionStats]
    overflowed: dict[str, int]


def read_layout(text: str) -> TableLayout:
    """The core's JSON."""
    values = json.loads(text)
    for name in ("first_snapshot", "last_snapshot"):
        if values[name] is not None:
            values[name] = dt.datetime.fromisoformat(values[name])
    return TableLayout(**values)
