"""Tables as earthcatalog 0.6.1 makes them, made with PyIceberg and pyarrow alone.

They have 28 columns, in which `assets`, `links`, `bbox` and `stac_extensions` are JSON text. Their files
carry no field ids and have the columns that some item of the file has a value for; instants are
milliseconds; an object has all the members that the same object has anywhere in the file, null or not;
`covering` names columns that are not there. The table's properties name a grid only if a configuration did.
"""

import datetime as dt
import json
import math
import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import h3
import pyarrow as pa
import pyarrow.parquet as pq
import shapely
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.exceptions import NamespaceAlreadyExistsError
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table import Table
from pyiceberg.transforms import IdentityTransform, YearTransform
from pyiceberg.types import (
    BinaryType,
    DoubleType,
    IcebergType,
    LongType,
    NestedField,
    StringType,
    TimestamptzType,
)

from . import tables
from .archives import Item
from .expected import instant
from .odd_items import polygon, rectangle
from .program import Base

COLUMNS: dict[str, IcebergType] = {
    "id": StringType(),
    "grid_partition": StringType(),
    "geometry": BinaryType(),
    "datetime": TimestamptzType(),
    "platform": StringType(),
    "percent_valid_pixels": LongType(),
    "date_dt": LongType(),
    "proj:code": StringType(),
    "assets": StringType(),
    "links": StringType(),
    "stac_version": StringType(),
    "type": StringType(),
    "start_datetime": TimestamptzType(),
    "version": StringType(),
    "sat:orbit_state": StringType(),
    "scene_1_id": StringType(),
    "scene_2_id": StringType(),
    "scene_1_frame": StringType(),
    "scene_2_frame": StringType(),
    "mid_datetime": StringType(),
    "created": TimestamptzType(),
    "updated": TimestamptzType(),
    "end_datetime": TimestamptzType(),
    "stac_extensions": StringType(),
    "collection": StringType(),
    "latitude": DoubleType(),
    "longitude": DoubleType(),
    "bbox": StringType(),
}
INSTANTS = [name for name, type_ in COLUMNS.items() if isinstance(type_, TimestamptzType)]


def velocity_item(number: int, west: float, south: float, **changes: Any) -> Item:
    """An item that fits the 28 columns; `changes` are properties, or members where they are named so."""
    item: Item = {
        "type": "Feature",
        "stac_version": "1.0.0",
        "stac_extensions": ["https://stac-extensions.github.io/projection/v1.1.0/schema.json"],
        "id": f"velocity-{number:03}",
        "collection": "velocity",
        "geometry": polygon(rectangle(west, south, west + 1, south + 1)),
        "bbox": [west, south, west + 1, south + 1],
        "properties": {
            "datetime": f"{2018 + number % 3}-06-01T12:00:00.250Z",
            "start_datetime": "2017-05-01T00:00:00Z",
            "end_datetime": "2021-07-01T00:00:00.500Z",
            "mid_datetime": "2019-06-01T12:00:00.000000Z",
            "created": "2022-01-01T00:00:00.500Z",
            "updated": "2022-01-02T00:00:00Z",
            "platform": "S1A" if number % 2 else "S1B",
            "percent_valid_pixels": number % 101,
            "date_dt": 12,
            "proj:code": "EPSG:3413",
            "version": "002",
            "sat:orbit_state": "ascending",
            "scene_1_id": f"one-{number}",
            "scene_2_id": f"two-{number}",
            "scene_1_frame": "frame 1",
            "scene_2_frame": "frame 2",
            "latitude": south + 0.5,
            "longitude": float(west),
        },
        "links": [{"rel": "self", "href": f"https://example.org/{number}.json", "type": "application/json"}],
        "assets": {
            "data": {"href": f"https://example.org/{number}.nc", "roles": ["data"], "title": "Velocity"},
            "thumbnail": {"href": f"https://example.org/{number}.png"},
        },
    }
    for name, value in changes.items():
        (item if name in ("assets", "bbox", "geometry", "id", "links") else item["properties"])[name] = value
    return item


