"""Items reach the cells and years they belong to, whatever their shape."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import h3
import numpy as np
import pytest
import shapely
from harness import expected, tables
from harness.archives import Archive
from harness.odd_items import make_item, point, polygon, rectangle
from harness.program import Base, Program

RESOLUTION = 2
Places = dict[str, set[tuple[str, str]]]


@pytest.fixture(scope="module")
def placed(program: Program, odd_archive: Archive, tmp_path_factory: pytest.TempPathFactory) -> Places:
    """(cell, year) of every odd item, by id."""
    folder = tmp_path_factory.mktemp("fan-out")
    base = Base(folder)
    inventory = odd_archive.csv(folder / "inventory.csv")
    config = folder / "config.yaml"
    config.write_text(f"grid: {{resolution: {RESOLUTION}, max_cells: 0}}\n")
    flags = ("--source", odd_archive.folder, "--config", config)
    program.ingest(inventory, base, *flags)
    found: Places = {}
    for path in base.parquet_files():
        for id_ in tables.read_file(path)["id"].to_pylist():
            found.setdefault(id_, set()).add(tables.partition_of(path))
    return found


def cells(places: Places, id_: str) -> set[str]:
    return {cell for cell, _year in places[id_]}


def test_no_item_vanishes(placed: Places, odd_archive: Archive) -> None:
    assert placed.keys() == {item["id"] for item in odd_archive.items}


def test_cells_have_the_table_s_resolution(placed: Places) -> None:
    for id_ in placed:
        for cell in cells(placed, id_) - {"__none__"}:
            assert h3.is_valid_cell(cell)
            assert h3.get_resolution(cell) == RESOLUTION


def test_years_are_those_of_the_items(placed: Places, odd_archive: Archive) -> None:
    for item in odd_archive.items:
        years = {year for _cell, year in placed[item["id"]]}
        assert expected.year_of(item) in years, item["id"]
    assert {year for _, year in placed["without-datetime"]} == {"unknown"}
    assert {year for _, year in placed["before-1970"]} == {"1959"}
    assert {year for _, year in placed["with-an-offset"]} == {"2020"}


def grid_of(west: float, south: float, east: float, north: float) -> Iterator[tuple[float, float]]:
    """Points (longitude, latitude) all over a box, its edges too; longitudes may leave ±180."""
    for longitude in np.linspace(west, east, 41):
        for latitude in np.linspace(south, north, 41):
            yield (longitude + 180) % 360 - 180, latitude


def cells_under(points: Iterator[tuple[float, float]]) -> set[str]:
    return {h3.latlng_to_cell(latitude, longitude, RESOLUTION) for longitude, latitude in points}


def hexagons_meeting(box: shapely.Geometry, names: set[str]) -> set[str]:
    """Those of the cells that meet the box, shapes taken a little too large."""
    meeting = set()
    for name in names:
        ring = [(longitude % 360, latitude) for latitude, longitude in h3.cell_to_boundary(name)]
        if shapely.Polygon(ring).buffer(0.5).intersects(box):
            meeting.add(name)
    return meeting


@pytest.mark.parametrize("id_", ["split-at-the-antimeridian", "box-over-the-antimeridian", "beyond-180"])
def test_the_antimeridian_is_no_border(placed: Places, id_: str) -> None:
    found = cells(placed, id_)
    assert cells_under(grid_of(176, -20, 186, -12)) <= found
    assert hexagons_meeting(shapely.box(176, -20, 186, -12), found) == found, "cells far away"


@pytest.mark.parametrize("id_", ["around-the-south-pole", "south-pole-as-a-box"])
def test_the_south_pole_is_inside(placed: Places, id_: str) -> None:
    found = cells(placed, id_)
    assert cells_under(grid_of(-180, -90, 180, -80)) <= found
    assert all(h3.cell_to_latlng(cell)[0] < -75 for cell in found)


def test_the_north_pole_is_inside(placed: Places) -> None:
    found = cells(placed, "around-the-north-pole")
    assert cells_under(grid_of(-180, 82, 180, 90)) <= found
    assert all(h3.cell_to_latlng(cell)[0] > 77 for cell in found)


def test_holes_are_empty_and_their_edges_are_not(placed: Places) -> None:
    found = cells(placed, "with-a-hole")
    ring = shapely.Polygon(rectangle(0, 0, 40, 40), [rectangle(10, 10, 30, 30)])
    inside = (p for p in grid_of(0, 0, 40, 40) if shapely.intersects_xy(ring, *p))
    assert cells_under(inside) <= found
    assert h3.latlng_to_cell(20, 20, RESOLUTION) not in found


def test_points_and_lines(placed: Places) -> None:
    def cell(longitude: float, latitude: float) -> str:
        return str(h3.latlng_to_cell(latitude, longitude, RESOLUTION))

    assert cells(placed, "a-point") == cells(placed, "in-three-dimensions") == {cell(7.5, 46.9)}
    assert cells(placed, "points") == {cell(0, 0), cell(90, 45), cell(-120, -60)}
    along = ((-10 + 20 * step / 200, 50 + 10 * step / 200) for step in range(201))
    assert cells_under(along) <= cells(placed, "a-line")
    box = grid_of(-60, -10, -50, 0)
    assert cells_under(box) | {cell(100, 10)} <= cells(placed, "a-collection-of-geometries")


def test_null_geometry_is_in_the_cell_none(placed: Places) -> None:
    assert placed["without-geometry"] == {("__none__", "2020")}
    assert [id_ for id_ in placed if "__none__" in cells(placed, id_)] == ["without-geometry"]


def test_null_partition_of_the_year_unknown(mixed: Any) -> None:
    table = tables.load(mixed.base)
    for task in table.scan().plan_files():
        _cell, year = tables.partition_of(tables.local_path(task.file.file_path))
        assert (task.file.partition[1] is None) == (year == "unknown")


def test_generated_footprints_are_covered(mixed: Any, archive: Archive) -> None:
    """Every point of every polygon lies in one of the item's cells."""
    resolution = int(tables.load(mixed.base).properties["earthcatalog.grid.resolution"])
    found: dict[str, set[str]] = {}
    for _collection, id_, cell in tables.fanned_out(mixed.base):
        found.setdefault(id_, set()).add(cell)
    sampled = 0
    random = np.random.default_rng(1)
    for item in archive.head(600).items:
        shape = shapely.from_geojson(json.dumps(item["geometry"])) if item["geometry"] else None
        if shape is None or _winds(shape):
            continue
        for longitude, latitude in _points_in(shape, random):
            cell = h3.latlng_to_cell(latitude, longitude, resolution)
            assert cell in found[item["id"]], (item["id"], longitude, latitude)
            sampled += 1
    assert sampled > 10_000


