"""Tables that `earthcatalog register` has made, as other readers see them."""

import json
import shutil
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from harness import archives, damage, older_table, spark_session, tables
from harness.older_table import velocity_items
from harness.program import Base, Catalogue, Program
from test_export import check_items, exported
from test_older_tables import OlderIngest, as_kept, older, release  # noqa: F401 - fixtures

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def register(program: Program, base: Base) -> dict[str, Any]:
    done = program.run("register", base.path, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def check(program: Program, base: Base, *flags: str) -> list[dict[str, Any]]:
    done = program.run("check", base.path, "--json", *flags)
    problems: list[dict[str, Any]] = json.loads(done.stdout)["problems"]
    return problems


def forget_table(base: Base) -> None:
    base.db.unlink()
    shutil.rmtree(base.warehouse / "earthcatalog")


CHOSEN = ("collection", "id", "grid_partition")


def rows_of_files(base: Base) -> Counter[tuple[Any, ...]]:
    """Of all files in the warehouse, named or not."""
    rows: Counter[tuple[Any, ...]] = Counter()
    for path in base.parquet_files():
        file = tables.read_file(path)
        found = file.select([name for name in CHOSEN if name in file.column_names]).to_pylist()
        rows.update(tuple(row.get(name) for name in CHOSEN) for row in found)
    return rows


def check_readers(duck: duckdb.DuckDBPyConnection, base: Base) -> None:
    """PyIceberg and DuckDB find the rows of all files in the warehouse."""
    rows = rows_of_files(base)
    table = tables.load(base)
    if len(base.parquet_files()) < 200:  # its scan takes a tenth of a second for each
        scanned = table.scan(selected_fields=CHOSEN).to_arrow().select(CHOSEN)
        found = Counter(tuple(row.values()) for row in scanned.to_pylist())
    else:
        found = tables.fanned_out(base)
    assert found - rows == rows - found == Counter()
    query = f"select {', '.join(CHOSEN)} from iceberg_scan('{tables.metadata_path(table)}')"
    found = Counter(duck.execute(query).fetchall())
    assert found - rows == rows - found == Counter()


@pytest.fixture
def copied(mixed: Catalogue, tmp_path: Path) -> Catalogue:
    """A table of everything, in another place; its metadata names the files of the first."""
    base = Base(tmp_path / "copy")
    shutil.copytree(mixed.base.path, base.path)
    return Catalogue(base, mixed.items)


def test_a_copy_of_everything(program: Program, copied: Catalogue, duck: duckdb.DuckDBPyConnection) -> None:
    report = register(program, copied.base)
    assert report["table"] == "remade"
    assert report["files"] == len(copied.base.parquet_files())
    check_items(exported(program, copied.base), copied.items)
    check_readers(duck, copied.base)
    assert check(program, copied.base, "--deep") == []


def test_everything_from_its_files_alone(
    program: Program, copied: Catalogue, duck: duckdb.DuckDBPyConnection
) -> None:
    """Its wide items lie in coarser cells: the finest ones tell the resolution."""
    grid = tables.load(copied.base).properties
    forget_table(copied.base)
    report = register(program, copied.base)
    assert report["table"] == "new"
    assert report["ignored_columns"] == []
    check_items(exported(program, copied.base), copied.items)
    check_readers(duck, copied.base)
    assert check(program, copied.base, "--deep") == []
    found = tables.load(copied.base).properties
    name = "earthcatalog.grid.resolution"
    assert found[name] == grid[name]


def test_spark_reads_files_without_ids(
    program: Program, mixed: Catalogue, tmp_path: Path, spark_process: "SparkSession"
) -> None:
    """By the name mapping, beside others that have ids."""
    base = Base(tmp_path / "base")
    files = sorted(mixed.base.parquet_files())[::40]
    for number, file in enumerate(files):
        target = base.path / file.relative_to(mixed.base.path)
        damage.rewrite(file, target, damage.without_ids if number % 2 else lambda rows: rows)
    register(program, base)
    session = spark_session.of_catalogue(spark_process, base)
    rows = session.table(spark_session.TABLE).select("collection", "id", "grid_partition").collect()
    assert Counter(map(tuple, rows)) == tables.fanned_out(base)
    assert len(session.table(spark_session.TABLE).toJSON().collect()) == len(rows)


@pytest.mark.parametrize("forgotten", [True, False])
def test_a_warehouse_of_0_6_1(
    program: Program,
    older: OlderIngest,  # noqa: F811
    base: Base,
    duck: duckdb.DuckDBPyConnection,
    tmp_path: Path,
    forgotten: bool,
) -> None:
    """Lost, or moved to another place: files without ids, columns of JSON text, no grid recorded."""
    items = velocity_items(30)
    older(base, items, chunk_size=12, resolution=2)
    rows = tables.fanned_out(base)
    if forgotten:
        forget_table(base)
    else:
        moved = Base(tmp_path / "moved")
        base.path.rename(moved.path)
        base = moved
    report = register(program, base)
    assert report["table"] == ("new" if forgotten else "remade")
    assert report["grid"] == "h3 resolution 2"
    assert tables.fanned_out(base) == rows
    check_readers(duck, base)
    check_items(exported(program, base), list(map(as_kept, items)))
    assert check(program, base) == []
    assert {problem["kind"] for problem in check(program, base, "--deep")} <= {"order"}
    # Ours goes on with it.
    archive = archives.write_items(tmp_path / "more", [older_table.velocity_item(900, 10, 50)])
    program.ingest(archive.csv(tmp_path / "more.csv"), base, "--source", archive.folder)
    assert len(exported(program, base)) == len(items) + 1


def test_older_folders_of_the_unknown_year(
    program: Program, base: Base, duck: duckdb.DuckDBPyConnection
) -> None:
    items = velocity_items(14)
    older_table.ingest(base, items)
    forget_table(base)
    for folder in base.warehouse.glob("grid_partition=*/year=unknown"):
        folder.rename(folder.with_name("year=None"))
    assert list(base.warehouse.rglob("year=None")) != []
    report = register(program, base)
    assert not any("was" in entry for entry in report["added"]), "they may stay where they are"
    check_readers(duck, base)
    check_items(exported(program, base), list(map(as_kept, items)))
    assert check(program, base) == []
