"""DuckDB with the extensions that come as Python packages: no network."""

import importlib.util
import os
import shutil
from pathlib import Path

import duckdb

from .requirement import require

EXTENSIONS = ("avro", "iceberg", "httpfs", "spatial")


def connect(folder: Path) -> duckdb.DuckDBPyConnection:
    """A connection whose extension folder is below `folder`. Timestamps come as UTC."""
    connection = duckdb.connect(config={"extension_directory": str(folder), "threads": 2})
    version = connection.execute("select library_version from pragma_version()").fetchone()[0]
    platform = connection.execute("select platform from pragma_platform()").fetchone()[0]
    place = folder / version / platform
    place.mkdir(parents=True, exist_ok=True)
    for name in EXTENSIONS:
        spec = importlib.util.find_spec(f"duckdb_extension_{name}")
        package = require(spec, f"the Python package duckdb-extension-{name}=={version.removeprefix('v')}")
        file = Path(package.origin or "").parent / "extensions" / version / f"{name}.duckdb_extension"
        require(file.exists(), f"{file}: duckdb and duckdb-extension-{name} are of different versions")
        shutil.copy(file, place)
    for name in ("avro", "iceberg", "spatial"):
        connection.execute(f"load {name}")
    connection.execute("set enable_geoparquet_conversion = false")
    connection.execute("set timezone = 'UTC'")
    return connection


def use_s3(connection: duckdb.DuckDBPyConnection) -> None:
    """The S3 server that the AWS variables of this process name."""
    connection.execute("load httpfs")
    host = os.environ["AWS_ENDPOINT_URL"].removeprefix("http://")
    connection.execute(
        f"""create or replace secret (type s3, key_id '{os.environ["AWS_ACCESS_KEY_ID"]}',
        secret '{os.environ["AWS_SECRET_ACCESS_KEY"]}', endpoint '{host}', url_style 'path', use_ssl false,
        region '{os.environ["AWS_REGION"]}')"""
    )
