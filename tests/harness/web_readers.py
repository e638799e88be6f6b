"""Readers of a published table, which have its URL and nothing else.

EARTHCATALOG_NODE_MODULES  the folder with icebird; by default the one of `make setup`
"""

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import duckdb
from pyiceberg.io import fsspec
from pyiceberg.table import StaticTable

from .requirement import path_from_environment, require, require_module

# (collection, id, cell) of each row, with how often it is there.
Rows = Counter[tuple[str | None, str, str]]

LATEST = "metadata/latest.metadata.json"


def by_duckdb(connection: duckdb.DuckDBPyConnection, url: str) -> Rows:
    """`url`: of the table, or of its metadata."""
    return Counter(
        connection.execute(f"select collection, id, grid_partition from iceberg_scan('{url}')").fetchall()
    )


def pyiceberg_table(url: str) -> StaticTable:
    """PyIceberg knows no web addresses by itself."""
    http = require_module("fsspec.implementations.http")
    for scheme in ("http", "https"):
        fsspec.SCHEME_TO_FS[scheme] = lambda _properties: http.HTTPFileSystem()
    return StaticTable.from_metadata(url, {"py-io-impl": "pyiceberg.io.fsspec.FsspecFileIO"})


def by_pyiceberg(url: str) -> Rows:
    rows = pyiceberg_table(url).scan(selected_fields=("collection", "id", "grid_partition")).to_arrow()
    return Counter(
        zip(*(rows[name].to_pylist() for name in ("collection", "id", "grid_partition")), strict=True)
    )


def icebird_command(url: str, *metadata_file: str) -> list[str]:
    places = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    node = require(shutil.which("node", path=places), "Node.js (the command node)")
    modules = path_from_environment(
        "EARTHCATALOG_NODE_MODULES", Path("build/node/node_modules"), "icebird, a package of npm"
    )
    script = Path(__file__).with_name("read_with_icebird.mjs")
    return [node, str(script), str(modules), url, *metadata_file]


def by_icebird(url: str, *metadata_file: str) -> Rows:
    done = subprocess.run(
        icebird_command(url, *metadata_file), capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return Counter(tuple(json.loads(line)) for line in done.stdout.splitlines())
