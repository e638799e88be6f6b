"""What earthcatalog 0.6 got wrong when it compacted or rebuilt a table; each test is named after a danger."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import shapely
from harness import archives, tables
from harness.archives import Item, key_of
from harness.crashes import crash_at
from harness.odd_items import make_item, point
from harness.program import Argument, Base, Program
from test_export import check_items, exported

HASHES = "earthcatalog.hash_index_path"


def version(number: int, **properties: Any) -> Item:
    """An item without `platform`, one of forty places."""
    return make_item(f"item-{number}", point(-100 + number, 40 - number), **properties)


def add(program: Program, base: Base, folder: Path, items: list[Item]) -> None:
    archive = archives.write_items(folder, items, folder.name)
    inventory = archive.csv(folder / "inventory.csv")
    flags = ("--source", archive.folder, "--suffix", ".json", "--h3-resolution", 2)
    assert program.ingest(inventory, base, *flags)["items_processed"] == len(items)


def run(program: Program, command: str, base: Base, *flags: Argument, code: int = 0) -> dict[str, Any]:
    done = program.run(command, *base.flags, *flags, "--json")
    assert done.returncode == code, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report


@pytest.fixture
def daily(program: Program, base: Base, tmp_path: Path) -> tuple[Base, list[Item]]:
    """A table of five runs, of which each brings all items again, and the newest of each."""
    base.path.mkdir(parents=True)
    newest = {}
    for day in range(5):
        # The third is the newest by `updated`, whatever came later or has a later `created`.
        updated = f"2024-01-0{9 if day == 2 else day + 1}T00:00:00Z"
        created = f"2023-01-0{day + 1}T00:00:00Z"
        items = [version(n, updated=updated, created=created, day=day) for n in range(40)]
        add(program, base, tmp_path / f"day-{day}", items)
        if day == 2:
            newest = {key_of(item): item for item in items}
    with tables.load(base).transaction() as change:
        change.set_properties({HASHES: "somewhere", "owner": "us"})
    return base, list(newest.values())


def test_d3_compaction_keeps_properties_history_and_grid(
    program: Program, daily: tuple[Base, list[Item]]
) -> None:
    base, _ = daily
    before = tables.load(base)
    run(program, "compact", base)
    after = tables.load(base)
    assert after.metadata.table_uuid == before.metadata.table_uuid
    # The list of names has those of columns that compaction adds.
    kept = before.properties.keys() - {"schema.name-mapping.default"}
    assert {name: after.properties.get(name) for name in kept} == {
        name: before.properties[name] for name in kept
    }
    assert (after.properties[HASHES], after.properties["owner"]) == ("somewhere", "us")
    assert after.properties["earthcatalog.grid.resolution"] == "2"
    assert [s.snapshot_id for s in after.snapshots()][:-1] == [s.snapshot_id for s in before.snapshots()]
    assert after.spec() == before.spec()
    assert after.sort_order() == before.sort_order()


@pytest.mark.parametrize("call", ["rename", "fdatasync"])
def test_d17_a_rebuild_that_fails_leaves_the_old_table(
    program: Program, daily: tuple[Base, list[Item]], call: str
) -> None:
    """A manifest is lost; making the table anew from its files is killed on the way."""
    base, items = daily
    table = tables.load(base)
    before, rows = table.metadata_location, tables.fanned_out(base)
    snapshot = table.current_snapshot()
    assert snapshot
    tables.local_path(snapshot.manifests(table.io)[0].manifest_path).unlink()
    for count in range(1, 20):
        done = program.run("register", *base.flags, env=crash_at(call, str(base.path), count=count))
        if done.returncode >= 0:
            break
        assert tables.load(base).metadata_location == before
    assert count > 1
    assert run(program, "check", base)["problems"] == []
    assert tables.fanned_out(base) == rows
    check_items(exported(program, base), items)


def test_d18_every_registered_file_is_there(program: Program, daily: tuple[Base, list[Item]]) -> None:
    base, _ = daily
    assert run(program, "check", base, "--deep")["problems"] == []
    gone = sorted(base.parquet_files())[0]
    gone.unlink()
    (problem,) = run(program, "check", base, code=1)["problems"]
    assert str(gone.relative_to(base.warehouse)) in json.dumps(problem)


def test_d19_a_file_of_an_older_run_is_a_stray_and_never_a_part_of_the_table(
    program: Program, daily: tuple[Base, list[Item]]
) -> None:
    base, items = daily
    file = sorted(base.parquet_files())[0]
    stray = file.with_name("part-009-" + file.name)
    stray.write_bytes(file.read_bytes())
    assert stray.name in json.dumps(run(program, "check", base, code=1))
    run(program, "compact", base, "--rewrite-all")
    assert stray not in tables.data_files(tables.load(base))
    assert set(tables.fanned_out(base).values()) == {1}
    check_items(exported(program, base), items)


def test_d20_inputs_stay_until_they_expire_and_there_is_one_commit(
    program: Program, daily: tuple[Base, list[Item]]
) -> None:
    base, _ = daily
    before, snapshots = base.parquet_files(), len(tables.load(base).snapshots())
    assert run(program, "compact", base)["commits"] == 1
    assert before <= base.parquet_files()
    assert len(tables.load(base).snapshots()) == snapshots + 1
    run(program, "expire", base, "--older-than", "0s")
    assert not before & base.parquet_files()


def test_d21_the_newest_updated_wins_of_any_collection(
    program: Program, daily: tuple[Base, list[Item]]
) -> None:
    """Items that have no `platform`, by `updated`, not by `created` or by what came last."""
    base, items = daily
    run(program, "compact", base)
    found = {row["id"]: row["day"] for row in tables.rows(base, "id", "day")}
    assert found == {item["id"]: 2 for item in items}
    assert Counter(tables.fanned_out(base).values()) == {1: len(items)}


def test_d40_the_bbox_of_a_compacted_file_is_that_of_its_rows(
    program: Program, daily: tuple[Base, list[Item]]
) -> None:
    base, _ = daily
    run(program, "compact", base)
    for path in tables.data_files(tables.load(base)):
        geo = json.loads(pq.read_metadata(path).metadata[b"geo"])
        shapes = shapely.from_wkb(tables.read_file(path)["geometry"].to_pylist())
        assert geo["columns"]["geometry"]["bbox"] == list(shapely.total_bounds(shapes)), path
