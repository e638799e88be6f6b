"""Items with the shapes that go wrong first, each named for what is odd about it."""

import json
from typing import Any

import shapely

from .archives import Item

Coordinates = list[Any]


def make_item(
    id_: str, geometry: dict[str, Any] | None, *, collection: str | None = "odd", **changes: Any
) -> Item:
    """A whole item; `changes` are properties, or the item's own members where they are named so.

    The bbox is the geometry's in longitude and latitude as they are written; None leaves it out.
    """
    item: Item = {
        "type": "Feature",
        "stac_version": "1.1.0",
        "stac_extensions": [],
        "id": id_,
        "geometry": geometry,
        "properties": {"datetime": "2020-06-01T12:00:00Z", "platform": "S1A"},
        "links": [{"rel": "self", "href": f"https://example.org/{id_}.json"}],
        "assets": {"data": {"href": f"https://example.org/{id_}.tif", "roles": ["data"]}},
    }
    if collection is not None:
        item["collection"] = collection
    if geometry is not None and "bbox" not in changes:
        item["bbox"] = _bounds(geometry)
    for name, value in changes.items():
        (item if name in ("bbox", "links", "assets") else item["properties"])[name] = value
    if item.get("bbox", 0) is None:
        del item["bbox"]
    return item


def _bounds(geometry: dict[str, Any]) -> list[float]:
    return list(shapely.from_geojson(json.dumps(geometry)).bounds)


def polygon(*rings: Coordinates) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings)}


def rectangle(west: float, south: float, east: float, north: float) -> Coordinates:
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


def multipolygon(*polygons: list[Coordinates]) -> dict[str, Any]:
    return {"type": "MultiPolygon", "coordinates": list(polygons)}


def point(longitude: float, latitude: float, *height: float) -> dict[str, Any]:
    return {"type": "Point", "coordinates": [longitude, latitude, *height]}


SPLIT = multipolygon([rectangle(176, -20, 180, -12)], [rectangle(-180, -20, -174, -12)])
CAP = [[longitude, -80] for longitude in [*range(-180, 180, 20), -180]]

ODD_ITEMS: list[Item] = [
    make_item("split-at-the-antimeridian", SPLIT, bbox=[176, -20, -174, -12]),
    make_item(
        "box-over-the-antimeridian",
        polygon([[176, -20], [-174, -20], [-174, -12], [176, -12], [176, -20]]),
        bbox=[176, -20, -174, -12],
    ),
    make_item("beyond-180", polygon(rectangle(176, -20, 186, -12)), bbox=[176, -20, 186, -12]),
    make_item("around-the-south-pole", polygon(CAP), bbox=None),
    make_item("south-pole-as-a-box", polygon(rectangle(-180, -90, 180, -80))),
    make_item(
        "around-the-north-pole",
        polygon([[-135, 82], [-45, 82], [45, 82], [135, 82], [-135, 82]]),
        bbox=None,
    ),
    make_item("with-a-hole", polygon(rectangle(0, 0, 40, 40), rectangle(10, 10, 30, 30)[::-1])),
    make_item("a-point", point(7.5, 46.9), bbox=[7.5, 46.9, 7.5, 46.9]),
    make_item("in-three-dimensions", point(7.5, 46.9, 553.0), bbox=[7.5, 46.9, 550.0, 7.5, 46.9, 553.0]),
    make_item("a-line", {"type": "LineString", "coordinates": [[-10, 50], [10, 60]]}),
    make_item("points", {"type": "MultiPoint", "coordinates": [[0, 0], [90, 45], [-120, -60]]}),
    make_item(
        "a-collection-of-geometries",
        {
            "type": "GeometryCollection",
            "geometries": [point(100, 10), polygon(rectangle(-60, -10, -50, 0))],
        },
    ),
    make_item("without-geometry", None),
    make_item("without-datetime", point(10, 10), datetime=None),
    make_item("a-period", point(10, 10), datetime=None, start_datetime="2019-01-01T00:00:00Z"),
    make_item("without-platform", point(10, 10), platform=None),
    make_item("without-collection", point(10, 10), collection=None),
    make_item("same-id", point(10, 10), collection="one"),
    make_item("same-id", point(-70, -40), collection="another"),
    make_item("Ähre-雪-🛰", point(139.7, 35.7), platform="Sentinel-Ω"),
    make_item("a" * 40, point(10, 10), platform="\U0010ffff" * 20),
    make_item("bounds-" + "\U0010ffff" * 20, point(10, 10), platform="z" * 15 + "é" * 5),
    make_item("before-1970", point(10, 10), datetime="1959-12-31T23:59:59.999999Z"),
    make_item("with-an-offset", point(10, 10), datetime="2021-01-01T00:30:00+01:00"),
    make_item("beyond-microseconds", point(10, 10), datetime="2020-06-01T12:00:00.123456789Z"),
    make_item("negative-zero", point(-0.0, 0.0), bbox=[-0.0, -0.0, 0.0, 0.0]),
    make_item("gsd-integer", point(10, 10), gsd=10),
    make_item("gsd-double", point(10, 10), gsd=10.5),
    make_item("gsd-text", point(10, 10), gsd="ten"),
    make_item("cloudy", point(10, 10), **{"eo:cloud_cover": 50, "proj:code": "EPSG:3413"}),
    make_item("partly-cloudy", point(10, 10), **{"eo:cloud_cover": 50.5, "proj:code": None}),
    make_item("reserved-names", point(10, 10), year=7, grid_partition="x", Platform="shouts", assets={}),
    make_item("dotted-names", point(10, 10), **{"a.b": 1, "a": {"b": 2}}),
    make_item("huge-number", point(10, 10), count=2**40),
    make_item("small-number", point(10, 10), count=1),
    make_item("empty-things", point(10, 10), nothing={}, none=[], links=[]),
]
