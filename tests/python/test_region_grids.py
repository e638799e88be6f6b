"""The grid of regions against Shapely, and end to end."""

import itertools
import pickle
import random
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import shapely
from earthcatalog.config import AppConfig, CatalogConfig, GridConfig
from earthcatalog.grids import GeoJSONPartitioner, build_partitioner
from earthcatalog.pipelines import incremental
from shapely.affinity import translate
from small_archive import Archive
from small_regions import write_regions

import earthcatalog as ec

WORLD = shapely.box(-180, -90, 180, 90)


def blob(rng: random.Random, reach: float) -> Any:
    """A star of 3 to 12 corners, at times with a hole; it may leave the world."""
    lon, lat, count = rng.uniform(-180, 180), rng.uniform(-85, 85), rng.randint(3, 12)
    angles = sorted(rng.uniform(0, 360) for _ in range(count))
    star = shapely.union_all(
        [
            shapely.Polygon(
                [
                    (lon, lat),
                    *(
                        shapely.get_coordinates(
                            shapely.affinity.rotate(
                                shapely.Point(lon + rng.uniform(0.2, 1) * reach, lat), angle, (lon, lat)
                            )
                        )[0]
                        for angle in pair
                    ),
                ]
            )
            for pair in itertools.pairwise(angles)
        ]
    )
    if rng.random() < 0.3:
        star = star.difference(shapely.Point(lon + 0.3 * reach, lat).buffer(0.15 * reach))
    return star


def in_world(shape: Any) -> Any:
    """The parts beyond the antimeridian brought back to where they belong."""
    parts = [translate(shape, turn).intersection(WORLD) for turn in (-360, 0, 360)]
    return shapely.union_all([part for part in parts if part.area > 0])


def random_footprint(rng: random.Random) -> Any:
    kind = rng.random()
    if kind < 0.2:
        return shapely.Point(rng.uniform(-180, 180), rng.uniform(-89, 89))
    if kind < 0.4:
        lon, lat = rng.uniform(-180, 180), rng.uniform(-80, 80)
        return shapely.LineString(
            [(lon + rng.uniform(-20, 20), lat + rng.uniform(-9, 9)) for _ in range(rng.randint(2, 6))]
        )
    if kind < 0.5:
        return shapely.GeometryCollection([random_footprint(rng), random_footprint(rng)])
    return shapely.intersection(blob(rng, rng.choice([0.5, 5, 30])), shapely.box(-400, -90, 400, 90))


def touching(regions: dict[str, Any], footprint: Any) -> list[str]:
    """By Shapely: the footprint in every turn against every region; at a pole all longitudes are one."""
    turns = [translate(footprint, turn) for turn in (-360, 0, 360)]
    for pole, reached in ((-90, footprint.bounds[1]), (90, footprint.bounds[3])):
        if reached == pole:
            turns.append(shapely.LineString([(-180, pole), (180, pole)]))
    return [name for name, shape in regions.items() if any(shape.intersects(turn) for turn in turns)]


