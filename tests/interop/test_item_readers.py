"""Items in, the same items out, through readers that others wrote."""

from pathlib import Path

import item_readers
import pytest
from harness import expected, tables
from harness.archives import Archive, Item, key_of
from harness.program import Base, Catalogue, Program
from item_readers import FILE_READERS


def read_exported(program: Program, base: Base, reader: str, items: list[Item], path: Path) -> list[Item]:
    """These items by way of one Parquet file."""
    ids = sorted({item["id"] for item in items})
    done = program.run("export", base.path, "--format", "parquet", "--output", path, "--ids", *ids)
    assert done.returncode == 0, done.stderr
    table = tables.read_file(path)
    assert "grid_partition" not in table.column_names
    found = FILE_READERS[reader](path)
    assert len(found) == table.num_rows == len({key_of(item) for item in items})
    return found


@pytest.mark.parametrize("reader", FILE_READERS)
def test_generated_items_by_file(program: Program, reader: str, demo: Catalogue, tmp_path: Path) -> None:
    sources = [item for item in demo.items if not item_readers.without_place(item)][:500]
    found = read_exported(program, demo.base, reader, sources, tmp_path / "items.parquet")
    item_readers.check_items(found, sources)


@pytest.mark.parametrize("reader", FILE_READERS)
def test_generated_items_by_the_table_s_files(reader: str, demo: Catalogue, archive: Archive) -> None:
    for path in tables.sample(demo.base.parquet_files(), 25):
        if tables.read_file(path)["bbox"].null_count == 0:
            found = FILE_READERS[reader](path)
            item_readers.check_items(found, [archive.by_key[key_of(item)][0] for item in found])


@pytest.mark.parametrize("reader", FILE_READERS)
def test_each_real_collection_by_file(
    program: Program, reader: str, collections: dict[str, Catalogue], tmp_path: Path
) -> None:
    for number, catalogue in enumerate(collections.values()):
        sources = [item for item in catalogue.items if not item_readers.without_place(item)]
        if sources:
            path = tmp_path / f"{number}.parquet"
            found = read_exported(program, catalogue.base, reader, sources, path)
            item_readers.check_items(found, sources)


@pytest.mark.parametrize("reader", FILE_READERS)
def test_all_real_collections_by_file(
    program: Program, reader: str, all_collections: Catalogue, tmp_path: Path
) -> None:
    nowhere = {item["id"] for item in all_collections.items if item_readers.without_place(item)}
    sources = [item for item in all_collections.items if item["id"] not in nowhere]
    found = read_exported(program, all_collections.base, reader, sources, tmp_path / "items.parquet")
    item_readers.check_items(found, sources)


def test_each_real_collection_by_pyiceberg(collections: dict[str, Catalogue]) -> None:
    for catalogue in collections.values():
        item_readers.check_items(item_readers.items_by_pyiceberg(catalogue.base), catalogue.items)


def test_all_real_collections_by_pyiceberg(all_collections: Catalogue) -> None:
    found = item_readers.items_by_pyiceberg(all_collections.base)
    item_readers.check_items(found, all_collections.items)


def test_no_reader_sees_what_no_item_says(mixed: Catalogue) -> None:
    """Of any item, odd ones too: without the overflow a reader sees less, never anything else."""
    sources = expected.group_by_key(mixed.items)
    tried = 0
    for path in tables.sample(mixed.base.parquet_files(), 60):
        if item_readers.has_shapes_that_stac_geoparquet_fails_on(path):
            continue
        for item in FILE_READERS["stac-geoparquet"](path):
            assert not item_readers.differences(item, sources[key_of(item)]), (path, item["id"])
            tried += 1
    assert tried > 60
