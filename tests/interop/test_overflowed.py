"""What a column cannot hold is announced: a search by value finds all items, or its column is named."""

import datetime as dt
import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from harness import archives, tables
from harness.archives import Item
from harness.odd_items import make_item, point
from harness.program import Base, Program

COMMITS = 10
BIG = 2**53 + 1
# Of each kind a few, so that values meet again.
KINDS: dict[str, list[Any]] = {
    "integers": [0, 1, 2, -7, 10, 2**53],
    "big integers": [BIG, 2**62, 2**64 + 1, 10**30, -BIG],
    "fractions": [0.25, 1.0, -2.5, 1e300, 3.0],
    "texts": ["1", "x", "", "[1]", "2024-01-02T03:04:05Z"],
    "booleans": [True, False],
    "nulls": [None],
    "lists": [[1], [0.5, 2], ["a"], [1, "a"], [], [BIG]],
    "objects": [{"n": 1}, {"n": "x"}, {"n": 0.5, "m": [1]}, {}],
}
# Undeclared ones, a declared number, integer, text, list and instant.
NAMES = ["score", "b", "c.d", "gsd", "proj:epsg", "title", "proj:shape", "expires"]


def random_items(rng: random.Random, kinds: dict[str, list[str]], commit: int) -> list[Item]:
    items = []
    for number in range(rng.randint(1, 6)):
        values = {name: rng.choice(KINDS[rng.choice(of)]) for name, of in kinds.items() if rng.random() < 0.8}
        asset = {"href": "x"} | {name: value for name, value in values.items() if rng.random() < 0.5}
        items.append(
            make_item(f"i-{commit}-{number}", point(number, commit), assets={"data": asset}, **values)
        )
    return items


def means(value: Any, found: Any) -> bool:
    """Whether a column that has `found` says the item's value: by value, and not 1 for true."""
    if isinstance(value, list | dict):
        return as_columns(value) == as_columns(found)
    return isinstance(value, bool) == isinstance(found, bool) and value == found


def as_columns(value: Any) -> Any:
    """Null, absent and an empty list or object are one thing to columns."""
    if isinstance(value, dict):
        kept = {name: as_columns(inner) for name, inner in value.items()}
        return {name: inner for name, inner in kept.items() if inner is not None} or None
    if isinstance(value, list):
        return [as_columns(inner) for inner in value] or None
    return value


def parts_of(value: Any, path: str) -> dict[str, Any]:
    """The values with columns of their own: an object's are its members'."""
    if not isinstance(value, dict):
        return {path: value}
    return {
        name: inner for key, part in value.items() for name, inner in parts_of(part, f"{path}.{key}").items()
    }


def values_of(item: Item) -> dict[str, Any]:
    """By column, without those that say nothing to it."""
    found = {name: value for name, value in item["properties"].items() if name in NAMES}
    parts = parts_of(item["assets"]["data"], "assets.data")
    for name, value in found.items():
        parts |= parts_of(value, name)
    return {name: value for name, value in parts.items() if as_columns(value) is not None}


@pytest.mark.parametrize("seed", range(6))
def test_nothing_leaves_a_column_unannounced(program: Program, tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    base = Base(tmp_path / "base")
    # Some properties are of one kind at first, and of others later.
    items: dict[str, Item] = {}
    announced: Counter[str] = Counter()
    for commit in range(COMMITS):
        kinds = {
            name: rng.sample(list(KINDS), 1 if commit < 2 and rng.random() < 0.5 else rng.randint(1, 4))
            for name in NAMES
        }
        added = random_items(rng, kinds, commit)
        archive = archives.write_items(tmp_path / f"archive-{commit}", added)
        inventory = archive.csv(tmp_path / f"{commit}.csv")
        report = program.ingest(inventory, base, "--source", archive.folder)
        items |= {item["id"]: item for item in added}
        for notice in report["overflowed"]:
            announced[notice["column"]] += notice["count"]
            text = json.dumps(items[notice["example"]["id"]], separators=(",", ":"))
            assert notice["example"]["value"] in text, notice

    table = tables.load(base)
    names = [name for name in [*NAMES, "assets"] if name in table.schema().column_names]
    rows = {row["id"]: row for row in tables.rows(base, "id", *names)}
    assert rows.keys() == items.keys()
    missed: Counter[str] = Counter()
    for id_, item in items.items():
        in_columns = {
            column: value
            for name in names
            if name != "assets"
            for column, value in parts_of(rows[id_][name], name).items()
        }
        in_columns |= parts_of((rows[id_].get("assets") or {}).get("data") or {}, "assets.data")
        for column, value in values_of(item).items():
            found = in_columns.get(column)
            if isinstance(found, dt.datetime):
                found = found.strftime("%Y-%m-%dT%H:%M:%SZ")
            if not means(value, found):
                missed[column] += 1
            elif isinstance(found, float) and isinstance(value, int):
                assert int(found) == value
    unannounced = {
        column: count
        for column, count in missed.items()
        if not any(column == name or column.startswith(f"{name}.") for name in announced)
    }
    assert not unannounced
    # And nothing is announced that is in its column.
    plain = {column: count for column, count in announced.items() if "." not in column}
    for column, count in plain.items():
        having = sum(column in item["properties"] for item in items.values())
        assert count <= having, column

    stats = program.run("stats", base.path)
    assert stats.returncode == 0, stats.stderr
    noted = {line.split(": ")[1] for line in stats.stdout.splitlines() if line.startswith("note: ")}
    assert noted >= set(announced)
    info = json.loads(program.run("info", base.path, "--json").stdout)
    assert info["overflowed"] == dict(announced)
    exported = [json.loads(line) for line in program.run("export", base.path).stdout.splitlines()]
    assert {item["id"]: item for item in exported} == items


def test_the_summary_names_columns_and_an_example(program: Program, tmp_path: Path) -> None:
    base = Base(tmp_path / "base")
    texts = []
    for number, score in enumerate([1, BIG, "many"]):
        item = make_item(f"i-{number}", point(1, 1), score=score)
        archive = archives.write_items(tmp_path / f"{number}", [item])
        inventory = archive.csv(tmp_path / f"{number}.csv")
        done = program.run(
            "incremental", "--inventory", inventory, *base.flags, "--source", archive.folder, "--no-sync"
        )
        assert done.returncode == 0, done.stderr
        texts.append([line.strip() for line in done.stdout.splitlines() if "note:" in line])
    assert texts == [
        [],
        [f"note: score: 1 value does not fit the column, _overflow has it: {BIG} of i-1"],
        ['note: score: 1 value does not fit the column, _overflow has it: "many" of i-2'],
    ]
    assert "note: score: 2 values did not fit the column" in program.run("stats", base.path).stdout


def test_a_fraction_behind_whole_numbers_is_in_its_column(program: Program, tmp_path: Path) -> None:
    """Yesterday's 1 made a column that today's 0.25 fits into."""
    base = Base(tmp_path / "base")
    for number, score in enumerate([1, 0.25]):
        archive = archives.write_items(
            tmp_path / f"{number}", [make_item(f"i-{number}", point(1, 1), score=score)]
        )
        report = program.ingest(archive.csv(tmp_path / f"{number}.csv"), base, "--source", archive.folder)
        assert report["overflowed"] == []
    assert {row["id"]: row["score"] for row in tables.rows(base, "id", "score")} == {"i-0": 1.0, "i-1": 0.25}
    exported = program.run("export", base.path).stdout
    assert '"score":1' in exported
    assert '"score":1.0' not in exported
