"""What the table must hold, worked out from the items' JSON and nothing else."""

import datetime as dt
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
        box(item),
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
