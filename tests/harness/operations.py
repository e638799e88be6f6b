"""Operations on a table by a driver process of ours (table_driver.cc), and data files to hand over to it.

EARTHCATALOG_TABLE_DRIVER  the driver; by default the one of `make test`
"""

import contextlib
import datetime as dt
import itertools
import json
import random
import shutil
import struct
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from . import s3, tables
from .program import Base
from .requirement import path_from_environment

DEFAULT_DRIVER = Path("build/release/tests/harness/table_driver")
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
Partition = tuple[str | None, int | None]  # cell, calendar year
Answer = dict[str, Any]


@dataclass(frozen=True, order=True)
class DataFile:
    """A Parquet file and what a commit says of it."""

    path: str  # as the table names it
    partition: Partition = field(compare=False)
    ids: tuple[str, ...] = field(compare=False)
    size: int = field(compare=False)
    metrics: Mapping[str, Mapping[int, Any]] = field(compare=False, repr=False, default_factory=dict)

    @property
    def records(self) -> int:
        return len(self.ids)

    def request(self) -> dict[str, Any]:
        """As the driver is told it."""
        named = {"path": self.path, "partition": self.partition, "records": self.records, "size": self.size}
        return {**named, **self.metrics}


class KilledError(Exception):
    """The driver ended without an answer."""


class RefusedError(Exception):
    """The operation's error."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"{answer['kind']}: {answer['message']}")
        self.kind: str = answer["kind"]
        self.message: str = answer["message"]


class Driver:
    """A process with one table open: a writer. What it knows of the table is `seen`."""

    def __init__(
        self, base: Base, environment: Mapping[str, str] | None = None, *, sync: bool = False
    ) -> None:
        binary = path_from_environment("EARTHCATALOG_TABLE_DRIVER", DEFAULT_DRIVER, "the driver of the table")
        self.process = subprocess.Popen(
            [str(binary)],
            env=environment and dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        self.seen: Answer = {}
        self.do("open", base=base.place)
        self.do("sync", on=sync)

    def do(self, operation: str, **arguments: Any) -> Answer:
        """The answer to one command. Raises RefusedError with its error, KilledError when there is none."""
        assert self.process.stdin
        assert self.process.stdout
        line = ""
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(json.dumps({"do": operation, **arguments}) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        if not line.endswith("\n"):
            self.end()
            raise KilledError
        answer: Answer = json.loads(line)
        self.seen = answer
        if not answer["ok"]:
            raise RefusedError(answer)
        return answer

    def end(self) -> None:
        """Ends the process."""
        self.process.kill()
        self.process.wait(timeout=30)
        for stream in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(BrokenPipeError):
                if stream:
                    stream.close()


@contextlib.contextmanager
def drivers(base: Base, count: int = 1) -> Iterator[list[Driver]]:
    """Writers of one table, which may be replaced in the list."""
    started: list[Driver] = []
    try:
        for _ in range(count):
            started.append(Driver(base))
        yield started
    finally:
        for driver in started:
            driver.end()


_names = itertools.count()


def write_file(base: Base, field_ids: Mapping[str, int], partition: Partition, ids: list[str]) -> DataFile:
    """A real file of these rows, where the table's layout puts it; of a name that none had before."""
    cell, year = partition
    if year is None:
        times: list[dt.datetime | None] = [None] * len(ids)
    else:
        times = [dt.datetime(year, 3, 1, tzinfo=dt.UTC) + dt.timedelta(hours=n) for n in range(len(ids))]
    columns: dict[str, tuple[pa.DataType, list[Any]]] = {
        "id": (pa.string(), ids),
        "collection": (pa.string(), ["tests"] * len(ids)),
        "datetime": (pa.timestamp("us", tz="UTC"), times),
        "grid_partition": (pa.string(), [cell] * len(ids)),
    }
    fields = [
        pa.field(name, type_, metadata={"PARQUET:field_id": str(field_ids[name])})
        for name, (type_, _values) in columns.items()
    ]
    rows = pa.Table.from_arrays(
        [pa.array(values, type_) for type_, values in columns.values()], schema=pa.schema(fields)
    )
    folder = base.warehouse / f"grid_partition={cell}" / f"year={year or 'unknown'}"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"part_{next(_names):06d}_7e575000.parquet"  # as `clean` knows ours
    pq.write_table(rows, path, compression="zstd")
    place = base.name_of(path)
    uri = place if place.startswith("s3://") else f"file://{place}"
    metrics = _metrics({field_ids[name]: values for name, (_type, values) in columns.items()})
    return DataFile(uri, partition, tuple(ids), path.stat().st_size, metrics)


def _metrics(columns: Mapping[int, list[Any]]) -> dict[str, dict[int, Any]]:
    metrics: dict[str, dict[int, Any]] = {"counts": {}, "nulls": {}, "lower": {}, "upper": {}}
    for id_, values in columns.items():
        known = [_serialized(value) for value in sorted(v for v in values if v is not None)]
        metrics["counts"][id_] = len(values)
        metrics["nulls"][id_] = len(values) - len(known)
        if known:
            metrics["lower"][id_] = known[0].hex()
            metrics["upper"][id_] = known[-1].hex()
    return metrics


def _serialized(value: str | dt.datetime) -> bytes:
    if isinstance(value, dt.datetime):
        return struct.pack("<q", (value - EPOCH) // dt.timedelta(microseconds=1))
    return value.encode()


class Maker:
    """Makes files of new rows and of rows that are there, always the same for a seed."""

    CELLS = ("81003ffffffffff", "81007ffffffffff", "__global__")
    YEARS = (2019, 2020, None)

    def __init__(self, base: Base, seed: int) -> None:
        self.base = base
        self.random = random.Random(seed)
        self.field_ids = {item.name: item.field_id for item in tables.load(base).schema().fields}
        self._rows = itertools.count()

    def partition(self) -> Partition:
        return self.random.choice(self.CELLS), self.random.choice(self.YEARS)

    def new_file(self, partition: Partition | None = None, rows: int | None = None) -> DataFile:
        count = self.random.randint(1, 5) if rows is None else rows
        ids = [f"item-{next(self._rows):05d}" for _ in range(count)]
        return self.file_of(partition or self.partition(), ids)

    def file_of(self, partition: Partition, ids: list[str]) -> DataFile:
        return write_file(self.base, self.field_ids, partition, ids)

    def new_files(self, most: int = 3) -> list[DataFile]:
        return [self.new_file() for _ in range(self.random.randint(1, most))]

    def merged(self, files: list[DataFile]) -> list[DataFile]:
        """The rows of `files`, one file for each partition."""
        by_partition: dict[Partition, list[str]] = {}
        for file in files:
            by_partition.setdefault(file.partition, []).extend(file.ids)
        return [self.file_of(partition, sorted(ids)) for partition, ids in by_partition.items()]


def requests(files: list[DataFile]) -> list[dict[str, Any]]:
    return [file.request() for file in files]


@contextlib.contextmanager
def foreign_catalog(base: Base) -> Iterator[tables.SqlCatalog]:
    """The catalog for PyIceberg to commit to. One in a bucket is fetched, and put back at the end."""
    if not isinstance(base, s3.BucketFolder):
        yield tables.catalog_of(base)
        return
    with tempfile.TemporaryDirectory() as folder:
        copy = Base(Path(folder))
        shutil.copyfile(base.db, copy.db)
        yield tables.catalog_of(copy)
        base.put(base.db, copy.db.read_bytes())