@pytest.mark.parametrize("seed", range(6))
def test_random_footprints_are_in_the_regions_that_shapely_says(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    regions = {f"region {k}": in_world(blob(rng, rng.choice([3, 20, 60]))) for k in range(40)}
    regions = {name: shape for name, shape in regions.items() if shape.area > 0}
    partitioner = GeoJSONPartitioner(write_regions(tmp_path / "regions.geojson", regions), "name")
    footprints = [random_footprint(rng) for _ in range(400)]
    answers = partitioner.get_intersecting_keys_batch([shapely.to_wkb(shape) for shape in footprints])
    several = 0
    for footprint, keys in zip(footprints, answers, strict=True):
        assert keys == (touching(regions, footprint) or ["__none__"])
        several += len(keys) > 1
    assert several > 50
    assert ["__none__"] in answers


def test_split_and_unsplit_footprints_at_the_antimeridian_agree(tmp_path: Path) -> None:
    rng = random.Random(7)
    regions = {str(k): in_world(blob(rng, 30)) for k in range(60)}
    partitioner = GeoJSONPartitioner(write_regions(tmp_path / "regions.geojson", regions), "name")
    for _ in range(200):
        west, south = rng.uniform(170, 180), rng.uniform(-80, 70)
        east, north = rng.uniform(181, 190), south + rng.uniform(0.1, 9)
        split = shapely.union(
            shapely.box(west, south, 180, north), shapely.box(-180, south, east - 360, north)
        )
        unsplit = shapely.Polygon(
            [(west, south), (east - 360, south), (east - 360, north), (west, north), (west, south)]
        )
        keys = partitioner.get_intersecting_keys(shapely.to_wkb(split))
        assert keys == (touching(regions, split) or ["__none__"])
        assert partitioner.get_intersecting_keys(shapely.to_wkb(unsplit)) == keys
        beyond = shapely.box(west, south, east, north)
        assert partitioner.get_intersecting_keys(shapely.to_wkb(beyond)) == keys


@pytest.mark.parametrize("pole", [90, -90])
def test_a_ring_around_a_pole_is_the_box_up_to_it(tmp_path: Path, pole: int) -> None:
    rng = random.Random(pole)
    regions = {str(k): in_world(blob(rng, 15)) for k in range(150)}
    partitioner = GeoJSONPartitioner(write_regions(tmp_path / "regions.geojson", regions), "name")
    for _ in range(60):
        corners = sorted(rng.uniform(-180, 180) for _ in range(12))
        if max(b - a for a, b in zip(corners, [*corners[1:], corners[0] + 360], strict=True)) > 170:
            continue
        ring = [(lon, pole * rng.uniform(0.5, 0.95)) for lon in corners]
        # The same on a plane: from the last corner's turn to the left to the first one's to the right.
        outline = [(ring[-1][0] - 360, ring[-1][1]), *ring, (ring[0][0] + 360, ring[0][1])]
        flat = shapely.Polygon([*outline, (outline[-1][0], pole), (outline[0][0], pole)])
        keys = partitioner.get_intersecting_keys(shapely.to_wkb(shapely.Polygon(ring)))
        assert keys == (touching(regions, flat) or ["__none__"])


def test_adjacent_regions_share_their_border(tmp_path: Path) -> None:
    regions = {
        f"{x} {y}": shapely.box(x / 10, y / 10, (x + 1) / 10, (y + 1) / 10)
        for x in range(9)
        for y in range(9)
    }
    partitioner = GeoJSONPartitioner(write_regions(tmp_path / "regions.geojson", regions), "name")
    for shape in [
        shapely.Point(0.3, 0.7),
        shapely.box(0.3, 0.7, 0.4, 0.8),
        shapely.LineString([(0, 0.1), (0.9, 0.1)]),
    ]:
        assert partitioner.get_intersecting_keys(shapely.to_wkb(shape)) == touching(regions, shape)


def test_names_may_be_integers_and_any_text(tmp_path: Path) -> None:
    path = write_regions(tmp_path / "r.geojson", {17: WORLD, "Île de Ré": WORLD}, "code")  # type: ignore[dict-item]
    partitioner = build_partitioner(GridConfig("geojson", boundaries_path=path, id_field="code"))
    assert isinstance(partitioner, GeoJSONPartitioner)
    point = shapely.to_wkb(shapely.Point(1, 2))
    assert partitioner.get_intersecting_keys(point) == ["17", "Île de Ré"]
    assert pickle.loads(pickle.dumps(partitioner)).get_intersecting_keys(point) == ["17", "Île de Ré"]


def test_what_is_wrong_with_the_boundaries_is_a_value_error(tmp_path: Path) -> None:
    twice = write_regions(tmp_path / "r.geojson", {"1": WORLD, 1: WORLD})  # type: ignore[dict-item]
    with pytest.raises(ValueError, match=r"r\.geojson: feature 2: .*'1'.* feature 1"):
        GeoJSONPartitioner(twice, "name")
    with pytest.raises(ValueError, match="has no property 'title'"):
        GeoJSONPartitioner(twice, "title")
    with pytest.raises(FileNotFoundError, match="gone"):
        GeoJSONPartitioner(tmp_path / "gone.geojson", "name")
    with pytest.raises(ValueError, match="boundaries_path"):
        build_partitioner(GridConfig("geojson"))
    with pytest.raises(ValueError, match="supported: h3, geojson"):
        build_partitioner(GridConfig("s2"))


def test_threads_share_a_partitioner(tmp_path: Path) -> None:
    rng = random.Random(3)
    regions = {str(k): in_world(blob(rng, 40)) for k in range(50)}
    partitioner = GeoJSONPartitioner(write_regions(tmp_path / "regions.geojson", regions), "name")
    wkbs = [shapely.to_wkb(random_footprint(rng)) for _ in range(300)]
    answers: list[Any] = [None] * 4

    def work(index: int) -> None:
        answers[index] = partitioner.get_intersecting_keys_batch(wkbs)

    threads = [threading.Thread(target=work, args=(index,)) for index in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers[0] is not None
    assert all(answer == answers[0] for answer in answers)


# --- as a table's grid

HALVES = {
    "north & east": shapely.box(0, 0, 180, 90),
    "nord ouest": shapely.box(-180, 0, 0, 90),
}


def expected_rows(archive: Archive, regions: dict[str, Any]) -> Counter[tuple[str, str]]:
    rows: Counter[tuple[str, str]] = Counter()
    for item in archive.items:
        for name in touching(regions, shapely.Point(item["geometry"]["coordinates"])) or ["__none__"]:
            rows[name, item["id"]] += 1
    return rows


def rows_of(archive: Archive) -> Counter[tuple[str, str]]:
    rows = ec.open(archive.base).table.scan(selected_fields=("grid_partition", "id")).to_arrow()
    return Counter(zip(rows["grid_partition"].to_pylist(), rows["id"].to_pylist(), strict=True))


def ingest(archive: Archive, **arguments: Any) -> dict[str, Any]:
    return incremental.run(
        archive.inventory, archive.catalog_path, archive.warehouse_path, source=archive.source, **arguments
    )


@pytest.fixture
def halves(tmp_path: Path) -> Path:
    return write_regions(tmp_path / "halves.geojson", HALVES)


@pytest.mark.parametrize("how", ["partitioner", "grid_config", "run_from_config", "relative path"])
def test_a_table_of_regions(
    make_archive: Callable[[int], Archive], halves: Path, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = make_archive(40)
    config = GridConfig("geojson", boundaries_path=str(halves), id_field="name")
    if how == "partitioner":
        ingest(archive, partitioner=GeoJSONPartitioner(halves, "name"))
    elif how == "grid_config":
        ingest(archive, grid_config=config)
    elif how == "relative path":
        monkeypatch.chdir(halves.parent)
        ingest(archive, grid_config=GridConfig("geojson", None, halves.name, "name"))
    else:
        catalog = CatalogConfig(str(archive.catalog_path), str(archive.warehouse_path))
        incremental.run_from_config(archive.inventory, AppConfig(catalog, config), source=archive.source)
    expected = expected_rows(archive, HALVES)
    assert rows_of(archive) == expected
    assert {name for name, _ in expected} == {*HALVES, "__none__"}
    folders = {path.name for path in archive.warehouse_path.glob("grid_partition=*")}
    assert folders == {f"grid_partition={name}" for name in [*HALVES, "__none__"]}
    properties = ec.open(archive.base).table.properties
    assert properties["earthcatalog.grid.type"] == "geojson"
    assert properties["earthcatalog.grid.boundaries_path"] == str(halves)
    assert properties["earthcatalog.grid.id_field"] == "name"
    assert "earthcatalog.grid.resolution" not in properties
    assert ec.open(archive.base).grid_type == "geojson"
    assert ec.open(archive.base).grid_resolution is None
    # The grid is the table's from now on.
    monkeypatch.chdir("/")
    ingest(archive, again=True)
    ingest(archive, grid_config=config, again=True)
    assert rows_of(archive) == Counter({row: 3 * count for row, count in expected.items()})


def test_another_grid_than_the_tables_is_an_error(
    make_archive: Callable[[int], Archive], halves: Path, tmp_path: Path
) -> None:
    archive = make_archive(3)
    config = GridConfig("geojson", boundaries_path=str(halves), id_field="name")
    ingest(archive, grid_config=config)
    others = [
        GridConfig("h3", 1),
        GridConfig("geojson", boundaries_path=str(halves), id_field="other_name"),
        GridConfig("geojson", boundaries_path=str(tmp_path / "copy.geojson"), id_field="name"),
    ]
    (tmp_path / "copy.geojson").write_text(halves.read_text())
    halves.write_text(halves.read_text().replace('"other"', '"other_name"').replace(": 1", ": 1", 1))
    for number, other in enumerate(others):
        match = (
            "has the name|already that of feature" if number == 1 else "the table's grid is the regions of"
        )
        with pytest.raises(ValueError, match=match):
            ingest(archive, grid_config=other)
    h3 = Archive(archive.items, archive.source, archive.inventory, tmp_path / "h3")
    ingest(h3)
    with pytest.raises(ValueError, match="the table's grid is h3 resolution 1, not the regions of"):
        ingest(h3, grid_config=config)


def test_boundaries_that_are_gone_stop_a_run_and_nothing_else(
    make_archive: Callable[[int], Archive], halves: Path
) -> None:
    archive = make_archive(5)
    ingest(archive, grid_config=GridConfig("geojson", boundaries_path=str(halves), id_field="name"))
    halves.unlink()
    with pytest.raises(FileNotFoundError, match="halves"):
        ingest(archive)
    assert ec.open(archive.base).info().row_count == 5
