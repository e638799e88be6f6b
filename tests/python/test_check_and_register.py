"""Checking and registering from Python."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from earthcatalog.config import GridConfig
from small_archive import Archive, ingest

import earthcatalog as ec


@pytest.fixture
def archive(make_archive: Callable[[int], Archive]) -> Archive:
    archive = make_archive(20)
    ingest(archive, h3_resolution=2)
    return archive


def test_a_sound_table(archive: Archive) -> None:
    catalog = ec.open(base=archive.base)
    for deep in (False, True):
        report = catalog.check(deep=deep)
        assert report["sound"]
        assert (report["deep"], report["rows"], report["problems"]) == (deep, 20, [])


def test_what_is_wrong_is_found_and_mended(archive: Archive) -> None:
    catalog = ec.open(base=archive.base)
    file = sorted(archive.warehouse_path.rglob("*.parquet"))[0]
    stray = file.rename(file.with_name("mine.parquet"))
    problems = catalog.check()["problems"]
    assert {(entry["kind"], entry["path"]) for entry in problems} == {
        ("missing", str(file)),
        ("stray", str(stray)),
    }
    assert catalog.register(dry_run=True)["dry_run"]
    assert not catalog.check()["sound"]
    report = catalog.register()
    assert [entry["path"] for entry in report["added"]] == [str(stray)]
    assert catalog.check(deep=True)["sound"]
    assert {item["id"] for item in catalog.items()} == archive.ids


def test_a_moved_catalogue(archive: Archive, tmp_path: Path) -> None:
    base = tmp_path / "moved"
    archive.base.rename(base)
    with pytest.raises((ec.EarthCatalogError, ValueError)):
        ec.open(base=base)
    assert ec.register(base)["table"] == "remade"
    catalog = ec.open(base=base)
    assert {item["id"] for item in catalog.items()} == archive.ids
    assert catalog.grid_resolution == 2


def test_the_grid_of_files_alone(archive: Archive) -> None:
    archive.catalog_path.unlink()
    shutil.rmtree(archive.warehouse_path / "earthcatalog")

    def register(resolution: int) -> dict[str, Any]:
        return ec.register(
            catalog_path=archive.catalog_path,
            warehouse_path=archive.warehouse_path,
            grid_config=GridConfig("h3", resolution),
        )

    report = register(2)
    assert (report["table"], report["grid"]) == ("new", "h3 resolution 2")
    with pytest.raises(ValueError, match="the table's grid is h3 resolution 2, not h3 resolution 4"):
        register(4)


def test_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="there is no warehouse"):
        ec.register(tmp_path / "nowhere")
    with pytest.raises(ValueError, match="belong together"):
        ec.register(catalog_path=tmp_path / "earthcatalog.db")
