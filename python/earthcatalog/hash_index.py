"""The index of known ids: a Parquet file of the hashes of all items' ids.

`hash_id`, `read_hashes`, `merge_hashes_from_parquets` and `write_hashes` work on sets in memory, as in
earthcatalog 0.6. `merge_files` and `count_hashes` do the same with files, in memory that does not grow with
them; of a catalog: EarthCatalog.build_hash_index(), update_hash_index(), check_hash_index() and
unique_item_count().
"""

import os
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path
from typing import Any

from earthcatalog._native import core

DEFAULT_MEMORY_LIMIT = 16 << 20
_BATCH_SIZE = 100_000


def hash_id(item_id: str) -> bytes:
    """The 16 bytes by which an id is known: xxh3_128 of its UTF-8 with seed 42, as canonical digest."""
    return core.hash_id(item_id)


def read_hashes(store: Any, key: str) -> set[bytes]:
    """All hashes of the index `key` in an obstore store; none where there is no such object.

    Raises:
        EarthCatalogError: it is no hash index.
    """
    import obstore

    try:
        body = bytes(obstore.get(store, key).bytes())
    except FileNotFoundError:
        return set()
    return core.decode_hashes(body, key)


def merge_hashes_from_parquets(
    new_parquet_paths: list[str], existing: set[bytes], store: Any | None = None
) -> tuple[set[bytes], int]:
    """Adds the hashes of the column `id` of Parquet files to `existing`.

    Args:
        new_parquet_paths: local paths, or s3:// URIs.
        existing: is changed.
        store: an obstore store of the bucket, without prefix; needed for s3:// URIs.

    Returns:
        `existing`, and how many of its hashes are new.
    """
    import pyarrow.parquet as pq

    new = 0
    for path in new_parquet_paths:
        file = pq.ParquetFile(_opened(path, store))
        for batch in file.iter_batches(batch_size=_BATCH_SIZE, columns=["id"]):
            ids = [str(item_id) for item_id in batch.column("id").to_pylist() if item_id is not None]
            new += core.add_ids(ids, existing)
    return existing, new


def write_hashes(hashes: set[bytes], store: Any, key: str) -> int:
    """Writes the index to `key` in an obstore store; how many hashes it has."""
    import obstore

    obstore.put(store, key, core.encode_hashes(hashes))
    return len(hashes)


def merge_files(
    new_parquet_paths: Iterable[str | os.PathLike[str]],
    path: str | os.PathLike[str],
    *,
    memory_limit: int = DEFAULT_MEMORY_LIMIT,
) -> tuple[int, int]:
    """Adds the ids of Parquet files to the index at a path or s3:// URI, and makes it where there is none.

    Nothing but `memory_limit` bytes (of sorting) and small buffers is held in memory. The index is replaced
    as a whole at the end. Other writers are the caller's matter.

    Returns:
        How many hashes it has, and how many of these are new.
    """
    return core.merge_files([os.fspath(file) for file in new_parquet_paths], os.fspath(path), memory_limit)


def count_hashes(path: str | os.PathLike[str]) -> int:
    """How many hashes the index at a path or s3:// URI has, by its footer."""
    return core.count_hashes(os.fspath(path))


def _opened(path: str, store: Any | None) -> Path | BytesIO:
    if not path.startswith("s3://"):
        return Path(path)
    if store is None:
        raise ValueError("store is required for s3:// paths")
    import obstore

    key = path.removeprefix("s3://").partition("/")[2]
    return BytesIO(bytes(obstore.get(store, key).bytes()))
