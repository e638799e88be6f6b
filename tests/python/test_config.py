"""Configuration files."""

from collections.abc import Callable
from pathlib import Path

import pytest
from earthcatalog.config import AppConfig, CatalogConfig, GridConfig, IngestConfig, load_config
from earthcatalog.pipelines import incremental
from small_archive import Archive

import earthcatalog as ec


def write(path: Path, text: str) -> Path:
    file = path / "config.yaml"
    file.write_text(text)
    return file


def test_all_keys(tmp_path: Path) -> None:
    text = """
catalog: {db_path: /data/x.db, warehouse: /data/warehouse}
grid: {type: h3, resolution: 0, max_cells: 30}
ingest: {chunk_size: 1000, max_workers: 8, batch_add_files: true}
"""
    assert load_config(write(tmp_path, text)) == AppConfig(
        CatalogConfig("/data/x.db", "/data/warehouse"),
        GridConfig("h3", 0, max_cells=30),
        IngestConfig(1000, 8, True),
    )


@pytest.mark.parametrize("text", ["", "catalog:\n", "{}"])
def test_every_key_is_optional(tmp_path: Path, text: str) -> None:
    assert load_config(write(tmp_path, text)) == AppConfig()


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("grids: {type: h3}", "grids"),
        ("grid: {resolutoin: 1}", "resolutoin"),
        ("ingest: {chunk_size: many}", "chunk_size"),
        ("catalog: [a, b]", "catalog"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, name: str) -> None:
    with pytest.raises(ValueError, match=name):
        load_config(write(tmp_path, text))


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises((FileNotFoundError, ValueError), match=r"no-such\.yaml"):
        load_config(tmp_path / "no-such.yaml")


def test_run_from_config_file_and_object(make_archive: Callable[[int], Archive], tmp_path: Path) -> None:
    archive = make_archive(6)
    text = f"""
catalog: {{db_path: {archive.catalog_path}, warehouse: {archive.warehouse_path}}}
grid: {{type: h3, resolution: 2}}
"""
    report = incremental.run_from_config(
        archive.inventory, write(tmp_path, text), limit=4, source=archive.source
    )
    assert report["items_processed"] == 4
    assert ec.open(archive.base).grid_resolution == 2
    config = AppConfig(
        CatalogConfig(str(archive.catalog_path), str(archive.warehouse_path)),
        ingest=IngestConfig(chunk_size=2),
    )
    report = incremental.run_from_config(archive.inventory, config, source=archive.source)
    assert (report["items_processed"], report["commits"]) == (2, 1), "it goes on behind the first four"
    assert ec.open(archive.base).info().row_count == 6


def test_run_from_config_needs_the_locations(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"catalog\.db_path"):
        incremental.run_from_config("inventory.csv", AppConfig())