def _winds(shape: shapely.Geometry) -> bool:
    """An edge longer than 180 degrees of longitude: not what its coordinates look like on a plane."""
    return any(
        (np.abs(np.diff(shapely.get_coordinates(ring)[:, 0])) > 180).any()
        for part in shapely.get_parts(shape)
        for ring in (shapely.get_rings(part) if part.geom_type == "Polygon" else [part])
    )


def _points_in(shape: shapely.Geometry, random: np.random.Generator) -> Iterator[tuple[float, float]]:
    west, south, east, north = shape.bounds
    candidates = random.uniform((west, south), (east, north), (60, 2))
    within = candidates[shapely.intersects_xy(shape, candidates[:, 0], candidates[:, 1])]
    for longitude, latitude in np.concatenate([within, shapely.get_coordinates(shape)]):
        yield (longitude + 180) % 360 - 180, latitude


@pytest.mark.parametrize("resolution", [0, 1, 3, 5])
def test_every_resolution_gives_that_resolution(
    program: Program, base: Base, tmp_path: Path, write_archive: Callable[..., Archive], resolution: int
) -> None:
    archive = write_archive(
        [make_item("p", point(12, 34)), make_item("q", polygon(rectangle(1, 1, 1.2, 1.3)))]
    )
    inventory = archive.csv(tmp_path / "inventory.csv")
    program.ingest(inventory, base, "--source", archive.folder, "--h3-resolution", resolution)
    found = tables.fanned_out(base)
    assert {h3.get_resolution(cell) for _, _, cell in found} == {resolution}
    assert ("odd", "p", h3.latlng_to_cell(34, 12, resolution)) in found
    assert tables.load(base).properties["earthcatalog.grid.resolution"] == str(resolution)
