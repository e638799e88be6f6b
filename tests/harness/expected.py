"""What the table must hold, worked out from the items' JSON and nothing else."""

import datetime as dt
import itertools
import json
import math
import re
from collections.abc import Iterator
from typing import Any

from .archives import Item, ItemKey, key_of

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_INSTANT = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|z|[+-]\d\d:\d\d)")

# Properties compared value by value through every reader, and how a row's value is made comparable.
NUMBERS = ("gsd", "eo:cloud_cover", "view:off_nadir", "proj:epsg")
TEXTS = ("platform", "constellation", "proj:code", "title")


def instant(text: Any) -> dt.datetime | None:
    """An RFC 3339 instant, cut to the microsecond."""
    match = _INSTANT.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        return None
    date, time, fraction, offset = match.groups()
    micros = (fraction or "").ljust(6, "0")[:6]
    return dt.datetime.fromisoformat(
        f"{date}T{time}.{micros}{'+00:00' if offset in 'Zz' else offset}"
    ).astimezone(dt.UTC)


def micros(value: dt.datetime | None) -> int | None:
    """Of a reader's instant; a naive one is UTC."""
    if value is None:
        return None
    aware = value if value.tzinfo else value.replace(tzinfo=dt.UTC)
    return (aware - EPOCH) // dt.timedelta(microseconds=1)


def box(item: Item) -> tuple[float, ...] | None:
    """(xmin, ymin, xmax, ymax) of the item's bbox."""
    numbers = item.get("bbox")
    if not numbers:
        return None
    half = len(numbers) // 2
    return tuple(float(number) for number in (*numbers[:2], *numbers[half : half + 2]))


Position = tuple[float, ...]


def parts(geometry: Any) -> Iterator[tuple[str, list[Position]]]:
    """The geometry's points, lines and rings: "point", "line", "shell" or "hole", and its positions."""
    kind = geometry["type"]
    if kind == "GeometryCollection":
        for member in geometry["geometries"]:
            yield from parts(member)
        return
    many = geometry["coordinates"] if kind.startswith("Multi") else [geometry["coordinates"]]
    match kind.removeprefix("Multi"):
        case "Point":
            yield from (("point", [point]) for point in many if point)
        case "LineString":
            yield from (("line", line) for line in many if line)
        case _:
            for rings in many:
                names = ["shell", *["hole"] * (len(rings) - 1)]
                yield from ((name, ring) for name, ring in zip(names, rings, strict=True) if ring)


def _stated_span(item: Item) -> tuple[float, float] | None:
    """West and east of the item's bbox, where it is one."""
    numbers = item.get("bbox")
    if not isinstance(numbers, list) or len(numbers) not in (4, 6):
        return None
    if not all(isinstance(number, int | float) and not isinstance(number, bool) for number in numbers):
        return None
    return float(numbers[0]), float(numbers[len(numbers) // 2])


def envelope(item: Item) -> tuple[float, ...] | None:
    """The (xmin, ymin, xmax, ymax) that the table's column must have of the item."""
    found = list(parts(item["geometry"])) if item["geometry"] else []
    positions = [position for _, part in found for position in part]
    if not positions:
        return None
    xmin, xmax = min(float(p[0]) for p in positions), max(float(p[0]) for p in positions)
    ymin, ymax = min(float(p[1]) for p in positions), max(float(p[1]) for p in positions)
    if max(-xmin, xmax) > 540 or max(-ymin, ymax) > 90 + 1e-9:
        return xmin, ymin, xmax, ymax  # not on Earth
    stated = _stated_span(item)
    crosses = xmin < -180 or xmax > 180
    for kind, part in found:
        turns, path = 0, part if kind in ("point", "line") or part[0] == part[-1] else [*part, part[0]]
        for (west, *_), (east, *_) in itertools.pairwise(path):
            if not 180 < abs(east - west) < 360:
                continue
            low, high = min(west, east), max(west, east)
            meant = stated and stated[0] <= stated[1] and stated[0] <= low + 1e-5 and stated[1] >= high - 1e-5
            if not meant:
                turns += 1 if east < west else -1
                crosses = True
        if kind == "shell" and turns != 0:
            if math.fsum(min(90, max(-90, p[1])) for p in path[1:]) >= 0:
                ymax = max(ymax, 90.0)
            else:
                ymin = min(ymin, -90.0)
    return (min(xmin, -180.0), ymin, max(xmax, 180.0), ymax) if crosses else (xmin, ymin, xmax, ymax)


def year_of(item: Item) -> str:
    when = instant(item["properties"].get("datetime"))
    return f"{when.year:04}" if when else "unknown"


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


Value = tuple[Any, ...]


def value_of_item(item: Item) -> Value:
    """What the readers must agree with the source on."""
    properties = item["properties"]
    return (
        *key_of(item),
        micros(instant(properties.get("datetime"))),
        envelope(item),
        *(_number(properties.get(name)) for name in NUMBERS),
        *(properties.get(name) if isinstance(properties.get(name), str) else None for name in TEXTS),
    )


def value_of_row(row: dict[str, Any], columns: set[str]) -> Value:
    """The same of a table's row; what had no column of its type is looked up in the overflow.

    `columns`: those the table has.
    """
    overflow = json.loads(row["_overflow"]) if row.get("_overflow") else {}
    spilled = overflow.get("properties", {}) if isinstance(overflow, dict) else {}

    def value(name: str) -> Any:
        found = row[name] if name in columns else None
        if isinstance(found, float) and math.isnan(found):
            found = None
        return spilled.get(name) if found is None else found

    sides = row["bbox"]
    bbox = None if sides is None else tuple(sides[name] for name in ("xmin", "ymin", "xmax", "ymax"))
    return (
        row["collection"],
        row["id"],
        micros(row["datetime"]),
        bbox,
        *(_number(value(name)) for name in NUMBERS),
        *(value(name) if isinstance(value(name), str) else None for name in TEXTS),
    )


COMPARED_COLUMNS = ("collection", "id", "datetime", "bbox", "_overflow", *NUMBERS, *TEXTS)


def normalised(value: Any) -> Any:
    """JSON in the one form that readers keep: null, absent and empty are the same, numbers by value."""
    if isinstance(value, dict):
        members = {name: normalised(member) for name, member in value.items()}
        return {name: member for name, member in sorted(members.items()) if member is not None} or None
    if isinstance(value, list | tuple):
        # Elements keep their places: a null in a list is a value.
        return [normalised(element) for element in value] or None
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, dt.datetime):
        return micros(value)
    when = instant(value)
    return micros(when) if when else value


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """(path, scalar) of everything in a normalised JSON value."""
    if isinstance(value, dict):
        for name, member in value.items():
            yield from leaves(member, f"{path}/{name}")
    elif isinstance(value, list):
        for index, element in enumerate(value):
            yield from leaves(element, f"{path}/{index}")
    else:
        yield path, value


def group_by_key(items: list[Item]) -> dict[ItemKey, list[Item]]:
    groups: dict[ItemKey, list[Item]] = {}
    for item in items:
        groups.setdefault(key_of(item), []).append(item)
    return groups
