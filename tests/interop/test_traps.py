"""What readers stumble over, and the lines of the README that lead around it, as they stand there.

Where a test expects a reader's failure, the line is not needed any more once it does not come.
"""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb
import geopandas
import pyarrow.parquet as pq
import pytest
from harness import archives, expected, tables
from harness.archives import Item, key_of
from harness.odd_items import make_item, point
from harness.program import Base, Catalogue, Program
from harness.requirement import PROJECT
from item_readers import FILE_READERS, check_items

README = (PROJECT / "README.md").read_text(encoding="utf-8")
EVERY_FILE_HAS = {
    *("id", "type", "stac_version", "stac_extensions", "collection", "geometry", "bbox", "links", "assets"),
    *("datetime", "start_datetime", "end_datetime", "created", "updated", "platform", "grid_partition"),
}


def line_of(pattern: str) -> str:
    """The one line of the README that matches."""
    found = [line for line in README.splitlines() if re.search(pattern, line)]
    assert len(found) == 1, found
    return found[0].strip()


def block_with(text: str) -> str:
    """The one block of code in the README that has the text."""
    (found,) = [block for block in re.findall(r"```\w+\n(.*?)```", README, re.DOTALL) if text in block]
    return str(found)


@pytest.fixture
def in_folder(mixed: Catalogue, monkeypatch: pytest.MonkeyPatch) -> Catalogue:
    monkeypatch.chdir(mixed.base.path)
    return mixed


def test_every_file_has_the_columns_that_the_documents_name(mixed: Catalogue) -> None:
    filled: Counter[bool] = Counter()
    for path in mixed.base.parquet_files():
        assert set(pq.read_schema(path).names) >= EVERY_FILE_HAS, path
        platform = tables.read_file(path)["platform"]
        filled[platform.null_count < len(platform)] += 1
    assert filled.keys() == {True, False}, "there must be files that do not fill it"


def test_duckdb_by_paths_without_uniting_names(duck: duckdb.DuckDBPyConnection, in_folder: Catalogue) -> None:
    relation = line_of("^ *from read_parquet").removeprefix("from ")
    assert "union_by_name" not in relation
    found = duck.execute(f"select grid_partition, id, platform, bbox.ymin from {relation}").fetchall()
    assert len(found) == sum(tables.fanned_out(in_folder.base).values())
    platforms = {item["properties"].get("platform") for item in in_folder.items}
    assert {row[2] for row in found} == {p if isinstance(p, str) else None for p in platforms}


def test_duckdb_compares_years_with_texts(duck: duckdb.DuckDBPyConnection, in_folder: Catalogue) -> None:
    relation = line_of("^ *from read_parquet").removeprefix("from ")
    condition = re.search(r"year between '\d+' and '\d+'", line_of("^ *where year between"))
    assert condition
    first, last = re.findall(r"\d+", condition[0])
    found = duck.execute(f"select distinct collection, id from {relation} where {condition[0]}").fetchall()
    wanted = {key_of(item) for item in in_folder.items if first <= expected.year_of(item) <= last}
    assert wanted
    assert set(found) == wanted
    with pytest.raises(duckdb.ConversionException):
        duck.execute(f"select count(*) from {relation} where year = 2020")


def test_duckdb_compares_years_with_texts_where_all_are_known(
    program: Program, duck: duckdb.DuckDBPyConnection, base: Base, tmp_path: Path
) -> None:
    items = [
        make_item(f"i{year}", point(10, 10), datetime=f"{year}-01-02T00:00:00Z") for year in (2019, 2020)
    ]
    program.ingest_archive(archives.write_items(tmp_path / "archive", items), base)
    relation = f"read_parquet('{base.warehouse}/grid_partition=*/**/*.parquet', hive_partitioning = true)"
    assert duck.execute(f"select typeof(year) from {relation} limit 1").fetchone() == ("BIGINT",)
    for condition in ("year = '2020'", "year between '2020' and '2021'"):
        assert duck.execute(f"select id from {relation} where {condition}").fetchall() == [("i2020",)]


