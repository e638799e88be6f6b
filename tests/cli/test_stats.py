"""`earthcatalog stats` says how a table lies on disk, from its metadata alone."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from harness import older_table, tables
from harness.archives import Archive
from harness.odd_items import make_item, point
from harness.program import Base, Catalogue, Program

Layout = dict[str, Any]


def layout_of(program: Program, base: Base) -> Layout:
    done = program.run("stats", *base.flags, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    layout: Layout = json.loads(done.stdout)
    return layout


@pytest.fixture(scope="module")
def layout(program: Program, mixed: Catalogue) -> Layout:
    return layout_of(program, mixed.base)


def partition_name(entry: dict[str, Any]) -> tuple[str, str]:
    """As the folders have it."""
    return entry["grid_partition"], "unknown" if entry["year"] is None else f"{entry['year']:04}"


def quantiles(numbers: list[int]) -> dict[str, int]:
    """By the nearest rank."""
    numbers = sorted(numbers)
    ranks = {"least": 1, "median": -(-5 * len(numbers) // 10), "ninth_decile": -(-9 * len(numbers) // 10)}
    return {name: numbers[rank - 1] for name, rank in ranks.items()} | {"most": numbers[-1]}


def test_partitions_are_those_of_the_files(mixed: Catalogue, layout: Layout) -> None:
    rows: Counter[tuple[str, str]] = Counter()
    sizes: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for path in mixed.base.parquet_files():
        rows[tables.partition_of(path)] += pq.read_metadata(path).num_rows
        sizes[tables.partition_of(path)].append(path.stat().st_size)
    shown = {partition_name(entry): entry for entry in layout["partitions"]}
    assert len(shown) == len(layout["partitions"]) == layout["partition_count"]
    assert {name: entry["row_count"] for name, entry in shown.items()} == rows
    assert {name: entry["file_count"] for name, entry in shown.items()} == {
        name: len(of_it) for name, of_it in sizes.items()
    }
    assert {name: entry["total_bytes"] for name, entry in shown.items()} == {
        name: sum(of_it) for name, of_it in sizes.items()
    }
    assert layout["rows_per_partition"] == quantiles(list(rows.values()))
    assert layout["files_per_partition"] == quantiles([len(of_it) for of_it in sizes.values()])
    assert layout["mergeable_file_count"] == sum(len(of_it) for of_it in sizes.values() if len(of_it) > 1)


def test_the_histogram_is_that_of_the_files(mixed: Catalogue, layout: Layout) -> None:
    sizes = [path.stat().st_size for path in mixed.base.parquet_files()]
    assert (layout["file_count"], layout["total_bytes"]) == (len(sizes), sum(sizes))
    limits = [0, *(entry["below"] for entry in layout["file_sizes"])]
    assert limits.pop() is None
    limits.append(2**63)
    assert limits == sorted(limits)
    for entry, (begin, end) in zip(layout["file_sizes"], pairwise(limits), strict=True):
        within = [size for size in sizes if begin <= size < end]
        assert (entry["file_count"], entry["total_bytes"]) == (len(within), sum(within))
    small = [size for size in sizes if size < layout["small_file_below"]]
    assert (layout["small_file_count"], layout["small_file_bytes"]) == (len(small), sum(small))
    assert layout["small_file_share"] == pytest.approx(len(small) / len(sizes))


def test_years_add_the_partitions_up(layout: Layout) -> None:
    for year in layout["years"]:
        of_year = [entry for entry in layout["partitions"] if entry["year"] == year["year"]]
        assert year["cell_count"] == len(of_year)
        for name in ("row_count", "file_count", "total_bytes"):
            assert year[name] == sum(entry[name] for entry in of_year)
    assert {year["year"] for year in layout["years"]} == {entry["year"] for entry in layout["partitions"]}
    cells = {entry["grid_partition"] for entry in layout["partitions"]}
    assert layout["cell_count"] == len(cells)


def test_metadata_is_what_pyiceberg_reads(mixed: Catalogue, layout: Layout) -> None:
    table = tables.load(mixed.base)
    snapshot = table.current_snapshot()
    assert snapshot is not None
    manifests = snapshot.manifests(table.io)
    assert layout["snapshot_count"] == len(table.metadata.snapshots)
    assert layout["manifest_count"] == len(manifests)
    document, manifest_list = tables.metadata_path(table), tables.local_path(snapshot.manifest_list)
    assert layout["metadata_bytes"] == sum(
        [
            document.stat().st_size,
            manifest_list.stat().st_size,
            *(manifest.manifest_length for manifest in manifests),
        ]
    )
    files = [path.stat().st_size for path in document.parent.iterdir()]
    assert (layout["metadata_file_count"], layout["metadata_folder_bytes"]) == (len(files), sum(files))
    # Of each cell and year, how many manifests have an entry of it: a search reads these at least.
    having: Counter[Any] = Counter()
    for manifest in manifests:
        entries = manifest.fetch_manifest_entry(table.io)
        having.update({tuple(entry.data_file.partition) for entry in entries})
    assert max(having.values()) <= layout["manifests_per_partition"] <= len(manifests)


def test_fan_out_is_rows_by_items(mixed: Catalogue, layout: Layout) -> None:
    assert layout["fan_out_items"] == len(mixed.items)
    assert layout["fan_out_rows"] == layout["row_count"] == tables.fanned_out(mixed.base).total()
    assert layout["fan_out"] == pytest.approx(layout["row_count"] / len(mixed.items))


def test_the_fan_out_of_another_program_s_table_is_unknown(
    program: Program, base: Base, write_archive: Callable[..., Archive]
) -> None:
    older_table.ingest(base, older_table.velocity_items(14), chunk_size=6)
    layout = layout_of(program, base)
    assert (layout["fan_out"], layout["fan_out_items"], layout["fan_out_rows"]) == (None, 0, 0)
    assert "Fan-out     : unknown: no commit says" in program.run("stats", base.path).stdout

    # What ours adds is known, and said to be a part.
    archive = write_archive([older_table.velocity_item(100 + n, -50, 62) for n in range(3)])
    program.ingest(archive.csv(base.path.parent / "more.csv"), base, "--source", archive.folder)
    after = layout_of(program, base)
    added = after["row_count"] - layout["row_count"]
    assert (after["fan_out_items"], after["fan_out_rows"]) == (3, added)
    assert after["fan_out"] == pytest.approx(added / 3)
    assert "the other rows' commits do not say" in program.run("stats", base.path).stdout


def test_quarantined_rows_are_no_items(program: Program, empty_commits: Catalogue) -> None:
    layout = layout_of(program, empty_commits.base)
    assert layout["fan_out_items"] == len(empty_commits.items)
    assert layout["snapshot_count"] == 3


def test_as_text(program: Program, mixed: Catalogue, layout: Layout) -> None:
    done = program.run("stats", mixed.base.path)
    assert (done.returncode, done.stderr) == (0, "")
    totals, sizes, spreads, years, partitions = done.stdout.split("\n\n")
    assert f"Fan-out     : {layout['fan_out']:.2f} rows an item" in totals
    assert f"{layout['small_file_count']:,} ({100 * layout['small_file_share']:.1f} % of the files)" in totals
    assert (
        f"{layout['snapshot_count']}, from {layout['first_snapshot']} to {layout['last_snapshot']}" in totals
    )
    ranges = [(line[:18].strip(), int(line[18:30].replace(",", ""))) for line in sizes.splitlines()[1:]]
    assert sum(count for _, count in ranges) == layout["file_count"]
    assert all(label.startswith("below ") or label == "larger" for label, _ in ranges)
    assert ranges[0][1] > 0
    assert ranges[-1][1] > 0
    assert spreads.splitlines()[1].split() == [
        "rows",
        *(f"{layout['rows_per_partition'][name]:,}" for name in ("least", "median", "ninth_decile", "most")),
    ]
    assert len(years.splitlines()) == 1 + len(layout["years"])
    listed = [line for line in partitions.splitlines() if not line.startswith("note: ")]
    assert len(listed) == 1 + 20 + 2
    assert listed[-2] == f"… and {layout['partition_count'] - 20:,} more"
    assert listed[-1].startswith("all ")
    assert f"{layout['row_count']:,}" in listed[-1]


def test_all_lists_every_cell_and_year(program: Program, mixed: Catalogue, layout: Layout) -> None:
    done = program.run("stats", mixed.base.path, "--all")
    listed = done.stdout.split("\n\n")[-1].splitlines()
    listed = [line for line in listed if not line.startswith("note: ")]
    assert len(listed) == layout["partition_count"] + 2
    cells = [line.split()[0] for line in listed[1:-1]]
    assert cells == [entry["grid_partition"] for entry in layout["partitions"]]


def advice_of(program: Program, base: Base) -> list[str]:
    done = program.run("stats", base.path)
    assert (done.returncode, done.stderr) == (0, "")
    notes = [line for line in done.stdout.splitlines() if line.startswith("note: ")]
    return [note for note in notes if "_overflow" not in note]


def test_it_advises_a_coarser_grid_where_cells_and_years_have_few_rows(
    program: Program, archive: Archive, base: Base
) -> None:
    program.ingest_archive(archive.head(300), base, "--h3-resolution", 2)
    layout = layout_of(program, base)
    mean = layout["row_count"] / layout["partition_count"]
    assert layout["partition_count"] > 100
    assert advice_of(program, base) == [
        f"note: {mean:.1f} rows on average in a cell and year: a new table with --h3-resolution 1 or less "
        "has fewer and larger files"
    ]


def test_it_advises_no_grid_that_there_is_not(program: Program, archive: Archive, base: Base) -> None:
    program.ingest_archive(archive.head(300), base, "--h3-resolution", 0)
    assert layout_of(program, base)["partition_count"] > 100
    assert advice_of(program, base) == []


def test_it_advises_to_compact_where_that_unites_most_files(
    program: Program, base: Base, write_archive: Callable[..., Archive]
) -> None:
    archive = write_archive([make_item(f"item-{n}", point(n, n)) for n in range(6)])
    program.ingest_archive(archive, base, "--chunk-size", 1, "--h3-resolution", 0)
    layout = layout_of(program, base)
    mergeable, files = layout["mergeable_file_count"], layout["file_count"]
    assert 2 * mergeable > files
    assert advice_of(program, base) == [
        f"note: {mergeable} of {files} files are small and share their cell and year with another one: "
        "earthcatalog compact unites them"
    ]
    assert program.run("compact", base.path).returncode == 0
    assert advice_of(program, base) == []


def test_a_table_without_rows(program: Program, base: Base, archive: Archive, tmp_path: Path) -> None:
    inventory = archive.head(2).csv(tmp_path / "inventory.csv")
    program.ingest(inventory, base, "--source", archive.folder, "--suffix", ".none")
    layout = layout_of(program, base)
    assert (layout["file_count"], layout["fan_out"], layout["small_file_share"]) == (0, None, 0)
    assert layout["partitions"] == layout["years"] == []
    text = program.run("stats", base.path)
    assert text.returncode == 0
    assert "nan" not in text.stdout
