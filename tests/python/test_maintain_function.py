"""Publishing, expiry and cleaning from Python."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from small_archive import Archive, ingest

import earthcatalog as ec


@pytest.fixture
def catalog(make_archive: Callable[[int], Archive]) -> ec.EarthCatalog:
    """Of four commits."""
    archive = make_archive(40)
    ingest(archive, chunk_size=10)
    return ec.open(base=archive.base)


def test_publish(catalog: ec.EarthCatalog) -> None:
    report = catalog.publish("https://data.example.org/w/")
    assert report["version"] == 1
    assert report["table"] == "https://data.example.org/w/earthcatalog/stac_items/_published"
    assert report["rows"] == catalog.info().row_count
    folder = Path(catalog.warehouse_path) / "earthcatalog/stac_items/_published/metadata"
    document = json.loads((folder / "latest.metadata.json").read_text())
    assert document["current-snapshot-id"] == report["snapshot_id"] == catalog.info().current_snapshot_id
    with pytest.raises(ValueError, match="http"):
        catalog.publish("s3://bucket/w")


def test_expire(catalog: ec.EarthCatalog) -> None:
    assert catalog.expire()["snapshots"] == []
    assert catalog.expire(older_than=timedelta(0), keep_last=4)["snapshots"] == []
    planned = catalog.expire(older_than=timedelta(0), dry_run=True)
    assert len(planned["snapshots"]) == 3
    assert catalog.info().snapshot_count == 4
    done = catalog.expire(older_than=timedelta(0))
    assert done == {**planned, "dry_run": False}
    assert catalog.info().snapshot_count == 2
    with pytest.raises(ValueError, match="at least one"):
        catalog.expire(keep_last=0)
    with pytest.raises(ValueError, match="negative"):
        catalog.expire(older_than=timedelta(days=-1))


def test_clean(catalog: ec.EarthCatalog) -> None:
    orphan = Path(catalog.warehouse_path) / "grid_partition=x" / "year=2020" / "part_000001_0a1b2c3d.parquet"
    orphan.parent.mkdir(parents=True)
    orphan.write_bytes(b"12345")
    assert catalog.clean()["removed"] == []
    report = {"dry_run": True, "files": 1, "bytes": 5, "removed": [{"path": str(orphan), "bytes": 5}]}
    assert catalog.clean(older_than=timedelta(0), dry_run=True) == report
    assert orphan.exists()
    assert catalog.clean(older_than=timedelta(0)) == {**report, "dry_run": False}
    assert not orphan.exists()


def test_one_at_a_time(catalog: ec.EarthCatalog) -> None:
    with catalog.lock("somebody"):
        with pytest.raises(ec.CatalogLocked, match="somebody"):
            catalog.expire()
        with pytest.raises(ec.CatalogLocked, match="somebody"):
            catalog.clean()
        with pytest.raises(ec.CatalogLocked, match="somebody"):
            catalog.publish("https://example.org")
