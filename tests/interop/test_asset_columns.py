"""How much of real items' assets lies in columns, where a table has more names than columns for them."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from harness import archives, tables
from harness.archives import Archive, Item, ItemKey
from harness.odd_items import make_item, point
from harness.program import Base, Program
from pyiceberg.table import Table
from pyiceberg.types import StructType

Asset = tuple[str, str]  # its name, and a member's


def columns_of(table: Table) -> set[Asset]:
    assets = table.schema().find_type("assets")
    assert isinstance(assets, StructType)
    return {
        (asset.name, member.name)
        for asset in assets.fields
        if isinstance(asset.field_type, StructType)
        for member in asset.field_type.fields
    }


def share_in_columns(base: Base, archive: Archive) -> tuple[float, float]:
    """Of the assets' values, and of the items all of whose assets have their `href` in a column."""
    held: dict[ItemKey, set[Asset]] = defaultdict(set)
    for row in tables.rows(base, "collection", "id", "assets"):
        for name, asset in (row["assets"] or {}).items():
            filled = {member for member, value in (asset or {}).items() if value is not None}
            held[row["collection"], row["id"]] |= {(name, member) for member in filled}
    values = whole = in_columns = 0
    for item in archive.items:
        columns = held[archives.key_of(item)]
        of_item = {
            (name, member)
            for name, asset in item["assets"].items()
            for member, value in asset.items()
            if value is not None
        }
        values += len(of_item)
        in_columns += len(of_item & columns)
        whole += all((name, "href") in columns for name in item["assets"])
    return in_columns / values, whole / len(archive.items)


def test_names_that_most_items_use_have_columns(program: Program, corpus: Archive, base: Base) -> None:
    program.ingest_archive(corpus, base)
    values, items = share_in_columns(base, corpus)
    shown = f"{values:.1%} of asset values in columns, all hrefs of {items:.1%} of the items"
    assert values > 0.85, shown
    assert items > 0.95, shown


def test_what_has_no_room_is_told(
    program: Program, base: Base, write_archive: Callable[[Iterable[Item]], Archive]
) -> None:
    """700 assets of one item each do not fit; those of two items come first."""

    def item(number: int, *names: str) -> dict[str, Any]:
        assets = {name: {"href": "x", "title": "t"} for name in names}
        return make_item(f"i{number}", point(1, 1), assets=assets)

    items = [item(0, *(f"a{n:03}" for n in range(700))), item(1, "zz", "a000"), item(2, "zz")]
    archive = write_archive(items)
    inventory = archive.csv(base.path.parent / "inventory.csv")
    report = program.ingest(inventory, base, "--source", archive.folder)
    columns = columns_of(tables.load(base))
    assert {("zz", "href"), ("a000", "href"), ("a598", "href")} <= columns
    assert not any(member == "title" for _name, member in columns)
    assert len(columns) == 600
    assert report["columns_left_out"] == 2 * 701 - 600
    left_out = report["overflowed"]
    assert len(left_out) == 599 + 101 + 1, "titles of a000 to a598 and zz, and the other assets"
    assert [(notice["column"], notice["count"]) for notice in left_out[:3]] == [
        ("assets.a000.title", 2),
        ("assets.zz.title", 2),
        ("assets.a001.title", 1),
    ]
    assert left_out[-1]["column"] == "assets.a699"
    assert left_out[-1]["example"] == {"id": "i0", "value": '{"href":"x","title":"t"}'}
    noted = json.loads(program.run("info", base.path, "--json").stdout)["overflowed"]
    assert len(noted) == 100
    assert noted["assets.a000.title"] == noted["assets.zz.title"] == 2
    assert "note: assets.zz.title: 2 values" in program.run("stats", base.path).stdout
