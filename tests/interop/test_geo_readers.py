"""The files are GeoParquet and stac-geoparquet to those who read such files."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import shapely
from harness import duckdb_session, tables
from harness.program import Catalogue
from harness.requirement import PROJECT, path_from_environment, require_module


@pytest.fixture(scope="module")
def files(mixed: Catalogue) -> list[Path]:
    return sorted(mixed.base.parquet_files())


def test_gpio_finds_the_files_valid(files: list[Path], tmp_path: Path) -> None:
    # Its data checks need DuckDB's spatial extension, which it looks for below the home directory.
    duckdb_session.connect(tmp_path / ".duckdb" / "extensions").close()
    gpio = path_from_environment(
        "EARTHCATALOG_GPIO", Path(".venv-gpio/bin/gpio"), "the GeoParquet checker gpio"
    )
    special = [
        next(path for path in files if "grid_partition=__none__" in str(path)),
        next(path for path in files if "year=unknown" in str(path)),
    ]
    chosen = files if os.environ.get("EARTHCATALOG_FULL") == "1" else [*tables.sample(files, 40), *special]
    done = subprocess.run(
        [gpio.parent / "python", PROJECT / "tests/harness/gpio_checks.py"],
        input="\n".join(map(str, chosen)),
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": "", "HOME": str(tmp_path)},
        check=True,
    )
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(results) == len(chosen)
    assert [result for result in results if result["failed"]] == []


# What the validator says of items whose own coordinates are beyond ±180, and of items without a bbox.
BEYOND_180 = {"/conf/core/bbox-crs", "/conf/core/crs-default"}
BOXLESS = {"/conf/covering/bbox-column-repetition", "/conf/distribution/geospatial-statistics"}


def test_geoparquet_validator_finds_all_files_valid(files: list[Path]) -> None:
    validator = require_module("geoparquet_validator")
    for path in files:
        broken = {rule["id"] for rule in validator.check(str(path))["outcomes"] if rule["status"] == "fail"}
        if broken & BEYOND_180:
            shapes = shapely.from_wkb(tables.read_file(path)["geometry"].to_pylist())
            assert abs(shapely.get_coordinates(shapes)[:, 0]).max() > 180, path
        if broken & BOXLESS:
            assert tables.read_file(path)["bbox"].null_count, path
        assert broken <= BEYOND_180 | BOXLESS, path


def test_geo_metadata_describes_the_rows(files: list[Path]) -> None:
    for path in files:
        file = pq.ParquetFile(path)
        geo = json.loads(file.metadata.metadata[b"geo"])
        assert geo["version"] == "1.1.0"
        assert geo["primary_column"] == "geometry"
        column = geo["columns"]["geometry"]
        assert column["encoding"] == "WKB"
        assert column["covering"]["bbox"] == {
            side: ["bbox", side] for side in ("xmin", "ymin", "xmax", "ymax")
        }
        content = file.read(["geometry"])["geometry"].to_pylist()
        shapes = shapely.from_wkb([wkb for wkb in content if wkb is not None])
        names = {shapely.GeometryType(kind).name for kind in shapely.get_type_id(shapes)}
        declared = {name.removesuffix(" Z").upper() for name in column["geometry_types"]}
        assert not declared or {name.upper() for name in names} <= declared, path
        if "bbox" in column and len(shapes):
            check_bounds(column["bbox"], shapes, path)


def check_bounds(bbox: list[float], shapes: Any, path: Path) -> None:
    """The file's bbox holds its rows; one over the antimeridian has west > east."""
    half = len(bbox) // 2
    west, south, east, north = bbox[0], bbox[1], bbox[half], bbox[half + 1]
    coordinates = shapely.get_coordinates(shapes)
    longitudes, latitudes = coordinates[:, 0], coordinates[:, 1]
    assert latitudes.min() >= south, path
    assert latitudes.max() <= north, path
    inside = (longitudes >= west) & (longitudes <= east)
    if west > east:
        inside = (longitudes >= west) | (longitudes <= east)
    assert inside.all(), path


def test_stac_geoparquet_key_is_there(files: list[Path]) -> None:
    for path in files[:20]:
        value = json.loads(pq.read_metadata(path).metadata[b"stac-geoparquet"])
        assert value["version"], path


def test_geopandas_filters_by_bbox(files: list[Path]) -> None:
    """Its bbox filter works by the covering: the rows whose bbox meets the box, and only those."""
    geopandas = require_module("geopandas")
    tried = 0
    for path in tables.sample([path for path in files if "__none__" not in str(path)], 12):
        everything = geopandas.read_parquet(path)
        shape = next((s for s in everything.geometry if s is not None), None)
        if shape is None:
            continue
        x, y = shape.representative_point().coords[0][:2]
        box = (x - 0.01, y - 0.01, x + 0.01, y + 0.01)
        found = geopandas.read_parquet(path, bbox=box)
        bbox = tables.read_file(path)["bbox"].to_pylist()
        wanted = [
            id_
            for id_, sides in zip(everything["id"], bbox, strict=True)
            if sides
            and sides["xmin"] <= box[2]
            and sides["xmax"] >= box[0]
            and sides["ymin"] <= box[3]
            and sides["ymax"] >= box[1]
        ]
        assert list(found["id"]) == wanted, path
        tried += 1
    assert tried > 5
