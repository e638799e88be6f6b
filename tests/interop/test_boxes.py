"""Filters on the column bbox find every item that lies in the box, by brute force over the geometries."""

import random
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
import shapely
import shapely.affinity
from harness import archives, expected, tables
from harness.archives import Item
from harness.odd_items import CAP, make_item, multipolygon, point, polygon, rectangle
from harness.program import Base, Catalogue, Program
from harness.requirement import require_module

Box = tuple[float, float, float, float]


class Placed(NamedTuple):
    item: Item
    shape: shapely.Geometry  # what it covers; longitudes run on over the antimeridian


def wrapped(longitude: float) -> float:
    return (longitude + 180) % 360 - 180


def wrapped_ring(ring: list[list[float]]) -> list[list[float]]:
    return [[wrapped(x), y] for x, y in ring]


def statements(box: Box, chance: random.Random) -> dict[str, Any]:
    """How items state a bbox: right, rounded, too small, upside down, with heights, wrong, not at all."""
    west, south, east, north = box
    small = 0.1 * (north - south)
    return chance.choice(
        [
            {"bbox": [wrapped(west) if east > 180 else west, south, wrapped(east), north]},
            {"bbox": [round(number) for number in box]},
            {"bbox": [west + small, south + small, east - small, north - small]},
            {"bbox": [west, north, east, south]},
            {"bbox": [wrapped(west), south, 0, wrapped(east), north, 900]},
            {"bbox": [0, 0, 0, 0]},
            {"bbox": None},
        ]
    )


def placed_items(count: int) -> list[Placed]:
    chance = random.Random(5)
    found: list[Placed] = []
    for n in range(count):
        west = chance.uniform(165, 185) if n % 3 == 0 else chance.uniform(-179, 165)
        south = chance.uniform(70, 85) * chance.choice([-1, 1]) if n % 4 == 0 else chance.uniform(-60, 55)
        east, north = west + chance.uniform(0.1, 8), south + chance.uniform(0.1, 4)
        ring, shape = rectangle(west, south, east, north), shapely.box(west, south, east, north)
        bbox = statements((west, south, east, north), chance)
        if east <= 180:
            geometry = polygon(ring)
        elif n % 2 == 0:
            geometry = polygon(wrapped_ring(ring))
        elif west < 180:
            halves = rectangle(west, south, 180, north), rectangle(-180, south, wrapped(east), north)
            geometry = multipolygon([halves[0]], [halves[1]])
        else:
            geometry = polygon(ring)
        found.append(Placed(make_item(f"placed-{n}", geometry, **bbox), shape))
    north_cap = [[-135, 82], [-45, 82], [45, 82], [135, 82], [-135, 82]]
    found += [
        Placed(make_item("south-cap", polygon(CAP), bbox=[0, 0, 1, 1]), shapely.box(-180, -90, 180, -80)),
        Placed(make_item("north-cap", polygon(north_cap), bbox=None), shapely.box(-180, 82, 180, 90)),
        Placed(make_item("beyond", polygon(rectangle(176, -20, 186, -12))), shapely.box(176, -20, 186, -12)),
        Placed(make_item("fiji", point(-179.9, -17), bbox=[0, 0, 1, 1]), shapely.Point(-179.9, -17)),
    ]
    return found


def boxes() -> list[Box]:
    chance = random.Random(6)
    edges: list[Box] = [(-180, -90, 180, 90), (-180, 89, 180, 90), (-180, -90, 180, -89.5), (10, 88, 11, 89)]
    edges += [(179, -20, 180, -10), (-180, -20, -179, -10), (-176, -19, -175, -18), (178, 60, 180, 90)]
    for n in range(40):
        west = chance.choice([-180, 175, 178]) if n % 2 else chance.uniform(-180, 170)
        south = chance.uniform(-90, 80)
        edges.append((west, south, min(180, west + chance.uniform(0.1, 10)), south + chance.uniform(0.1, 10)))
    return edges


def meets(shape: shapely.Geometry, box: Box) -> bool:
    return any(
        shapely.affinity.translate(shape, turn).intersects(shapely.box(*box)) for turn in (-360, 0, 360)
    )


def wanted(placed: Iterable[Placed], box: Box) -> set[str]:
    """By what the items cover, and by their geometries' own numbers, which is what a reader sees of them."""
    return {
        item["id"]
        for item, shape in placed
        if meets(shape, box) or shapely.geometry.shape(item["geometry"]).intersects(shapely.box(*box))
    }


@pytest.fixture(scope="module")
def placed() -> list[Placed]:
    return placed_items(240)


