"""Opening catalogs and asking them."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import h3
import pytest
from small_archive import Archive, ingest

import earthcatalog as ec


@pytest.fixture
def archive(make_archive: Callable[[int], Archive]) -> Archive:
    archive = make_archive(40)
    ingest(archive, h3_resolution=2)
    return archive


def expected_partitions(archive: Archive) -> Counter[tuple[str, int]]:
    """Items per (cell, year): points lie in one cell each."""
    partitions: Counter[tuple[str, int]] = Counter()
    for item in archive.items:
        longitude, latitude = item["geometry"]["coordinates"]
        year = datetime.fromisoformat(item["properties"]["datetime"]).year
        partitions[h3.latlng_to_cell(latitude, longitude, 2), year] += 1
    return partitions


def test_stats_count_every_cell_and_year(archive: Archive) -> None:
    stats = ec.open(base=archive.base).stats()
    assert {(s["grid_partition"], s["year"]): s["row_count"] for s in stats} == expected_partitions(archive)
    assert all(s["file_count"] >= 1 and s["total_bytes"] > 0 for s in stats)
    assert [(s["grid_partition"], s["year"]) for s in stats] == sorted(expected_partitions(archive))


def test_items_come_back_as_they_were(archive: Archive) -> None:
    catalog = ec.open(base=archive.base)
    sources = {item["id"]: item for item in archive.items}
    found = list(catalog.items())
    assert len(found) == len(sources)
    assert {item["id"]: item for item in found} == sources
    some = archive.items[3]
    assert list(catalog.items(ids=[some["id"], "no such item"])) == [some]
    assert list(catalog.items(ids=[])) == []
    with pytest.raises(TypeError, match="list of ids"):
        next(catalog.items(ids="abc"))


def test_info_adds_the_partitions_up(archive: Archive) -> None:
    catalog = ec.open(base=archive.base)
    info = catalog.info()
    assert info.row_count == len(archive.items)
    assert info.cell_count == len({cell for cell, _ in expected_partitions(archive)})
    assert info.file_count == sum(s["file_count"] for s in catalog.stats())
    assert (info.first_year, info.last_year) == (2020, 2021)
    assert (info.grid_type, info.grid_resolution) == ("h3", 2)
    assert (catalog.grid_type, catalog.grid_resolution) == ("h3", 2)
    assert repr(catalog) == f"<EarthCatalog {str(archive.catalog_path)!r}, grid h3 2>"


def test_table_is_pyicebergs_and_reads_the_items(archive: Archive) -> None:
    table = ec.open(base=archive.base).table
    rows = table.scan(selected_fields=("id", "platform")).to_arrow().to_pylist()
    assert {row["id"]: row["platform"] for row in rows} == {
        item["id"]: item["properties"]["platform"] for item in archive.items
    }
    assert table.metadata_location == ec.open(base=archive.base).info().metadata_location


def test_an_open_catalog_sees_later_commits(archive: Archive) -> None:
    catalog = ec.open(base=archive.base)
    ingest(archive, limit=5, again=True)
    assert catalog.info().row_count == 45


def test_base_from_the_environment(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EARTHCATALOG_BASE", str(archive.base))
    assert ec.open().info().row_count == len(archive.items)


def test_catalog_and_warehouse_apart(archive: Archive) -> None:
    moved = archive.base.parent / "elsewhere.db"
    archive.catalog_path.rename(moved)
    catalog = ec.open(catalog_path=moved, warehouse_path=archive.warehouse_path)
    assert catalog.info().row_count == len(archive.items)


def test_no_catalog_is_file_not_found(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"earthcatalog\.db"):
        ec.open(base=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_arguments_that_name_no_catalog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EARTHCATALOG_BASE", raising=False)
    with pytest.raises(ValueError, match="EARTHCATALOG_BASE"):
        ec.open()
    with pytest.raises(ValueError, match="belong together"):
        ec.open(catalog_path=tmp_path / "a.db")
    with pytest.raises(ValueError, match="either base"):
        ec.open(tmp_path, catalog_path=tmp_path / "a.db", warehouse_path=tmp_path)
    with pytest.raises(TypeError, match="obstore"):
        ec.open(tmp_path, store=object())
