"""The index of known ids, through the package."""

import importlib
import inspect
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from earthcatalog.hash_index import hash_id, merge_hashes_from_parquets, read_hashes, write_hashes
from obstore.store import LocalStore, MemoryStore
from small_archive import Archive, ingest

import earthcatalog as ec
from earthcatalog import hash_index

KEY = "place/ids.parquet"
# Of 1, 2, 3 and 4 bytes of UTF-8, and what is special to somebody.
ALPHABETS = ["abcXYZ019-_./:", "äöüßñéÅ", "日本語한국", "🛰🌍🧊", "\u0000\n\u200d\ufeff"]


def random_id(random_: random.Random) -> str:
    # Lengths on both sides of where the hash's algorithm changes: 16, 128, 240 bytes.
    length = random_.choice([0, 1, 3, 4, 8, 9, 16, 17, 40, 60, 64, 120, 128, 129, 240, 241, 600])
    alphabet = random_.choice(ALPHABETS)
    return "".join(random_.choices(alphabet, k=length))


def ids_file(path: Path, ids: list[Any], **columns: list[Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table({"id": ids, **columns}), path, row_group_size=1000)
    return path


def test_signatures_are_the_published_ones() -> None:
    found = {
        function.__name__: list(inspect.signature(function).parameters)
        for function in (hash_id, read_hashes, merge_hashes_from_parquets, write_hashes)
    }
    assert found == {
        "hash_id": ["item_id"],
        "read_hashes": ["store", "key"],
        "merge_hashes_from_parquets": ["new_parquet_paths", "existing", "store"],
        "write_hashes": ["hashes", "store", "key"],
    }
    assert inspect.signature(merge_hashes_from_parquets).parameters["store"].default is None


def test_a_million_digests_are_those_of_xxhash() -> None:
    in_ci = os.environ.get("CI") == "true"
    xxhash = importlib.import_module("xxhash") if in_ci else pytest.importorskip("xxhash")
    random_ = random.Random(7)
    ids = [f"S1A_{n:07d}" for n in range(500_000)] + [random_id(random_) for _ in range(500_000)]
    for item_id in ids:
        expected = xxhash.xxh3_128(item_id.encode("utf-8"), seed=42).digest()
        assert hash_id(item_id) == expected, ascii(item_id)


def test_what_is_no_text_has_no_digest() -> None:
    with pytest.raises(UnicodeEncodeError):
        hash_id("\ud800")
    with pytest.raises(TypeError):
        hash_id(b"bytes")  # type: ignore[arg-type]


def test_sets_come_back_from_a_store() -> None:
    store = MemoryStore()
    assert read_hashes(store, KEY) == set()
    for count in (0, 1, 150_000):
        hashes = {hash_id(str(n)) for n in range(count)}
        assert write_hashes(hashes, store, KEY) == count
        assert read_hashes(store, KEY) == hashes


def test_the_file_is_the_published_one(tmp_path: Path) -> None:
    hashes = {hash_id(str(n)) for n in range(200_000)}
    write_hashes(hashes, LocalStore(tmp_path), "ids.parquet")
    file = pq.ParquetFile(tmp_path / "ids.parquet")
    assert file.schema_arrow.equals(pa.schema([("id_hash", pa.binary(16))]))
    assert file.metadata.num_rows == len(hashes)
    assert {
        file.metadata.row_group(i).column(0).compression for i in range(file.metadata.num_row_groups)
    } == {"ZSTD"}
    assert file.read()["id_hash"].to_pylist() == sorted(hashes)


@pytest.mark.parametrize("shuffled", [False, True])
def test_a_file_of_pyarrow_is_read(tmp_path: Path, shuffled: bool) -> None:
    hashes = sorted({hash_id(str(n)) for n in range(100_000)})
    written = random.Random(1).sample(hashes, len(hashes)) + hashes[:5] if shuffled else hashes
    table = pa.table({"id_hash": pa.array(written, pa.binary(16))})
    pq.write_table(table, tmp_path / "ids.parquet", compression="zstd")
    assert read_hashes(LocalStore(tmp_path), "ids.parquet") == set(hashes)
    more = ids_file(tmp_path / "more.parquet", ["new", "5"])
    assert hash_index.merge_files([more], tmp_path / "ids.parquet") == (100_001, 1)
    merged = pq.read_table(tmp_path / "ids.parquet")["id_hash"].to_pylist()
    assert merged == sorted({*hashes, hash_id("new")})


def test_merging_says_how_many_are_new(tmp_path: Path) -> None:
    files = [
        str(ids_file(tmp_path / "a.parquet", ["x", "y", None, "x"])),
        str(ids_file(tmp_path / "b.parquet", ["y", "z"])),
    ]
    existing = {hash_id("z")}
    updated, new = merge_hashes_from_parquets(files, existing)
    assert updated is existing
    assert (updated, new) == ({hash_id("x"), hash_id("y"), hash_id("z")}, 2)
    with pytest.raises(ValueError, match="store is required"):
        merge_hashes_from_parquets(["s3://bucket/a.parquet"], set())
    store = MemoryStore()
    store.put("folder/a.parquet", Path(files[0]).read_bytes())
    assert merge_hashes_from_parquets(["s3://bucket/folder/a.parquet"], set(), store)[1] == 2
    numbers = str(ids_file(tmp_path / "numbers.parquet", [1, 2, 1]))
    assert merge_hashes_from_parquets([numbers], set())[0] == {hash_id("1"), hash_id("2")}


@pytest.mark.parametrize("memory_limit", [1, 16 << 20])
def test_files_are_merged_as_sets_are(tmp_path: Path, memory_limit: int) -> None:
    random_ = random.Random(3)
    index, known = tmp_path / "index.parquet", set[bytes]()
    for number in range(4):
        ids = [str(random_.randrange(20_000)) for _ in range(9000)]
        path = ids_file(tmp_path / f"{number}.parquet", ids)
        _, new = merge_hashes_from_parquets([str(path)], known)
        assert hash_index.merge_files([path], index, memory_limit=memory_limit) == (len(known), new)
    assert hash_index.count_hashes(index) == len(known)
    assert pq.read_table(index)["id_hash"].to_pylist() == sorted(known)


def test_damage_is_named(tmp_path: Path) -> None:
    path = tmp_path / "index.parquet"
    with pytest.raises(FileNotFoundError, match=r"index\.parquet"):
        hash_index.count_hashes(path)
    ids = ids_file(tmp_path / "ids.parquet", ["x"])
    hash_index.merge_files([ids], path)
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    with pytest.raises(ec.EarthCatalogError, match=r"index\.parquet"):
        hash_index.merge_files([ids], path)
    with pytest.raises(ec.EarthCatalogError, match=r"index\.parquet"):
        read_hashes(LocalStore(tmp_path), "index.parquet")
    path.write_bytes(whole)
    pq.write_table(pa.table({"name": ["x"]}), tmp_path / "other.parquet")
    with pytest.raises(ec.EarthCatalogError, match=r"other\.parquet.*`id`"):
        hash_index.merge_files([tmp_path / "other.parquet"], path)
    assert path.read_bytes() == whole
    with pytest.raises(ValueError, match="16 bytes"):
        write_hashes({b"short"}, MemoryStore(), KEY)


def test_a_catalog_s_index(make_archive: Callable[[int], Archive], tmp_path: Path) -> None:
    archive = make_archive(30)
    ingest(archive, limit=20, h3_resolution=0)
    catalog = ec.open(archive.base)
    assert catalog.unique_item_count() == 0
    with pytest.raises(FileNotFoundError, match="hash-index build"):
        catalog.update_hash_index()
    report = catalog.build_hash_index()
    assert (report["count"], report["key"]) == (20, "id")
    assert report["path"] == f"{archive.base}/warehouse_id_hashes.parquet"
    assert catalog.unique_item_count() == 20
    assert read_hashes(LocalStore(archive.base), "warehouse_id_hashes.parquet") == {
        hash_id(item["id"]) for item in catalog.items()
    }
    ingest(archive)
    found = catalog.check_hash_index()
    assert (found["sound"], found["missing"], found["extra"]) == (False, 10, 0)
    assert {entry["id"] for entry in found["first_missing"]} == archive.ids - {
        item["id"] for item in archive.items[:20]
    }
    files = [str(ids_file(tmp_path / "new.parquet", [archive.items[-1]["id"]]))]
    assert catalog.update_hash_index(files)["added"] == 1
    assert catalog.update_hash_index()["added"] == 9
    assert catalog.check_hash_index()["sound"]
    assert catalog.unique_item_count() == 30
    with pytest.raises(ValueError, match="no files"):
        catalog.update_hash_index([])
