"""What every reader is asked: the values it sees against the items' own JSON."""

from collections.abc import Iterable, Mapping
from typing import Any

from harness import expected
from harness.archives import Item, key_of


def comparable_columns(columns: Iterable[str]) -> list[str]:
    """Those that the table has of the columns whose values are compared."""
    there = set(columns)
    return [name for name in expected.COMPARED_COLUMNS if name in there]


def check_values(items: list[Item], rows: Iterable[Mapping[str, Any]], columns: list[str]) -> None:
    """Every item's values are in some row, and every row has the values of some item."""
    wanted = {expected.value_of_item(item) for item in items}
    found = {expected.value_of_row(dict(row), set(columns)) for row in rows}
    lost = wanted - found
    invented = found - wanted
    assert not lost, f"{len(lost)} items are not as in their JSON, e.g. {min(lost, key=repr)}"
    assert not invented, f"{len(invented)} rows of no item, e.g. {min(invented, key=repr)}"


# What an analyst asks of nested and rare things.
ASSET_HREF = ("assets", "thumbnail", "href")
EXTENSION_PROPERTY = "view:sun_azimuth"


def rare_values_query(table: str, quote: str) -> str:
    """SQL for the items that have such an asset, such a property or no datetime, with their values."""
    href = ".".join(f"{quote}{name}{quote}" for name in ASSET_HREF)
    value = f"{quote}{EXTENSION_PROPERTY}{quote}"
    return (
        f"select distinct collection, id, {href}, cast({value} as double), datetime is null from {table} "
        f"where {href} is not null or {value} is not null or datetime is null"
    )


def rare_values(items: Iterable[Item]) -> set[tuple[object, ...]]:
    """What that query must give."""
    assets, name, href = ASSET_HREF
    found = {
        (
            *key_of(item),
            item[assets].get(name, {}).get(href),
            item["properties"].get(EXTENSION_PROPERTY),
            expected.year_of(item) == "unknown",
        )
        for item in items
    }
    for column in (2, 3):
        assert any(row[column] is not None for row in found)
    assert any(row[4] for row in found)
    return {row for row in found if row[2:] != (None, None, False)}
