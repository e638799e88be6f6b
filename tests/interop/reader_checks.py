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
    """Every item's values are in some row, and every row has the values of some item.

    Items that lack a bbox are compared without one: what the table has there is not theirs.
    """
    boxless = {key_of(item) for item in items if not item.get("bbox")}

    def settled(value: expected.Value) -> expected.Value:
        return (*value[:3], None, *value[4:]) if value[:2] in boxless else value

    wanted = {settled(expected.value_of_item(item)) for item in items}
    found = {settled(expected.value_of_row(dict(row), set(columns))) for row in rows}
    lost = wanted - found
    invented = found - wanted
    assert not lost, f"{len(lost)} items are not as in their JSON, e.g. {min(lost, key=repr)}"
    assert not invented, f"{len(invented)} rows of no item, e.g. {min(invented, key=repr)}"
