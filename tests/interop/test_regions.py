"""A table whose grid is a file of regions, from the program to the readers."""

import json
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb
import pytest
import shapely
from harness import archives, tables
from harness.odd_items import make_item, point, polygon, rectangle
from harness.program import Base, Program

WORLD = polygon(rectangle(-180, -90, 180, 90))
# Names that a path or URL might change.
ODD_NAMES = [
    "Île de Ré",
    "a b",
    "p+q",
    "m&n",
    "t:u",
    "[v]",
    "w*",
    "O'Brien",
    '"',
    "~",
    "ü" * 120,
    "17",
]

REGIONS = {
    "west of the line": polygon(rectangle(160, -30, 180, 0)),
    "east of the line": polygon(rectangle(-180, -30, -160, 0)),
    "south": polygon(rectangle(-180, -90, 180, -60)),
    "arctic sector": polygon(rectangle(30, 85, 60, 90)),
    "africa": polygon(rectangle(-20, -35, 50, 35), rectangle(18, 18, 22, 22)),
    "north of africa": polygon(rectangle(-20, 35, 50, 60)),
}

ITEMS = {
    "over-the-line": (polygon([[176, -20], [-174, -20], [-174, -12], [176, -12], [176, -20]]), [0, 1]),
    "beyond-180": (polygon(rectangle(176, -20, 186, -12)), [0, 1]),
    "on-the-line": (point(180, -10), [0, 1]),
    "around-the-south-pole": (polygon([[x, -80] for x in [*range(-180, 180, 20), -180]]), [2]),
    "around-the-north-pole": (polygon([[-135, 82], [-45, 82], [45, 82], [135, 82], [-135, 82]]), [3]),
    "in-the-hole": (point(20, 20), []),
    "on-the-hole-s-edge": (point(18, 20), [4]),
    "on-the-border": (point(0, 35), [4, 5]),
    "a-line": ({"type": "LineString", "coordinates": [[-30, 10], [10, 50]]}, [4, 5]),
    "a-bow-tie": (polygon([[-30, 0], [-10, 20], [-10, 0], [-30, 20], [-30, 0]]), [4]),
    "nowhere": (point(-100, 40), []),
    "without-geometry": (None, []),
}


