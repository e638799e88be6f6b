"""The hash index of tables, local or in S3, and earthcatalog 0.6.1 beside it."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from earthcatalog.hash_index import hash_id
from harness import archives, older_table, tables
from harness.archives import Archive
from harness.odd_items import make_item
from harness.program import Base, Catalogue, Program

INDEX = "warehouse_id_hashes.parquet"
PEER = os.environ.get("EARTHCATALOG_PEER_PYTHON")


def run(program: Program, what: str, base: Base, *flags: str | Path, code: int = 0) -> dict[str, Any]:
    done = program.run("hash-index", what, base.place, *flags, "--json")
    assert done.returncode == code, done.stdout + done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def hashes(base: Base) -> list[bytes]:
    found: list[bytes] = pq.read_table(base.path / INDEX)["id_hash"].to_pylist()
    return found


@pytest.fixture
def one(program: Program, base: Base, archive: Archive) -> Catalogue:
    """A table of one collection."""
    pairs = zip(archive.rows, archive.items, strict=True)
    rows = [row for row, item in pairs if item["collection"] == archive.items[0]["collection"]]
    return program.ingest_archive(Archive(archive.folder, rows[:1000], archive.suffix), base)


def test_of_one_collection(program: Program, one: Catalogue) -> None:
    report = run(program, "build", one.base)
    count = len({item["id"] for item in one.items})
    assert (report["key"], report["count"], report["added"]) == ("id", count, count)
    assert report["rows_read"] == tables.fanned_out(one.base).total()
    assert run(program, "count", one.base) == {"count": count}
    assert program.run("hash-index", "count", one.base.place).stdout == f"{count}\n"
    found = run(program, "check", one.base)
    assert (found["sound"], found["count"], found["table_items"]) == (True, count, count)
    properties = tables.load(one.base).properties
    assert properties["earthcatalog.hash_index_key"] == "id"
    assert properties["earthcatalog.hash_index_path"].endswith(INDEX)
    assert hashes(one.base) == sorted(set(hashes(one.base)))


def test_of_many_collections(program: Program, mixed: Catalogue) -> None:
    report = run(program, "build", mixed.base)
    keys = {archives.key_of(item) for item in mixed.items}
    assert (report["key"], report["count"]) == ("collection+id", len(keys))
    assert run(program, "check", mixed.base)["sound"]
    texts = {(collection or "") + "\0" + item_id for collection, item_id in keys}
    assert {hash_id(text) for text in texts} == set(hashes(mixed.base))


def test_little_memory_makes_the_same_file(program: Program, demo: Catalogue) -> None:
    run(program, "build", demo.base)
    whole = (demo.base.path / INDEX).read_bytes()
    run(program, "build", demo.base, "--memory-limit", "1KiB")
    assert (demo.base.path / INDEX).read_bytes() == whole


def test_days(program: Program, base: Base, archive: Archive) -> None:
    """Each ingest adds some, and an update of the index knows them, whatever maintenance did between."""
    for day in range(4):
        part = Archive(archive.folder, archive.rows[: 60 * (day + 1)], archive.suffix)
        inventory = part.csv(base.path.parent / f"day-{day}.csv")
        program.ingest(inventory, base, "--source", archive.folder, "--chunk-size", 40, "--h3-resolution", 0)
        if day == 2:
            assert program.run("compact", base.place).returncode == 0
        report = run(program, "update" if day else "build", base)
        assert (report["count"], report["added"]) == (60 * (day + 1), 60)
        assert run(program, "check", base)["sound"]
    assert run(program, "update", base)["rows_read"] == 0


def test_what_is_missing_and_what_is_too_much(program: Program, base: Base, archive: Archive) -> None:
    program.ingest_archive(archive.head(50), base, "--h3-resolution", 0)
    assert "hash-index build" in program.run("hash-index", "count", base.place).stderr
    run(program, "build", base)
    known = hashes(base)
    table = pa.table({"id_hash": pa.array([*known[2:], b"0123456789abcdef"], pa.binary(16))})
    write(base, table)
    found = run(program, "check", base, code=1)
    assert (found["missing"], found["extra"], found["table_items"], found["count"]) == (2, 1, 50, 49)
    assert not found["sorted"]
    assert found["first_extra"] == [b"0123456789abcdef".hex()]
    assert {entry["hash"] for entry in found["first_missing"]} == {entry.hex() for entry in known[:2]}
    assert {entry["id"] for entry in found["first_missing"]} < {item["id"] for item in archive.items}
    text = program.run("hash-index", "check", base.place)
    assert text.returncode == 1
    assert "2 missing, 1 of no item: not sound" in text.stdout
    run(program, "update", base)
    assert run(program, "check", base, code=1)["missing"] == 0
    run(program, "build", base)
    assert hashes(base) == known


def write(base: Base, table: pa.Table) -> None:
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    body = sink.getvalue().to_pybytes()
    if hasattr(base, "put"):
        base.put(base.path / INDEX, body)
    else:
        (base.path / INDEX).write_bytes(body)


def test_a_second_collection(program: Program, base: Base, write_archive: Callable[..., Archive]) -> None:
    point = {"type": "Point", "coordinates": [1, 2]}
    items = [make_item(f"item-{n}", point, collection="one" if n < 5 else "two") for n in range(9)]
    archive = write_archive(items)
    first = archive.head(5)
    program.ingest(first.csv(base.path.parent / "1.csv"), base, "--source", archive.folder)
    assert run(program, "build", base)["key"] == "id"
    rest = Archive(archive.folder, archive.rows[5:], archive.suffix)
    program.ingest(rest.csv(base.path.parent / "2.csv"), base, "--source", archive.folder)
    done = program.run("hash-index", "update", base.place)
    assert done.returncode == 2
    for text in ("'one'", "'two'", "hash-index build"):
        assert text in done.stderr
    assert run(program, "check", base, code=1)["collections"] == ["one", "two"]
    assert run(program, "build", base)["key"] == "collection+id"
    assert run(program, "check", base)["sound"]
    assert tables.load(base).properties["earthcatalog.hash_index_key"] == "collection+id"


def ask_peer(script: str, *arguments: str | Path) -> Any:
    if not PEER:
        pytest.skip("EARTHCATALOG_PEER_PYTHON names no Python that has 0.6.1")
    prelude = (
        "import json, sys\n"
        "from earthcatalog.hash_index import hash_id, merge_hashes_from_parquets, read_hashes, write_hashes\n"
        "from obstore.store import LocalStore\n"
    )
    command = [PEER, "-E", "-c", prelude + script, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_the_release_reads_ours_and_we_read_its(program: Program, one: Catalogue, tmp_path: Path) -> None:
    if "://" in one.base.place:
        pytest.skip("0.6.1 is given a local folder")
    run(program, "build", one.base)
    read = "print(json.dumps(sorted(h.hex() for h in read_hashes(LocalStore(sys.argv[1]), sys.argv[2]))))"
    assert ask_peer(read, one.base.path, INDEX) == [entry.hex() for entry in hashes(one.base)]
    by_id = "print(json.dumps([hash_id(i).hex() for i in json.loads(sys.argv[1])]))"
    ids = sorted({item["id"] for item in one.items})[:500]
    assert set(ask_peer(by_id, json.dumps(ids))) <= {entry.hex() for entry in hashes(one.base)}

    before = hashes(one.base)
    pq.write_table(pa.table({"id": ["one more", "Ünïcode/日本"]}), tmp_path / "new.parquet")
    update = (
        "store = LocalStore(sys.argv[1]); known = read_hashes(store, sys.argv[2])\n"
        "known, new = merge_hashes_from_parquets([sys.argv[3]], known)\n"
        "print(json.dumps([write_hashes(known, store, sys.argv[2]), new]))"
    )
    assert ask_peer(update, one.base.path, INDEX, tmp_path / "new.parquet") == [len(before) + 2, 2]
    assert run(program, "count", one.base)["count"] == len(before) + 2
    found = run(program, "check", one.base, code=1)
    assert (found["missing"], found["extra"], found["sorted"]) == (0, 2, True)
    assert run(program, "update", one.base, "--file", tmp_path / "new.parquet")["added"] == 0
    run(program, "build", one.base)
    assert hashes(one.base) == before


def test_a_table_of_the_release(program: Program, base: Base) -> None:
    if "://" in base.place:
        pytest.skip("0.6.1's tables are made on the disk")
    items = older_table.velocity_items(14)
    older_table.ingest(base, items, chunk_size=6)
    report = run(program, "build", base)
    assert (report["count"], report["key"]) == (14, "id")
    assert run(program, "check", base)["sound"]
    assert (base.path / INDEX).exists()


def test_memory_does_not_grow_with_the_ids(program: Program, one: Catalogue, tmp_path: Path) -> None:
    """0.6.1 takes 150 bytes for each."""
    if "://" in one.base.place:
        pytest.skip("the windows of an object store's files are full only with some more ids")
    run(program, "build", one.base)
    peaks = []
    for begin, count in ((0, 1_000_000), (1_000_000, 3_000_000)):
        ids = [f"made-up-{number}" for number in range(begin, begin + count)]
        pq.write_table(pa.table({"id": ids}), tmp_path / "ids.parquet", row_group_size=100_000)
        flags = ["--file", tmp_path / "ids.parquet", "--memory-limit", "2MiB"]
        report = run(program, "update", one.base, *flags)
        assert report["added"] == count
        peaks.append(report["peak_memory"])
    assert peaks[1] - peaks[0] < 24 << 20, peaks  # the hashes of the added alone are 48 MB more