def velocity_items(count: int) -> list[Item]:
    """Items that 0.6.1 takes, among them those that it changes."""
    items = [velocity_item(number, -60 + 3 * number, 60 + number % 5) for number in range(count)]
    items[3]["properties"].update(created=None, percent_valid_pixels=None)
    del items[4]["collection"], items[4]["properties"]["date_dt"]
    items[5].update(links=[], assets={"data": {"href": "https://example.org/5.nc"}})
    items[6]["properties"].update(percent_valid_pixels=50.0, longitude=0.0, latitude=-0.0)
    items[7]["properties"].update(datetime="2019-06-01T12:00:00.123456Z", updated="2022-01-02T01:00:00+01:00")
    items[8]["assets"]["data"].update(
        title=None, nodata=-32767, scale=0.1, nested={"deep": [{"a": 1}, {"b": 2}]}
    )
    items[9]["geometry"] = {"type": "Point", "coordinates": [-33.0, 64.0]}
    items[10].update(id="Ähre-雪-🛰/\\\"'", stac_extensions=[])
    items[11]["properties"]["datetime"] = None
    return items


def as_kept(item: Item) -> Item:
    """What 0.6.1 keeps of an item.

    STAC version 1.1.0, no members that are null, no empty list of extensions, milliseconds of instants.
    """
    kept: Item = without_nulls({**item, "stac_version": "1.1.0"})
    if not kept["stac_extensions"]:
        del kept["stac_extensions"]
    for name in INSTANTS:
        if when := instant(kept["properties"].get(name)):
            kept["properties"][name] = _canonical(when.replace(microsecond=when.microsecond // 1000 * 1000))
    return kept


def _canonical(when: dt.datetime) -> str:
    fraction = f".{when.microsecond // 1000:03}" if when.microsecond else ""
    return f"{when:%Y-%m-%dT%H:%M:%S}{fraction}Z"


def without_nulls(value: Any) -> Any:
    """Null members left out; `geometry` alone is an item's even if it is null."""
    if isinstance(value, dict):
        return {name: without_nulls(member) for name, member in value.items() if member is not None}
    return [without_nulls(element) for element in value] if isinstance(value, list) else value


def ingest(
    base: Base,
    items: list[Item],
    *,
    resolution: int = 1,
    chunk_size: int = 500,
    grid: Mapping[str, Any] | None = None,
) -> None:
    """What `earthcatalog.pipelines.incremental.run` of 0.6.1 does with these items.

    `grid`: the members of a GridConfig, if there is one.
    """
    base.warehouse.mkdir(parents=True, exist_ok=True)
    table = _load_or_create(base, grid or {})
    for part, start in enumerate(range(0, len(items), chunk_size)):
        groups: dict[tuple[str, str], list[Item]] = {}
        for item in items[start : start + chunk_size]:
            when = item["properties"].get("datetime")
            year = when[:4] if when else "unknown"
            for cell in _cells(item, resolution):
                groups.setdefault((cell, year), []).append(item)
        paths = []
        for (cell, year), group in groups.items():
            folder = base.warehouse / f"grid_partition={cell}" / f"year={year}"
            folder.mkdir(parents=True, exist_ok=True)
            paths.append(folder / f"part_{part:06}_{uuid.uuid4().hex[:8]}.parquet")
            group.sort(
                key=lambda item: (item["properties"]["platform"], item["properties"].get("datetime") or "")
            )
            _write(group, cell, paths[-1])
        table.add_files([str(path) for path in paths])


def _load_or_create(base: Base, grid: Mapping[str, Any]) -> Table:
    catalog = SqlCatalog("earthcatalog", uri=f"sqlite:///{base.db}", warehouse=str(base.warehouse))
    try:
        catalog.create_namespace("earthcatalog")
    except NamespaceAlreadyExistsError:
        return catalog.load_table(tables.IDENTIFIER)
    fields = [
        NestedField(number, name, type_, required=False)
        for number, (name, type_) in enumerate(COLUMNS.items(), start=1)
    ]
    spec = PartitionSpec(
        PartitionField(2, 100, IdentityTransform(), "grid_partition"),
        PartitionField(4, 101, YearTransform(), "year"),
    )
    properties = {f"earthcatalog.grid.{name}": str(value) for name, value in grid.items()}
    return catalog.create_table(
        tables.IDENTIFIER, Schema(*fields), partition_spec=spec, properties=properties
    )


def _cells(item: Item, resolution: int) -> set[str]:
    """Of small footprints: the cells of points along the outline."""
    outline = shapely.geometry.shape(item["geometry"])
    if outline.geom_type != "Point":
        outline = shapely.segmentize(outline.exterior, 0.1)
    return {h3.latlng_to_cell(y, x, resolution) for x, y in outline.coords}


def _write(items: list[Item], cell: str, path: Path) -> None:
    columns: dict[str, pa.Array] = {
        "type": pa.array([item["type"] for item in items]),
        "stac_version": pa.array(["1.1.0"] * len(items)),
        "stac_extensions": _json_text(item["stac_extensions"] or None for item in items),
        "id": pa.array([item["id"] for item in items]),
        "grid_partition": pa.array([cell] * len(items)),
        "links": _json_text(item["links"] for item in items),
        "assets": _json_text(item["assets"] for item in items),
        "collection": pa.array([item.get("collection") for item in items]),
        "bbox": _json_text(list(map(float, item["bbox"])) for item in items),
    }
    for name in {name: None for item in items for name in item["properties"]}:
        columns[name] = _property([item["properties"].get(name) for item in items], name)
    columns = {name: column for name, column in columns.items() if not pa.types.is_null(column.type)}
    shapes = [shapely.geometry.shape(item["geometry"]) for item in items]
    fields = [pa.field(name, column.type) for name, column in columns.items()]
    fields.append(pa.field("geometry", pa.binary(), metadata={"ARROW:extension:name": "geoarrow.wkb"}))
    columns["geometry"] = pa.array([shapely.to_wkb(shape, byte_order=1) for shape in shapes], pa.binary())
    metadata = {"geo": _geo(shapes), "stac-geoparquet": '{"version":"1.0.0"}'}
    table = pa.table(columns, schema=pa.schema(fields, metadata=metadata))
    with path.open("wb") as file:
        pq.write_table(table, file, compression="zstd")


def _json_text(values: Iterable[Any]) -> pa.Array:
    """By way of Arrow, which gives every object the members of all."""
    column = pa.array([without_nulls(value) for value in values])
    if pa.types.is_null(column.type):
        return column
    return pa.array(
        [None if value is None else json.dumps(value) for value in column.to_pylist()], pa.string()
    )


def _property(values: list[Any], name: str) -> pa.Array:
    if name in INSTANTS:
        micros = [value if value is None else instant(value) for value in values]
        if not any(micros) and name != "datetime":
            return pa.nulls(len(values))
        return pa.array(micros, pa.timestamp("us", "UTC")).cast(pa.timestamp("ms", "UTC"), safe=False)
    column = pa.array(values)
    whole = pa.types.is_floating(column.type) and all(
        value is None or math.floor(value) == value for value in values
    )
    return column.cast(pa.int32()) if whole and name not in ("latitude", "longitude") else column


def _geo(shapes: list[Any]) -> str:
    sides = {side: ["bbox", side] for side in ("xmin", "ymin", "xmax", "ymax")}
    column = {
        "encoding": "WKB",
        "geometry_types": sorted({shape.geom_type for shape in shapes}),
        "bbox": list(shapely.total_bounds(shapes)),
        "covering": {"bbox": sides},
    }
    return json.dumps({"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}})