def test_duckdb_reads_the_geometry_of_the_table(
    duck: duckdb.DuckDBPyConnection, in_folder: Catalogue
) -> None:
    *setup, query = block_with("iceberg_scan").strip().removesuffix(";").split(";\n")
    setting = setup[-1]
    query = query.replace(
        "warehouse/earthcatalog/stac_items/metadata/….metadata.json",
        str(tables.metadata_path(tables.load(in_folder.base))),
    )
    duck.execute(setting)
    assert dict(duck.execute(query).fetchall()) == northern_items_by_platform(in_folder.base)
    scan = re.search(r"iceberg_scan\('.*?'\)", query)
    assert scan
    with_geometry = f"select st_xmin(st_geomfromwkb(geometry)) from {scan[0]}"
    assert len(duck.execute(with_geometry).fetchall()) == sum(tables.fanned_out(in_folder.base).values())
    duck.execute("set enable_geoparquet_conversion = true")
    try:
        with pytest.raises(duckdb.ConversionException, match="geometry"):
            duck.execute(with_geometry).fetchall()
    finally:
        duck.execute(setting)


def northern_items_by_platform(base: Base) -> dict[str | None, int]:
    """What the README's query asks for."""
    ids: dict[str | None, set[str]] = {}
    for path in tables.data_files(tables.load(base)):
        rows = tables.read_file(path).select(["id", "platform", "datetime", "bbox"]).to_pylist()
        for row in rows:
            year = row["datetime"].year if row["datetime"] else None
            if year and 1990 <= year <= 2020 and row["bbox"] and row["bbox"]["ymin"] > 60:
                ids.setdefault(row["platform"], set()).add(row["id"])
    return {platform: len(found) for platform, found in ids.items()}


def test_geopandas_reads_the_files(in_folder: Catalogue) -> None:
    found: dict[str, Any] = {}
    exec(block_with("footprints ="), found)
    footprints = found["footprints"]
    assert len(footprints) == sum(tables.fanned_out(in_folder.base).values())
    assert set(footprints["id"]) == {item["id"] for item in in_folder.items}
    with pytest.raises(ValueError, match="metadata"):
        geopandas.read_parquet("warehouse")


@pytest.fixture(scope="module")
def places(demo: Catalogue) -> tuple[list[Item], list[Item]]:
    """The generated items with a geometry, and those without."""
    nowhere = [item for item in demo.items if item["geometry"] is None]
    assert nowhere
    return [item for item in demo.items if item["geometry"] is not None], nowhere


@pytest.mark.parametrize("reader", FILE_READERS)
def test_an_export_without_null_geometries(
    program: Program,
    reader: str,
    demo: Catalogue,
    places: tuple[list[Item], list[Item]],
    tmp_path: Path,
) -> None:
    somewhere, nowhere = places
    command = line_of("^earthcatalog export .*--skip-null-geometry").split()[2:]
    command = [str(demo.base.path), *command[1:-1], str(tmp_path / command[-1])]
    done = program.run("export", *command, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "items": len(somewhere),
        "skipped_null_geometry": len(nowhere),
        "missing_ids": [],
    }
    assert f"left out {len(nowhere)} items without a geometry" in done.stderr
    check_items(FILE_READERS[reader](tmp_path / "items.parquet"), somewhere)


@pytest.mark.parametrize("reader", FILE_READERS)
def test_null_geometries_end_these_readers(
    program: Program, reader: str, demo: Catalogue, tmp_path: Path
) -> None:
    path = tmp_path / "items.parquet"
    done = program.run("export", demo.base.path, "--format", "parquet", "--output", path)
    assert done.returncode == 0, done.stderr
    with pytest.raises(BaseException):  # noqa: B017, PT011 - each has its own, a panic of Rust's no Exception
        FILE_READERS[reader](path)


def test_json_needs_an_output_of_its_own(program: Program, demo: Catalogue) -> None:
    done = program.run("export", demo.base.path, "--json")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--output" in done.stderr
