"""Partitioners as Python objects."""

import pickle

import h3
import pytest
import shapely
from earthcatalog.config import GridConfig
from earthcatalog.grids import AbstractPartitioner, H3Partitioner, build_partitioner


@pytest.mark.parametrize("resolution", [0, 1, 5, 15])
def test_a_point_lies_in_one_cell(resolution: int) -> None:
    keys = H3Partitioner(resolution).get_intersecting_keys(shapely.to_wkb(shapely.Point(-45.5, 70.25)))
    assert keys == [h3.latlng_to_cell(70.25, -45.5, resolution)]


def test_a_polygon_touches_the_cells_of_its_points() -> None:
    polygon = shapely.box(-50, 68, -40, 74)
    keys = H3Partitioner(2).get_intersecting_keys(shapely.to_wkb(polygon))
    inside = {h3.latlng_to_cell(68 + 0.1 * y, -50 + 0.1 * x, 2) for x in range(101) for y in range(61)}
    assert keys == sorted(set(keys))
    assert inside <= set(keys)


def test_a_limit_is_kept_by_coarser_cells() -> None:
    earth, box = (shapely.to_wkb(shapely.box(*bounds)) for bounds in [(-180, -90, 180, 90), (0, 40, 20, 55)])
    assert H3Partitioner(1, max_cells=100).get_intersecting_keys(earth) == ["__global__"]
    assert len(H3Partitioner(1).get_intersecting_keys(earth)) == 842
    wide = set(build_partitioner(GridConfig("h3", 4, max_cells=20)).get_intersecting_keys(box))
    (resolution,) = {h3.get_resolution(cell) for cell in wide}
    assert resolution < 4
    assert wide == {h3.cell_to_parent(c, resolution) for c in H3Partitioner(4).get_intersecting_keys(box)}


def test_a_limit_out_of_range_is_a_value_error() -> None:
    for wrong in (-1, 100_001):
        with pytest.raises(ValueError, match=f"max_cells .* not {wrong}"):
            H3Partitioner(1, max_cells=wrong)


def test_bytes_that_are_no_geometry_are_a_value_error() -> None:
    with pytest.raises(ValueError, match="WKB"):
        H3Partitioner(1).get_intersecting_keys(b"no WKB")


@pytest.mark.parametrize("resolution", [-1, 16])
def test_resolution_out_of_range(resolution: int) -> None:
    with pytest.raises(ValueError, match=str(resolution)):
        H3Partitioner(resolution)


def test_pickled_partitioners_answer_the_same() -> None:
    partitioner = H3Partitioner(3)
    copy = pickle.loads(pickle.dumps(partitioner))
    point = shapely.to_wkb(shapely.Point(10, 50))
    assert copy.resolution == 3
    assert copy.get_intersecting_keys(point) == partitioner.get_intersecting_keys(point)


def test_build_partitioner() -> None:
    partitioner = build_partitioner(GridConfig("h3", 4))
    assert isinstance(partitioner, AbstractPartitioner)
    assert isinstance(partitioner, H3Partitioner)
    assert partitioner.resolution == 4
    with pytest.raises(ValueError, match="squares"):
        build_partitioner(GridConfig("squares"))
