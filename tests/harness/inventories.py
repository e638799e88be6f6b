"""S3 Inventories on disk: data files of every format, and the manifests that list them."""

import csv
import gzip
import hashlib
import io
import json
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote_plus

import pyarrow as pa
import pyarrow.orc as orc
import pyarrow.parquet as pq

DESTINATION = "inventories"
FILE_FORMATS = ("CSV", "ORC", "Parquet")


def csv_bytes(table: pa.Table, *, header: bool, quote_all: bool = False, encode_keys: bool = False) -> bytes:
    """Every column as text, null as nothing."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL if quote_all else csv.QUOTE_MINIMAL, lineterminator="\n")
    if header:
        writer.writerow(table.column_names)
    keys = [name.lower() == "key" for name in table.column_names]
    for row in zip(*(column.to_pylist() for column in table.columns), strict=True):
        values = ["" if value is None else str(value) for value in row]
        pairs = zip(values, keys, strict=True)
        writer.writerow([quote_plus(value) if is_key and encode_keys else value for value, is_key in pairs])
    return text.getvalue().encode()


def parquet_bytes(table: pa.Table, **options: object) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, **options)
    return sink.getvalue().to_pybytes()


def orc_bytes(table: pa.Table, **options: object) -> bytes:
    sink = pa.BufferOutputStream()
    orc.write_table(table, sink, **options)
    return sink.getvalue().to_pybytes()


def write_data_file(path: Path, table: pa.Table, file_format: str) -> Path:
    """A data file as S3 writes it: CSV is gzipped, without header, all in quotes, with encoded keys."""
    if file_format == "CSV":
        text = csv_bytes(table, header=False, quote_all=True, encode_keys=True)
        path.write_bytes(gzip.compress(text, compresslevel=1))
    else:
        path.write_bytes(parquet_bytes(table) if file_format == "Parquet" else orc_bytes(table))
    return path


def write_manifest(folder: Path, file_format: str, columns: Sequence[str], files: Sequence[Path]) -> Path:
    """The manifest.json of the data files of `folder`/<prefix>/<bucket>/<id>/data, as S3 lays them out."""
    schema = ", ".join(columns) if file_format == "CSV" else "the files say it"
    manifest = {
        "sourceBucket": "archive",
        "destinationBucket": f"arn:aws:s3:::{DESTINATION}",
        "version": "2016-11-30",
        "creationTimestamp": "1767225600000",
        "fileFormat": file_format,
        "fileSchema": schema,
        "files": [
            {
                "key": str(file.relative_to(folder)),
                "size": file.stat().st_size,
                "MD5checksum": hashlib.md5(file.read_bytes()).hexdigest(),
            }
            for file in files
        ],
    }
    path = data_folder(folder).parent / "2026-01-01T00-00Z" / "manifest.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(manifest))
    return path


def data_folder(folder: Path) -> Path:
    """Where the data files of an inventory in the bucket `folder` lie; made when missing."""
    path = folder / "daily" / "archive" / "all-items" / "data"
    path.mkdir(parents=True, exist_ok=True)
    return path


def write_inventory(folder: Path, file_format: str, parts: Sequence[pa.Table]) -> Path:
    """The manifest of data files with these rows."""
    names = (f"{number:02}.{file_format.lower()}" for number in range(len(parts)))
    files = [
        write_data_file(data_folder(folder) / name, part, file_format)
        for name, part in zip(names, parts, strict=True)
    ]
    return write_manifest(folder, file_format, parts[0].column_names, files)
