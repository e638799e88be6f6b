"""What earthcatalog 0.6 got wrong with the items of any collection; each test is named after a danger.

Those of other stages are beside these stages' tests.
"""

import json
from collections.abc import Callable, Iterable

import pyarrow.parquet as pq
import pytest
import shapely
from harness import tables
from harness.archives import Archive, Item
from harness.odd_items import ODD_ITEMS, make_item, point
from harness.program import Base, Program
from harness.requirement import require_module

Ingest = Callable[..., Base]


@pytest.fixture
def ingest(program: Program, base: Base, write_archive: Callable[[Iterable[Item]], Archive]) -> Ingest:
    """The items into a new table, a commit each unless told otherwise."""

    def run(items: list[Item], chunk_size: int = 1) -> Base:
        return program.ingest_archive(write_archive(items), base, "--chunk-size", chunk_size).base

    return run


def export(program: Program, base: Base) -> dict[str, Item]:
    done = program.run("export", base.path)
    assert done.returncode == 0, done.stderr
    return {item["id"]: item for item in map(json.loads, done.stdout.splitlines())}


def test_d5_no_kind_of_geometry_is_dropped(program: Program, ingest: Ingest) -> None:
    by_kind = {item["geometry"]["type"] if item["geometry"] else None: item for item in ODD_ITEMS}
    assert len(by_kind) == 7
    found = export(program, ingest(list(by_kind.values())))
    assert found == {item["id"]: item for item in by_kind.values()}


def test_d9_a_property_nobody_knew_becomes_a_column(program: Program, ingest: Ingest) -> None:
    items = [make_item("plain", point(1, 1)), make_item("other", point(1, 1), **{"ours:depth": 4.5})]
    base = ingest(items)
    rows = tables.load(base).scan().to_arrow().to_pylist()
    assert {(row["id"], row["ours:depth"]) for row in rows} == {("plain", None), ("other", 4.5)}
    assert export(program, base) == {item["id"]: item for item in items}


@pytest.mark.parametrize("first", [50, 50.5])
def test_d10_whole_and_broken_numbers_share_a_column(program: Program, ingest: Ingest, first: float) -> None:
    values = [first, 50, 50.5, 2.0**40, 3_000_000_000, -1, 1e300]
    items = [make_item(f"{n}", point(1, 1), percent_valid_pixels=value) for n, value in enumerate(values)]
    misfits = [make_item(f"misfit {v}", point(1, 1), percent_valid_pixels=v) for v in ("many", None)]
    base = ingest([*items, *misfits])
    rows = tables.load(base).scan().to_arrow().to_pylist()
    numbers = {row["id"]: row["percent_valid_pixels"] for row in rows}
    assert numbers == {
        **{f"{n}": value for n, value in enumerate(values)},
        "misfit many": None,
        "misfit None": None,
    }
    assert export(program, base) == {item["id"]: item for item in [*items, *misfits]}


def test_d30_an_item_without_datetime_is_counted(program: Program, ingest: Ingest) -> None:
    base = ingest([make_item("when", point(1, 1)), make_item("never", point(1, 1), datetime=None)])
    done = program.run("stats", base.path, "--json")
    assert done.returncode == 0, done.stderr
    assert [(line["year"], line["row_count"]) for line in json.loads(done.stdout)["partitions"]] == [
        (None, 1),
        (2020, 1),
    ]


def test_d32_the_covering_names_columns_that_are_there(ingest: Ingest) -> None:
    validator = require_module("geoparquet_validator")
    base = ingest([make_item(f"{n}", point(1, 1)) for n in range(3)], chunk_size=3)
    (path,) = base.parquet_files()
    covering = json.loads(pq.read_metadata(path).metadata[b"geo"])["columns"]["geometry"]["covering"]
    leaves = {column.path for column in pq.ParquetFile(path).schema}
    assert {".".join(names) for names in covering["bbox"].values()} <= leaves
    assert not [rule for rule in validator.check(str(path))["outcomes"] if rule["status"] == "fail"]


def test_d40_the_bbox_of_a_file_is_that_of_its_rows(ingest: Ingest) -> None:
    """Points of two cells, in an order that mixes them: no file may have the bounds of a whole batch."""
    places = [(x + n / 100, y) for n in range(20) for x, y in [(-120, 40), (10, -20)]]
    base = ingest([make_item(f"{n}", point(*place)) for n, place in enumerate(places)], chunk_size=10)
    files = base.parquet_files()
    assert len(files) > 4
    for path in files:
        geo = json.loads(pq.read_metadata(path).metadata[b"geo"])
        shapes = shapely.from_wkb(tables.read_file(path)["geometry"].to_pylist())
        assert geo["columns"]["geometry"]["bbox"] == list(shapely.total_bounds(shapes)), path
