"""Archives of STAC items on disk and the inventories that list them."""

import csv
import datetime as dt
import gzip
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

Item = dict[str, Any]
# (collection, id): what makes an item itself.
ItemKey = tuple[str | None, str]

HEADER = ["bucket", "key", "size", "last_modified_date"]


def key_of(item: Item) -> ItemKey:
    return item.get("collection"), item["id"]


@dataclass(frozen=True)
class Row:
    bucket: str
    key: str
    size: int
    last_modified: dt.datetime

    @property
    def values(self) -> list[str]:
        modified = self.last_modified.replace(tzinfo=None).isoformat(timespec="milliseconds")
        return [self.bucket, self.key, str(self.size), f"{modified}Z"]


@dataclass(frozen=True)
class Archive:
    """Items as files `folder`/<bucket>/<key>, and the rows of their inventory."""

    folder: Path
    rows: list[Row]
    suffix: str = ".stac.json"

    @cached_property
    def items(self) -> list[Item]:
        return [json.loads((self.folder / row.bucket / row.key).read_bytes()) for row in self.rows]

    @cached_property
    def by_key(self) -> Mapping[ItemKey, list[Item]]:
        found: dict[ItemKey, list[Item]] = {}
        for item in self.items:
            found.setdefault(key_of(item), []).append(item)
        return found

    def head(self, count: int) -> "Archive":
        return Archive(self.folder, self.rows[:count], self.suffix)

    def csv(self, path: Path, *, header: bool = True, columns: list[str] | None = None) -> Path:
        path.write_text(self._csv_text(header, columns), encoding="utf-8")
        return path

    def csv_gz(self, path: Path) -> Path:
        path.write_bytes(gzip.compress(self._csv_text(header=True, columns=None).encode()))
        return path

    def parquet(self, path: Path) -> Path:
        columns = {
            "bucket": [row.bucket for row in self.rows],
            "key": [row.key for row in self.rows],
            "size": [row.size for row in self.rows],
            "last_modified_date": pa.array(
                [row.last_modified for row in self.rows], pa.timestamp("ms", tz="UTC")
            ),
        }
        pq.write_table(pa.table(columns), path, row_group_size=500)
        return path

    def _csv_text(self, header: bool, columns: list[str] | None) -> str:
        chosen = [HEADER.index(name) for name in columns or HEADER]
        text = io.StringIO()
        writer = csv.writer(text)
        if header:
            writer.writerow([HEADER[i] for i in chosen])
        writer.writerows([row.values[i] for i in chosen] for row in self.rows)
        return text.getvalue()


def _rows_below(folder: Path, files: Iterable[Path]) -> Iterator[Row]:
    for path in files:
        stat = path.stat()
        bucket, *key = path.relative_to(folder).parts
        milliseconds = stat.st_mtime_ns // 1_000_000
        modified = dt.datetime.fromtimestamp(0, dt.UTC) + dt.timedelta(milliseconds=milliseconds)
        yield Row(bucket, "/".join(key), stat.st_size, modified)


def read_generated(folder: Path) -> Archive:
    """What `earthcatalog demo` made: <folder>/inventory.csv beside <folder>/<bucket>."""
    with (folder / "inventory.csv").open(newline="", encoding="utf-8") as file:
        listed = list(csv.DictReader(file))
    rows = [
        Row(
            line["bucket"],
            line["key"],
            int(line["size"]),
            dt.datetime.fromisoformat(line["last_modified_date"]),
        )
        for line in listed
    ]
    return Archive(folder, rows)


def read_folder(folder: Path, suffix: str) -> Archive:
    """Every file <folder>/<bucket>/<key> with the suffix, in the order of the names."""
    return Archive(folder, list(_rows_below(folder, sorted(folder.glob(f"*/**/*{suffix}")))), suffix)


def write_items(folder: Path, items: Iterable[Item], bucket: str = "items") -> Archive:
    """Makes an archive of these items; their keys count up, so equal ids do no harm."""
    (folder / bucket).mkdir(parents=True)
    paths = []
    for number, item in enumerate(items):
        paths.append(folder / bucket / f"{number:06d}.stac.json")
        paths[-1].write_text(json.dumps(item, ensure_ascii=False), encoding="utf-8")
    return Archive(folder, list(_rows_below(folder, paths)))