@pytest.fixture(scope="module")
def base(
    program: Program,
    placed: list[Placed],
    new_place: Callable[[Path], Base],
    tmp_path_factory: pytest.TempPathFactory,
) -> Base:
    folder = tmp_path_factory.mktemp("boxes")
    archive = archives.write_items(folder / "archive", [item for item, _ in placed])
    return program.ingest_archive(archive, new_place(folder / "base"), "--chunk-size", 100).base


def sql(box: Box) -> str:
    west, south, east, north = box
    return f"bbox.xmin <= {east} and bbox.xmax >= {west} and bbox.ymin <= {north} and bbox.ymax >= {south}"


def test_the_column_is_the_envelope(base: Base, placed: list[Placed]) -> None:
    by_id = {item["id"]: item for item, _ in placed}
    rows = tables.rows(base, "id", "bbox")
    assert {row["id"] for row in rows} == set(by_id)
    for row in rows:
        sides = tuple(row["bbox"][side] for side in ("xmin", "ymin", "xmax", "ymax"))
        assert sides == expected.envelope(by_id[row["id"]]), by_id[row["id"]]


@pytest.mark.parametrize("pruning", [True, False])
def test_duckdb_finds_them(
    duck: duckdb.DuckDBPyConnection, base: Base, placed: list[Placed], pruning: bool
) -> None:
    files = [str(path) for path in base.parquet_files()]
    relation = f"read_parquet({files!r}, union_by_name = true)"
    duck.execute(f"set disabled_optimizers = '{'' if pruning else 'filter_pushdown,statistics_propagation'}'")
    try:
        for box in boxes():
            found = {row[0] for row in duck.execute(f"select id from {relation} where {sql(box)}").fetchall()}
            assert wanted(placed, box) <= found, box
    finally:
        duck.execute("reset disabled_optimizers")


def test_pyiceberg_finds_them(base: Base, placed: list[Placed]) -> None:
    table = tables.load(base)
    passed_by = 0
    total = len(tables.data_files(table))
    for box in boxes():
        scan = table.scan(sql(box), selected_fields=("id",))
        passed_by += total - len(list(scan.plan_files()))
        assert wanted(placed, box) <= set(scan.to_arrow()["id"].to_pylist()), box
    assert passed_by > total, "it prunes"


def test_geopandas_finds_them(base: Base, placed: list[Placed], tmp_path: Path, program: Program) -> None:
    geopandas = require_module("geopandas")
    path = tmp_path / "items.parquet"
    assert program.run("export", base.path, "--format", "parquet", "--output", path).returncode == 0
    for box in boxes():
        found = geopandas.read_parquet(path, bbox=box)
        assert wanted(placed, box) <= set(found["id"]), box


def test_arrow_finds_them(base: Base, placed: list[Placed]) -> None:
    dataset = ds.dataset([str(path) for path in base.parquet_files()], format="parquet")
    for west, south, east, north in boxes():
        within = (ds.field("bbox", "xmin") <= east) & (ds.field("bbox", "xmax") >= west)
        within &= (ds.field("bbox", "ymin") <= north) & (ds.field("bbox", "ymax") >= south)
        found = set(dataset.to_table(["id"], filter=within)["id"].to_pylist())
        assert wanted(placed, (west, south, east, north)) <= found


def test_the_boxes_of_real_items_hold_their_geometries(mixed: Catalogue) -> None:
    """By their geometries' own numbers, whatever bbox they state."""
    tried = 0
    for row in tables.rows(mixed.base, "collection", "id", "bbox", "geometry"):
        shape = shapely.from_wkb(row["geometry"]) if row["geometry"] is not None else shapely.Point()
        assert (row["bbox"] is None) == shape.is_empty, row["id"]
        if row["bbox"] is not None:
            bounds = shape.bounds
            sides = [row["bbox"][side] for side in ("xmin", "ymin", "xmax", "ymax")]
            assert sides[0] <= bounds[0] <= bounds[2] <= sides[2], row["id"]
            assert sides[1] <= bounds[1] <= bounds[3] <= sides[3], row["id"]
            tried += 1
    assert tried >= len(mixed.items) // 2


def test_files_and_entries_say_that_their_boxes_hold(mixed: Catalogue) -> None:
    """Real, odd and generated items: by docs/format.md."""
    tasks = list(tables.load(mixed.base).scan().plan_files())
    assert tasks
    for task in tasks:
        path = tables.local_path(task.file.file_path)
        assert pq.read_metadata(path).metadata[b"earthcatalog"] == b"bbox=envelope", path
        assert task.file.null_value_counts[2_147_480_000] == 0, path
