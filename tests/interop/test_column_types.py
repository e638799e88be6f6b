"""Columns that compaction gives other types: items stay as they are, and every reader sees the new types."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from harness import archives, older_table, spark_session, tables
from harness.archives import Archive, Item
from harness.crashes import crash_at
from harness.holds import hold_opens
from harness.odd_items import make_item, point
from harness.program import Argument, Base, Program
from pyiceberg.table import Table
from test_export import check_items, exported
from test_maintenance_dangers import add, run

# Of each property the values of the first run, which the column's type comes from, and those of the second.
VALUES: dict[str, tuple[list[Any], list[Any]]] = {
    "proj:epsg": ([4326, 3031, 32601], [0.5, "EPSG:4326", 7, 2**60, True, None]),
    "score": (["low", "high"], [0.25, 7, -1e300, 2**53 + 1, "x", [1.5]]),
    "expires": (
        ["2024-01-02T03:04:05Z", "2024-01-02T03:04:05.250000Z"],
        ["never", "2024-01-02T03:04:05+02:00", "2016-12-31T23:59:60Z", 3],
    ),
    "valid": (["2024-01-02T03:04:05Z", "2024-01-02T03:04:05+02:00"], ["soon", 1, "2020-01-01T00:00:00.5Z"]),
    "tags": ([["a", "b"], ["c"]], ["a", [1], {"k": "v"}]),
    "shape": ([{"n": 1}, {"n": 2.5}], ["round", {"m": [1]}, {}]),
}
OLD = {"proj:epsg": "long", "score": "string", "expires": "timestamptz", "valid": "string"}
NEW = {
    "proj:epsg": "double",
    "score": "double",
    "expires": "string",
    "valid": "timestamptz",
    "tags": "string",
    "shape": "list<string>",
}
FLAGS = tuple(flag for name, type_ in NEW.items() for flag in ("--column-type", f"{name}={type_}"))


def items_of(run_: int, values: dict[str, list[Any]], count: int = 30) -> list[Item]:
    return [
        make_item(
            f"{run_}-{n}",
            point(-100 + 4 * n, 40 - n),
            created="2024-05-01T10:11:12.000000Z",
            **{name: of[n % len(of)] for name, of in values.items()},
        )
        for n in range(count)
    ]


FIRST = items_of(1, {name: first for name, (first, _) in VALUES.items()})
SECOND = items_of(2, {name: second for name, (_, second) in VALUES.items()})
# Another version of an item, in another cell.
MOVED = make_item("1-0", point(10, 10), updated="2025-01-01T00:00:00Z", score=0.5)
ITEMS = [*FIRST[1:], *SECOND, MOVED]


@pytest.fixture
def grown(program: Program, base: Base, tmp_path: Path) -> Base:
    base.path.mkdir(parents=True)
    for name, items in (("first", FIRST), ("second", SECOND), ("third", [MOVED])):
        add(program, base, tmp_path / name, items)
    return base


def types_of(table: Table, names: dict[str, Any]) -> dict[str, str]:
    return {name: str(table.schema().find_type(name)) for name in names}


def pairs(rows: pa.Table, name: str) -> list[tuple[str, Any]]:
    return list(zip(rows["id"].to_pylist(), rows[name].to_pylist(), strict=True))


def by_id(rows: pa.Table, name: str) -> dict[str, Any]:
    """Of a table that has one version of each item."""
    return dict(pairs(rows, name))


def held(items: list[Item], name: str, kind: type) -> dict[str, Any]:
    """The values of these types that the items have."""
    return {
        item["id"]: item["properties"][name] for item in items if type(item["properties"].get(name)) is kind
    }


def check_new_values(rows: pa.Table) -> None:
    numbers = by_id(rows, "score")
    assert {id_: value for id_, value in numbers.items() if value is not None} == {
        id_: value
        for kind in (float, int)
        for id_, value in held(ITEMS, "score", kind).items()
        if float(value) == value
    }
    assert {value for value in by_id(rows, "proj:epsg").values() if value is not None} == {
        4326, 3031, 32601, 0.5, 7, float(2**60)
    }  # fmt: skip
    texts = {id_: value for id_, value in by_id(rows, "expires").items() if value is not None}
    assert texts == held(ITEMS, "expires", str)
    instants = by_id(rows, "valid")
    assert {id_: str(instants[id_]) for id_ in ("1-2", "1-1", "2-2")} == {
        "1-2": "2024-01-02 03:04:05+00:00",
        "1-1": "2024-01-02 01:04:05+00:00",
        "2-2": "2020-01-01 00:00:00.500000+00:00",
    }
    assert {id_ for id_, value in instants.items() if value is None} == {
        item["id"] for item in ITEMS if item["properties"].get("valid") in (None, "soon", 1)
    }


def test_pyiceberg_reads_the_new_type_and_older_snapshots_the_old_one(program: Program, grown: Base) -> None:
    before = tables.load(grown)
    old_ids = {name: before.schema().find_field(name).field_id for name in NEW}
    assert types_of(before, OLD) == OLD
    names = ("id", *NEW)
    old_rows = before.scan(selected_fields=names).to_arrow()
    old_snapshot = before.current_snapshot()
    assert old_snapshot

    report = run(program, "compact", grown, *FLAGS)
    assert report["commits"] >= 1
    assert {name: change["to"] for name, change in report["column_types"].items()} == NEW
    assert report["column_types"]["score"]["from"] == "string"
    assert report["rows_superseded"] > 0
    assert report["unique"]

    after = tables.load(grown)
    assert types_of(after, NEW) == NEW
    assert [field.name for field in after.schema().fields if not field.name.startswith("_")] == [
        field.name for field in before.schema().fields if not field.name.startswith("_")
    ]
    new_ids = {after.schema().find_field(name).field_id for name in NEW}
    assert min(new_ids) > max(old_ids.values())
    summary = after.current_snapshot().summary
    assert summary
    assert summary.operation.value == "replace"
    check_new_values(after.scan(selected_fields=names).to_arrow())
    where = after.scan(row_filter="score > 0.3", selected_fields=("id",)).to_arrow()
    assert set(where["id"].to_pylist()) == {
        "1-0",
        *(i["id"] for i in SECOND if i["properties"]["score"] == 7),
    }
    then = after.scan(selected_fields=names, snapshot_id=old_snapshot.snapshot_id).to_arrow()
    for name in names:
        assert then.schema.field(name).type == old_rows.schema.field(name).type, name
        assert sorted(map(repr, pairs(then, name))) == sorted(map(repr, pairs(old_rows, name))), name

    check_items(exported(program, grown), ITEMS)
    assert run(program, "check", grown, "--deep")["problems"] == []


def test_duckdb_and_spark_read_it_also(
    program: Program, grown: Base, duck: duckdb.DuckDBPyConnection, spark_process: Any
) -> None:
    old = tables.load(grown).current_snapshot()
    assert old
    run(program, "compact", grown, *FLAGS)
    place = tables.load(grown).metadata_location
    query = f"""select id, score, "proj:epsg", expires, valid from iceberg_scan('{place}'"""
    check_new_values(duck.execute(f"{query})").to_arrow_table())
    texts = {row["id"]: row["score"] for row in tables.rows(grown, "id", "score")}
    spark = spark_session.of_catalogue(spark_process, grown)
    rows = spark.table(spark_session.TABLE).select("id", "score").collect()
    assert {row["id"]: row["score"] for row in rows} == texts
    reader = spark.read.format("iceberg").option("versionAsOf", old.snapshot_id)
    rows = reader.load(spark_session.TABLE).select("id", "score").collect()
    then = {(row["id"], row["score"]) for row in rows if row["score"] in ("low", "high", "x")}
    assert then == set((held(FIRST, "score", str) | held(SECOND, "score", str)).items())


def test_rows_that_come_later_follow_the_new_types(program: Program, grown: Base, tmp_path: Path) -> None:
    run(program, "compact", grown, *FLAGS)
    late = items_of(3, {name: second for name, (_, second) in VALUES.items()})
    add(program, grown, tmp_path / "late", late)
    assert types_of(tables.load(grown), NEW) == NEW
    check_items(exported(program, grown), [*ITEMS, *late])
    run(program, "compact", grown, "--column-type", "score=string", "--column-type", "valid=string")
    assert types_of(tables.load(grown), {"score": 0, "valid": 0}) == {"score": "string", "valid": "string"}
    check_items(exported(program, grown), [*ITEMS, *late])
    assert run(program, "check", grown, "--deep")["problems"] == []


def test_every_property_of_real_items_may_change(program: Program, base: Base, corpus: Archive) -> None:
    program.ingest_archive(corpus, base, "--h3-resolution", 1, "--chunk-size", 200)
    kinds = ["boolean", "int", "long", "float", "double", "string", "timestamptz", "list<string>"]
    given = {"datetime", "start_datetime", "end_datetime", "created", "updated", "platform", "grid_partition"}
    given |= {
        "id",
        "type",
        "stac_version",
        "stac_extensions",
        "collection",
        "geometry",
        "bbox",
        "links",
        "assets",
    }
    fields = tables.load(base).schema().fields
    wanted = {
        field.name: kinds[number % len(kinds)]
        for number, field in enumerate(fields)
        if field.name not in given and not field.name.startswith("_")
    }
    wanted = {
        name: kind for name, kind in wanted.items() if str(tables.load(base).schema().find_type(name)) != kind
    }
    assert len(wanted) > 100
    flags = [f"--column-type={name}={kind}" for name, kind in wanted.items()]
    run(program, "compact", base, *flags)
    assert types_of(tables.load(base), wanted) == wanted
    check_items(exported(program, base), corpus.items)
    assert run(program, "check", base, "--deep")["problems"] == []


def test_a_table_of_0_6_gets_the_overflow_that_it_lacks(program: Program, base: Base) -> None:
    """Its files have no field ids."""
    items = older_table.velocity_items(30)
    older_table.ingest(base, items)
    kinds = {"percent_valid_pixels": "double", "version": "long", "longitude": "string"}
    before = types_of(tables.load(base), kinds)
    report = run(program, "compact", base, *(f"--column-type={name}={kind}" for name, kind in kinds.items()))
    changed = {name: {"from": before[name], "to": kind} for name, kind in kinds.items()}
    assert report["column_types"] == changed
    assert types_of(tables.load(base), kinds) == kinds
    rows = tables.rows(base, "id", *kinds)
    assert {row[name] for row in rows for name in ("version", "longitude")} == {None}
    assert {type(row["percent_valid_pixels"]) for row in rows} == {float, type(None)}
    check_items(exported(program, base), [older_table.as_kept(item) for item in items])
    assert run(program, "check", base)["problems"] == []


def test_rows_that_others_add_meanwhile_are_changed_with_the_others(
    program: Program, grown: Base, tmp_path: Path
) -> None:
    late = items_of(3, {name: first for name, (first, _) in VALUES.items()})
    with hold_opens("/part_", tmp_path) as hold:
        command = ["compact", *grown.flags, "--column-type", "score=double", "--json"]
        process = program.start(*command, env=hold.environment)
        assert hold.let_one(process)  # it knows which files there are
        add(program, grown, tmp_path / "late", late)
    out, error = process.communicate(timeout=120)
    assert process.returncode == 0, error
    assert json.loads(out)["column_types"] == {"score": {"from": "string", "to": "double"}}
    assert types_of(tables.load(grown), {"score": 0}) == {"score": "double"}
    check_items(exported(program, grown), [*ITEMS, *late])


def test_a_run_that_the_change_overtakes_adds_nothing_with_the_old_column(
    program: Program, grown: Base, tmp_path: Path
) -> None:
    """Its values would be in a column that nobody sees any more."""
    late = items_of(3, {name: first for name, (first, _) in VALUES.items()})
    ready = tmp_path / "ready"
    ready.mkdir()
    folder = tmp_path / "late"
    archive = archives.write_items(folder, late)
    inventory = archive.csv(folder / "inventory.csv")
    flags: list[Argument] = ["--source", archive.folder, "--suffix", ".json", "--no-lock"]
    with hold_opens("/grid_partition=", ready) as hold:
        command = ["incremental", "--inventory", inventory, *grown.flags, *flags]
        process = program.start(*command, env=hold.environment)
        assert hold.let_one(process)
        run(program, "compact", grown, "--column-type", "score=double")
    _, error = process.communicate(timeout=120)
    assert process.returncode != 0
    assert "columns were changed by another writer" in error
    check_items(exported(program, grown), ITEMS)
    program.ingest(inventory, grown, *flags)
    check_items(exported(program, grown), [*ITEMS, *late])


@pytest.mark.parametrize("call", ["rename", "fdatasync"])
def test_killed_it_is_done_as_a_whole_or_not_at_all(program: Program, grown: Base, call: str) -> None:
    seen: Counter[str] = Counter()
    for count in range(1, 60):
        done = program.run(
            "compact",
            *grown.flags,
            "--column-type",
            "score=double",
            env=crash_at(call, str(grown.path), count=count),
        )
        kind = types_of(tables.load(grown), {"score": 0})["score"]
        seen[kind] += 1
        if count % 4 == 1 or kind == "double":
            check_items(exported(program, grown), ITEMS)
        if kind == "double" or done.returncode >= 0:
            break
    assert kind == "double"
    assert seen["string"] > 0
    check_items(exported(program, grown), ITEMS)
