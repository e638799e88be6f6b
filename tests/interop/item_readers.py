"""The items as other readers give them back, in the one form in which they can be compared."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import shapely
from harness import expected, tables
from harness.archives import Item, key_of
from harness.program import Base
from harness.requirement import require_module

# Ours, not the item's.
FOREIGN = ("grid_partition", "_overflow", "_style")
FIXED = ("type", "stac_version", "stac_extensions", "id", "collection", "bbox", "geometry", "links", "assets")


def items_by_stac_geoparquet(path: Path) -> list[Item]:
    return list(require_module("stac_geoparquet.arrow").stac_table_to_items(tables.read_file(path)))


def items_by_rustac(path: Path) -> list[Item]:
    return list(require_module("rustac").read_sync(str(path))["features"])


FILE_READERS: dict[str, Callable[[Path], list[Item]]] = {
    "stac-geoparquet": items_by_stac_geoparquet,
    "rustac": items_by_rustac,
}


def items_by_pyiceberg(base: Base) -> list[Item]:
    """One for each row, so an item once for each of its cells and versions."""
    return [_item_of_row(row) for row in tables.load(base).scan().to_arrow().to_pylist()]


def _item_of_row(row: dict[str, Any]) -> Item:
    item = {name: row.pop(name, None) for name in FIXED}
    if item["geometry"] is not None:
        item["geometry"] = json.loads(shapely.to_geojson(shapely.from_wkb(item["geometry"])))
    if item["bbox"] is not None:
        item["bbox"] = [item["bbox"][side] for side in ("xmin", "ymin", "xmax", "ymax")]
    return {**item, "properties": row}


def without_place(item: Item) -> bool:
    """Neither file reader can read nulls among geometries and boxes."""
    return expected.envelope(item) is None


def has_shapes_that_stac_geoparquet_fails_on(path: Path) -> bool:
    """It knows no GeometryCollection, and no row without a box, as those without a geometry are."""
    table = tables.read_file(path)
    shapes = shapely.from_wkb(table["geometry"].to_pylist())
    kinds = {kind.name for kind in map(shapely.GeometryType, shapely.get_type_id(shapes))}
    return "GEOMETRYCOLLECTION" in kinds or table["bbox"].null_count > 0


def leaves(item: Item) -> dict[str, Any]:
    """Path and value of all that an item says, in the form that readers keep; without what is not the item's.

    A geometry is one leaf, without heights: whoever asks finds them in the overflow. The bbox is for whoever
    compares it with what readers have of it: not the item's own, but the geometry's.
    """
    item = json.loads(json.dumps(item, default=str))
    item["properties"] = {k: v for k, v in item["properties"].items() if k not in FOREIGN}
    geometry = item.pop("geometry", None)
    item.pop("bbox", None)
    found = dict(expected.leaves(expected.normalised(item)))
    if geometry is not None:
        found["/geometry"] = _shape(geometry)
    return found


def _shape(geometry: dict[str, Any]) -> str:
    if geometry["type"] == "Polygon":
        rings = [[*ring, ring[0]] if ring[0] != ring[-1] else ring for ring in geometry["coordinates"]]
        geometry = {**geometry, "coordinates": rings}
    shape = shapely.from_geojson(json.dumps(geometry))
    # rustac gives a MultiPolygon of one part as that part.
    parts = shapely.get_parts(shape)
    return shapely.to_wkb(parts[0] if len(parts) == 1 else shape, output_dimension=2).hex()


def differences(seen: Item, sources: Iterable[Item]) -> list[str]:
    """The paths at which a reader's item differs from the source it is nearest to; an empty list for none.

    What the overflow column holds, the reader need not have seen; a list in a column of texts is JSON.
    """
    found = {**leaves(seen), "/bbox": tuple(seen.get("bbox") or ())}
    overflow = json.loads(seen["properties"].get("_overflow") or "{}")
    kept = dict(expected.leaves(expected.normalised(overflow)))
    for path, text in list(found.items()):
        inside = {name: value for name, value in kept.items() if name.startswith(f"{path}/")}
        if inside and isinstance(text, str) and text[:1] in "[{":
            assert dict(expected.leaves(json.loads(text), path)) == inside
            del found[path]
    spilled = kept.keys() - found.keys()

    def differing(source: Item) -> list[str]:
        wanted = {**leaves(source), "/bbox": expected.envelope(source) or ()}
        paths = (wanted.keys() | found.keys()) - spilled
        return sorted(path for path in paths if wanted.get(path) != found.get(path))

    return min((differing(source) for source in sources), key=len)


def check_items(seen: list[Item], sources: list[Item]) -> None:
    """All of the sources, and each as it was; of several with one key any is right."""
    by_key = expected.group_by_key(sources)
    assert {key_of(item) for item in seen} == set(by_key)
    for item in seen:
        assert not differences(item, by_key[key_of(item)]), item["id"]
