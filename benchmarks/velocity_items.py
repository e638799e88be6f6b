"""An archive of ice velocities that earthcatalog 0.6.1 can read: items of its 28 columns and nothing else.

The same for the same arguments. Footprints are quadrilaterals of half a degree to two degrees, where the ice
is; 1 in 150 is a MultiPolygon on both sides of the antimeridian.
"""

import datetime as dt
import json
import math
import random
from pathlib import Path
from typing import Any

BUCKET = "velocities"
PLATFORMS = [
    ("LT05", 1984, 2011),
    ("LE07", 1999, 2022),
    ("LC08", 2013, 2026),
    ("LC09", 2021, 2026),
    ("S1A", 2014, 2026),
]

# West, east, south and north of where the ice is.
ICE = [
    (-58, -22, 60, 83),  # Greenland
    (-90, -66, 67, 83),  # the Canadian Arctic
    (-153, -131, 58, 64),  # Alaska
    (11, 27, 76.5, 80.5),  # Svalbard
    (-23, -14, 63.5, 66),  # Iceland
    (72, 96, 28, 42),  # the high mountains of Asia
    (-75, -72, -52, -46),  # Patagonia
    (-73, -57, -73, -63),  # the Antarctic Peninsula
    (-118, -98, -77, -73),  # West Antarctica
    (85, 145, -71, -66),  # East Antarctica
]


def _area(west: float, east: float, south: float, north: float) -> float:
    return (east - west) * (math.sin(math.radians(north)) - math.sin(math.radians(south)))


def _footprint(place: random.Random) -> tuple[dict[str, Any], list[float]]:
    west, east, south, north = place.choices(ICE, weights=[_area(*box) for box in ICE])[0]
    latitude = place.uniform(south, north)
    height = place.uniform(0.25, 1)
    width = min(height / math.cos(math.radians(latitude)), 8)
    if place.random() < 1 / 150:
        west, east, south, north = 180 - width, width - 180, latitude - height, latitude + height
        halves = [
            [[[west, south], [180, south], [180, north], [west, north], [west, south]]],
            [[[-180, south], [east, south], [east, north], [-180, north], [-180, south]]],
        ]
        return {"type": "MultiPolygon", "coordinates": halves}, [west, south, east, north]
    longitude = place.uniform(west, east)
    shear = place.uniform(-0.2, 0.2) * width
    west, east, south, north = longitude - width, longitude + width, latitude - height, latitude + height
    ring = [
        [west + shear, south],
        [east, south + shear / 9],
        [east - shear, north],
        [west, north - shear / 9],
    ]
    ring = [[round(min(max(x, -180), 180), 5), round(y, 5)] for x, y in ring]
    xs, ys = [x for x, _ in ring], [y for _, y in ring]
    return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}, [min(xs), min(ys), max(xs), max(ys)]


def _text(when: dt.datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def make_item(number: int, begin: dt.datetime, end: dt.datetime) -> tuple[str, dict[str, Any]]:
    """The item's key and content. Its middle date lies between begin and end."""
    place = random.Random(number)
    middle = begin + dt.timedelta(seconds=place.randrange(int((end - begin).total_seconds())))
    name, *_ = place.choice([p for p in PLATFORMS if p[1] <= middle.year <= p[2]] or PLATFORMS[:1])
    half = dt.timedelta(days=place.choice([4, 6, 8, 16]))
    path = f"{place.randrange(1, 234):03}{place.randrange(1, 249):03}"
    first = f"{name}_L1TP_{path}_{middle - half:%Y%m%d}_02_T1"
    second = f"{name}_L1TP_{path}_{middle + half:%Y%m%d}_02_T1"
    geometry, bbox = _footprint(place)
    id_ = f"{first}_X_{second}_G0120V02_P{place.randrange(1, 101):03}_{number:08}"
    stem = f"v2/{name}/{middle:%Y}/{id_}"
    url = f"https://{BUCKET}.s3.amazonaws.example/{stem}"
    assets = {
        key: {"href": url + end_, "type": kind, "title": title, "roles": [role]}
        for key, end_, kind, title, role in [
            ("data", ".nc", "application/x-netcdf", "Ice velocity of the image pair", "data"),
            ("overview", ".png", "image/png", "Speed in false colours, full size", "overview"),
            ("thumbnail", "_thumb.png", "image/png", "Speed in false colours, 256 pixels", "thumbnail"),
            ("checksum", ".nc.md5", "text/plain", "MD5 digest of the data", "metadata"),
        ]
    }
    properties = {
        "datetime": _text(middle),
        "start_datetime": _text(middle - half),
        "end_datetime": _text(middle + half),
        "mid_datetime": _text(middle),
        "created": _text(middle + dt.timedelta(days=40)),
        "updated": _text(middle + dt.timedelta(days=50)),
        "platform": name,
        "proj:code": "EPSG:3413" if bbox[1] > 0 else "EPSG:3031",
        "percent_valid_pixels": place.randrange(1, 101),
        "date_dt": 2 * half.days,
        "scene_1_id": first,
        "scene_2_id": second,
        "scene_1_frame": path,
        "scene_2_frame": path,
        "sat:orbit_state": place.choice(["ascending", "descending"]),
        "version": "002",
        "latitude": round((bbox[1] + bbox[3]) / 2, 5),
        "longitude": round((bbox[0] + bbox[2]) / 2, 5),
    }
    links = [
        {"rel": rel, "href": href, "type": "application/json"}
        for rel, href in [
            ("self", url + ".stac.json"),
            ("collection", "https://archive.example/velocity.json"),
        ]
    ]
    item = {
        "type": "Feature",
        "stac_version": "1.1.0",
        "stac_extensions": ["https://stac-extensions.github.io/projection/v2.0.0/schema.json"],
        "id": id_,
        "collection": "velocity",
        "geometry": geometry,
        "bbox": bbox,
        "properties": properties,
        "links": links,
        "assets": assets,
    }
    return f"{stem}.stac.json", item


def write_archive(folder: Path, items: int, begin: dt.datetime, end: dt.datetime) -> set[str]:
    """<folder>/<bucket>/<key> and <folder>/inventory.csv; gives the ids."""
    lines = ["bucket,key,size,last_modified_date"]
    ids = set()
    for number in range(items):
        key, item = make_item(number, begin, end)
        path = folder / BUCKET / key
        path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(item)
        path.write_text(text)
        lines.append(f"{BUCKET},{key},{len(text)},{item['properties']['updated']}")
        ids.add(item["id"])
    (folder / "inventory.csv").write_text("\n".join(lines) + "\n")
    return ids
