"""Small archives of STAC items on the local disk."""

import csv
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from earthcatalog.pipelines import incremental

BUCKET = "archive"


@dataclass(frozen=True)
class Archive:
    """Items in `source`/BUCKET, their inventory, and where a catalog of them goes."""

    items: list[dict[str, Any]]
    source: Path
    inventory: Path
    base: Path

    @property
    def catalog_path(self) -> Path:
        return self.base / "earthcatalog.db"

    @property
    def warehouse_path(self) -> Path:
        return self.base / "warehouse"

    @property
    def ids(self) -> set[str]:
        return {item["id"] for item in self.items}


def make_item(index: int) -> dict[str, Any]:
    """A point item; longitude, latitude and time differ from item to item, years are 2020 and 2021."""
    longitude, latitude = -170.0 + 17.0 * (index % 20), -60.0 + 11.0 * (index % 11)
    return {
        "type": "Feature",
        "stac_version": "1.0.0",
        "id": f"item-{index:04d}",
        "collection": "points",
        "geometry": {"type": "Point", "coordinates": [longitude, latitude]},
        "bbox": [longitude, latitude, longitude, latitude],
        "properties": {
            "datetime": f"{2020 + index % 2}-03-{1 + index % 28:02d}T12:00:00Z",
            "platform": "S1A" if index % 3 else "S1B",
            "proj:code": "EPSG:3413",
        },
        "links": [],
        "assets": {"data": {"href": f"s3://{BUCKET}/item-{index:04d}.tif"}},
    }


def write_archive(folder: Path, count: int) -> Archive:
    """Makes an archive of so many items; item i was modified on day 1 + i % 28 of May 2024."""
    source, inventory = folder / "source", folder / "inventory.csv"
    (source / BUCKET).mkdir(parents=True)
    items = [make_item(index) for index in range(count)]
    with inventory.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["bucket", "key", "size", "last_modified_date"])
        for index, item in enumerate(items):
            key = f"{item['id']}.stac.json"
            text = json.dumps(item)
            (source / BUCKET / key).write_text(text)
            rows.writerow([BUCKET, key, len(text), f"2024-05-{1 + index % 28:02d}T00:00:00Z"])
    return Archive(items, source, inventory, folder / "catalog")


def ingest(archive: Archive, **arguments: Any) -> dict[str, Any]:
    """A run over all of it, from its own folder unless told otherwise; the report."""
    arguments.setdefault("source", archive.source)
    return incremental.run(archive.inventory, archive.catalog_path, archive.warehouse_path, **arguments)