def write_regions(path: Path, regions: dict[str, Any]) -> Path:
    features = [
        {"type": "Feature", "properties": {"title": name}, "geometry": geometry}
        for name, geometry in regions.items()
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    return path


def ingest(
    program: Program, base: Base, archive: archives.Archive, regions: Path, id_field: str = "title"
) -> subprocess.CompletedProcess[str]:
    config = base.path.parent / "config.yaml"
    config.write_text(
        f"catalog: {{db_path: {base.db}, warehouse: {base.warehouse}}}\n"
        f"grid: {{type: geojson, boundaries_path: {regions}, id_field: {id_field}}}\n"
    )
    inventory = archive.csv(base.path.parent / "inventory.csv")
    return program.run(
        "incremental", "--inventory", inventory, "--source", archive.folder, "--config", config, "--json"
    )


def test_rows_and_folders_are_those_of_the_regions(program: Program, base: Base, tmp_path: Path) -> None:
    archive = archives.write_items(
        tmp_path / "archive",
        [make_item(id_, geometry, bbox=None) for id_, (geometry, _touched) in ITEMS.items()],
    )
    regions = write_regions(tmp_path / "regions.geojson", REGIONS)
    done = ingest(program, base, archive, regions)
    assert done.returncode == 0, done.stderr
    names = list(REGIONS)
    expected = Counter(
        ("odd", id_, cell)
        for id_, (_geometry, touched) in ITEMS.items()
        for cell in ([names[k] for k in touched] or ["__none__"])
    )
    assert tables.fanned_out(base) == expected
    assert json.loads(done.stdout)["rows_written"] == expected.total()
    folders: Counter[str] = Counter()
    for path in base.parquet_files():
        folders[tables.partition_of(path)[0]] += tables.read_file(path).num_rows
    assert folders == Counter(cell for _collection, _id, cell in expected.elements())
    properties = tables.load(base).properties
    assert properties["earthcatalog.grid.type"] == "geojson"
    assert properties["earthcatalog.grid.boundaries_path"] == str(regions)
    assert properties["earthcatalog.grid.id_field"] == "title"
    info = json.loads(program.run("info", base.path, "--json").stdout)
    assert (info["grid_type"], info["grid_resolution"], info["cell_count"]) == ("geojson", None, len(folders))


def test_readers_find_regions_with_odd_names(program: Program, base: Base, tmp_path: Path) -> None:
    archive = archives.write_items(tmp_path / "archive", [make_item("p", point(1, 2))])
    regions = write_regions(tmp_path / "regions.geojson", dict.fromkeys(ODD_NAMES, WORLD))
    done = ingest(program, base, archive, regions)
    assert done.returncode == 0, done.stderr
    assert {tables.partition_of(path)[0] for path in base.parquet_files()} == set(ODD_NAMES)
    table = tables.load(base)
    scanned = table.scan(selected_fields=("grid_partition", "id")).to_arrow()
    assert sorted(scanned["grid_partition"].to_pylist()) == sorted(ODD_NAMES)
    one = table.scan(row_filter="grid_partition == 'Île de Ré'", selected_fields=("grid_partition",))
    assert one.to_arrow()["grid_partition"].to_pylist() == ["Île de Ré"]
    listed = duckdb.execute(
        "select grid_partition from read_parquet(?, hive_partitioning = true)",
        [f"{base.warehouse}/grid_partition=*/*/*.parquet"],
    ).fetchall()
    assert sorted(name for (name,) in listed) == sorted(ODD_NAMES)
    stats = json.loads(program.run("stats", base.path, "--json").stdout)
    assert sorted(entry["grid_partition"] for entry in stats["partitions"]) == sorted(ODD_NAMES)


@pytest.mark.parametrize(
    ("regions", "id_field", "named"),
    [
        ({"": WORLD}, "title", ["feature 1", "is empty"]),
        ({"a": WORLD, "a/b": WORLD}, "title", ["feature 2", "'a/b'"]),
        ({"a": WORLD}, "name", ["feature 1", "'name'"]),
        ({"a": point(1, 1)}, "title", ["feature 1", "Point"]),
        ({}, "title", ["no features"]),
    ],
)
def test_bad_regions_are_wrong_usage_and_leave_nothing(
    program: Program, base: Base, tmp_path: Path, regions: dict[str, Any], id_field: str, named: list[str]
) -> None:
    archive = archives.write_items(tmp_path / "archive", [make_item("p", point(1, 2))])
    path = write_regions(tmp_path / "regions.geojson", regions)
    done = ingest(program, base, archive, path, id_field)
    assert done.returncode == 2
    for text in ["regions.geojson", *named]:
        assert text in done.stderr
    assert not base.db.exists()


def test_generated_items_are_where_shapely_says(
    program: Program, base: Base, tmp_path: Path, archive: archives.Archive
) -> None:
    """Tiles of ten degrees, which meet but do not overlap; footprints that wrap are left to other tests."""
    tiles = {
        f"{west} {south}": polygon(rectangle(west, south, west + 10, south + 10))
        for west in range(-180, 180, 10)
        for south in range(-90, 90, 10)
    }
    part = archive.head(600)
    done = ingest(program, base, part, write_regions(tmp_path / "tiles.geojson", tiles))
    assert done.returncode == 0, done.stderr
    names = list(tiles)
    tree = shapely.STRtree([shapely.from_geojson(json.dumps(tile)) for tile in tiles.values()])
    found: dict[str, set[str]] = {}
    for _collection, id_, cell in tables.fanned_out(base):
        found.setdefault(id_, set()).add(cell)
    compared = 0
    for item in part.items:
        shape = shapely.from_geojson(json.dumps(item["geometry"])) if item["geometry"] else None
        if shape is None or shape.bounds[2] - shape.bounds[0] > 100 or max(map(abs, shape.bounds)) > 179:
            continue
        touched = {names[k] for k in tree.query(shape, predicate="intersects")}
        assert found[item["id"]] == touched, item["id"]
        compared += 1
    assert compared > 300
