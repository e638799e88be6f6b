"""An inventory is read in pieces: what that takes does not grow with its length, whatever its format.

EARTHCATALOG_FULL=1   ten million rows instead of a sample
"""

import gzip
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pc_csv
import pyarrow.orc as orc
import pyarrow.parquet as pq
import pytest
from harness import inventories
from harness.program import Base, Program

ROWS = 10_000_000 if os.environ.get("EARTHCATALOG_FULL") == "1" else 500_000
# Of the whole process. The sample's keys alone are 50 MB, and its row group and stripe are one each.
MOST_MEMORY = 96 << 20
PIECE = 500_000
PARTS = 20


def numbers(start: int, count: int) -> pa.Array:
    return pa.array(np.arange(start, start + count)).cast(pa.string())


def rows(start: int, count: int) -> pa.Table:
    """Rows of all that S3 tells of an object; the keys are about 110 bytes long."""
    noise = np.random.default_rng(start)
    number = pc.utf8_lpad(numbers(start, count), 12, "0")
    path = "archive/of/scenes/in/long/folders/landsatOLI/v02/N60W040/LC08_L1TP_"
    return pa.table(
        {
            "bucket": pa.array(["archive"] * count),
            "key": pc.binary_join_element_wise(path, number, "_G0120V02_P097.stac.json", ""),
            "version_id": pa.array(noise.integers(0, 2**62, count)).cast(pa.string()),
            "is_latest": pa.array([True] * count),
            "is_delete_marker": pa.array([True] * count),  # so that reading is all there is to do
            "size": pa.array(noise.integers(2000, 9000, count)),
            "last_modified_date": pa.array(1_700_000_000_000 + np.arange(count), pa.timestamp("ms")),
            "e_tag": pa.array(noise.integers(0, 2**62, count)).cast(pa.string()),
        }
    )


def pieces(length: int) -> Iterator[pa.Table]:
    for start in range(0, ROWS, length):
        yield rows(start, min(length, ROWS - start))


def write_csv_gz(path: Path, tables: Iterator[pa.Table], *, header: bool, quote: str = "needed") -> Path:
    with gzip.open(path, "wb", compresslevel=1) as file:
        for table in tables:
            times = pc.strftime(table["last_modified_date"], "%Y-%m-%dT%H:%M:%SZ")
            place = table.column_names.index("last_modified_date")
            plain = table.set_column(place, "last_modified_date", times)
            if quote == "all_valid":  # that is what is text
                plain = plain.cast(pa.schema([(name, pa.string()) for name in plain.column_names]))
            sink = pa.BufferOutputStream()
            pc_csv.write_csv(plain, sink, pc_csv.WriteOptions(include_header=header, quoting_style=quote))
            file.write(sink.getvalue())
            header = False
    return path


def write_parquet(path: Path) -> Path:
    """In row groups of half a million rows."""
    with pq.ParquetWriter(path, rows(0, 1).schema) as writer:
        for table in pieces(PIECE):
            writer.write_table(table, row_group_size=PIECE)
    return path


def write_orc(path: Path) -> Path:
    with orc.ORCWriter(str(path), compression="zlib") as writer:
        for table in pieces(PIECE):
            writer.write(table)
    return path


def write_manifest(folder: Path) -> Path:
    data = inventories.data_folder(folder)
    files = [
        write_csv_gz(data / f"{number:02}.csv.gz", iter([table]), header=False, quote="all_valid")
        for number, table in enumerate(pieces(ROWS // PARTS))
    ]
    return inventories.write_manifest(folder, "CSV", rows(0, 0).column_names, files)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder of the test's own; gigabytes are not kept for looking at."""
    yield tmp_path
    shutil.rmtree(tmp_path)


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("kind", ["csv.gz", "parquet", "orc", "manifest"])
def test_d35_memory_does_not_grow_with_the_inventory(kind: str, program: Program, folder: Path) -> None:
    if kind == "csv.gz":
        inventory = write_csv_gz(folder / "inventory", pieces(PIECE), header=True)
    elif kind == "manifest":
        inventory = write_manifest(folder)
    else:
        inventory = (write_parquet if kind == "parquet" else write_orc)(folder / "inventory")
    by_shell = Program(program.path, launcher=("sh", "-c", '"$@"; exit $?', "sh"))
    report = by_shell.ingest(inventory, Base(folder / "base"), "--source", folder, timeout=900)
    assert report["inventory"]["rows"] == ROWS
    assert report["inventory"]["skipped_delete_marker"] == ROWS
    assert report["peak_memory"] < MOST_MEMORY, report["peak_memory"] >> 20
