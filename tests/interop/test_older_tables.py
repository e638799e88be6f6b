"""Tables of earthcatalog 0.6.1: ours reads them, adds to them, and leaves them to 0.6.1 again.

Each is made twice: by tests/harness/older_table.py, and by 0.6.1 itself where EARTHCATALOG_PEER_PYTHON names
a Python that has it. The first is checked against the second.
"""

import copy
import json
import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import item_readers
import pyarrow.parquet as pq
import pytest
from harness import archives, duckdb_session, expected, older_table, tables
from harness.archives import Item, key_of
from harness.odd_items import ODD_ITEMS, make_item, polygon, rectangle
from harness.older_table import as_kept, velocity_item, velocity_items
from harness.program import Base, Program
from test_export import check_items, exported

OlderIngest = Callable[..., None]


class Release:
    """earthcatalog 0.6.1."""

    def __init__(self, python: str, folder: Path) -> None:
        self.python = python
        self.folder = folder
        self.inventories = 0

    def ask(self, do: str, **request: Any) -> Any:
        script = Path(older_table.__file__).with_name("release_061.py")
        command = [self.python, str(script), json.dumps({"do": do, **request})]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    def ingest(self, base: Base, items: list[Item], *, resolution: int = 1, **options: Any) -> None:
        self.inventories += 1
        archive = archives.write_items(
            self.folder / str(self.inventories), items, f"bucket-{self.inventories}"
        )
        inventory = archive.csv(self.folder / f"{self.inventories}.csv")
        self.ask(
            "ingest",
            base=str(base.path),
            archive=str(archive.folder),
            inventory=str(inventory),
            h3_resolution=resolution,
            **options,
        )


@pytest.fixture
def release(tmp_path: Path) -> Release:
    python = os.environ.get("EARTHCATALOG_PEER_PYTHON")
    if python is None:  # not even in CI a failure: it needs Python 3.12, and Debian 12 has 3.11
        pytest.skip(
            "missing: earthcatalog 0.6.1 (EARTHCATALOG_PEER_PYTHON names a Python that has it: 3.12, "
            "and Debian 12 has 3.11); the generated tables are checked all the same"
        )
    folder = tmp_path / "release"
    folder.mkdir()
    return Release(python, folder)


@pytest.fixture(params=["generated", "0.6.1"])
def older(request: pytest.FixtureRequest) -> OlderIngest:
    """Ingests items as 0.6.1 does: (base, items, *, resolution, chunk_size, grid)."""
    if request.param == "generated":
        return older_table.ingest
    ingest: OlderIngest = request.getfixturevalue("release").ingest
    return ingest


@pytest.fixture
def append(program: Program, tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Ours adds items to a table."""
    number = iter(range(100))

    def run(base: Base, items: list[Item], *flags: Any, code: int = 0) -> dict[str, Any]:
        name = f"appended-{next(number)}"
        archive = archives.write_items(tmp_path / name, items)
        inventory = archive.csv(tmp_path / f"{name}.csv")
        report = program.ingest(inventory, base, "--source", archive.folder, *flags, code=code)
        assert report["items_processed"] == len(items), report["first_failures"]
        return report

    return run


def described(program: Program, command: str, base: Base) -> Any:
    done = program.run(command, base.path, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def scanned(base: Base) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = tables.load(base).scan().to_arrow().to_pylist()
    return rows


def _year(row: dict[str, Any]) -> int | None:
    return row["datetime"].year if row["datetime"] else None


def numbered(count: int, first: int) -> list[Item]:
    return [velocity_item(number, -60 + 3 * (number - first), 60) for number in range(first, first + count)]


# Properties beyond the 28 columns, nested ones, other types in the columns there are.
BEYOND = [
    velocity_item(
        200,
        -50,
        62,
        percent_valid_pixels=50.5,
        platform=None,
        version={"major": 1},
        **{
            "eo:bands": [{"name": "B1", "gsd": 10}],
            "proj:transform": [1, 0.5, -3],
            "nested": {"a": {"b": None}},
        },
    ),
    velocity_item(201, -50, 62, bbox=[-50, 62, 10.5, -49, 63, 20.5], date_dt="twelve", mid_datetime=7),
    velocity_item(202, -50, 62, datetime="2019-06-01T12:00:00.123456789Z", created="yesterday"),
]


def test_ours_reads_it(program: Program, older: OlderIngest, base: Base) -> None:
    items = velocity_items(14)
    older(base, items, chunk_size=6)
    rows = scanned(base)
    info = described(program, "info", base)
    assert (info["grid_type"], info["grid_resolution"], info["grid_recorded"]) == ("h3", 1, False)
    assert (info["row_count"], info["column_count"]) == (len(rows), len(older_table.COLUMNS))
    counts = {
        (part["grid_partition"], part["year"]): part["row_count"]
        for part in described(program, "stats", base)["partitions"]
    }
    assert counts == Counter((row["grid_partition"], _year(row)) for row in rows)
    check_items(exported(program, base), [as_kept(item) for item in items])
    text = program.run("info", base.path).stdout
    assert "h3 resolution 1 (told by its cells: the table does not record it)" in text


def test_nothing_that_ours_adds_is_lost(
    program: Program, older: OlderIngest, append: Callable[..., dict[str, Any]], base: Base
) -> None:
    kept, added = velocity_items(12), [*numbered(6, 100), *BEYOND, *ODD_ITEMS]
    older(base, kept, chunk_size=5)
    append(base, added)
    wanted = [*map(as_kept, kept), *added]
    check_items(exported(program, base), wanted)
    check_items(exported(program, base, "--ids", "velocity-001", "velocity-200"), [wanted[1], BEYOND[0]])
    assert described(program, "info", base)["grid_recorded"] is True


@pytest.mark.parametrize("reader", item_readers.FILE_READERS)
def test_danger_its_parquet_export_is_no_stac_geoparquet(
    program: Program,
    older: OlderIngest,
    append: Callable[..., dict[str, Any]],
    base: Base,
    tmp_path: Path,
    reader: str,
) -> None:
    beyond = copy.deepcopy(BEYOND)
    del beyond[0]["properties"]["version"]  # an object beside texts, of which other readers see the JSON text
    kept, added = velocity_items(12), [*numbered(6, 100), *beyond]
    older(base, kept, chunk_size=5)
    append(base, added)
    path = tmp_path / "items.parquet"
    done = program.run("export", base.path, "--format", "parquet", "--output", path)
    assert done.returncode == 0, done.stderr
    item_readers.check_items(item_readers.FILE_READERS[reader](path), [*map(as_kept, kept), *added])
    metadata = json.loads(pq.read_metadata(path).metadata[b"geo"])
    assert metadata["columns"]["geometry"]["covering"]["bbox"]["xmin"] == ["bbox", "xmin"]


def test_ours_and_0_6_1_in_turns(
    program: Program, older: OlderIngest, append: Callable[..., dict[str, Any]], base: Base, tmp_path: Path
) -> None:
    """All of it by three readers, after each turn."""
    items: list[Item] = []
    connection = duckdb_session.connect(tmp_path / "extensions")
    turns: list[tuple[OlderIngest, list[Item]]] = [
        (older, velocity_items(12)),
        (append, [*numbered(6, 100), *BEYOND, *ODD_ITEMS]),
        (older, numbered(7, 300)),
        (append, numbered(3, 400)),
    ]
    for ingest, more in turns:
        ingest(base, more)
        items += more if ingest is append else map(as_kept, more)
        check_items(exported(program, base), items)
        rows = scanned(base)
        check_rows(rows, items)
        metadata = tables.metadata_path(tables.load(base))
        found = (
            connection.execute("select * from iceberg_scan(?)", [str(metadata)]).to_arrow_table().to_pylist()
        )
        check_rows(found, items)
        assert len(found) == len(rows)
    files = [str(path) for path in base.parquet_files()]
    by_path = connection.execute("select id from read_parquet(?, union_by_name = true)", [files]).fetchall()
    assert len(by_path) == len(rows)


def check_rows(rows: list[dict[str, Any]], items: list[Item]) -> None:
    """Every item has its rows, whose columns say what it says or are null."""
    by_key = expected.group_by_key(items)
    assert {(row["collection"], row["id"]) for row in rows} == set(by_key)
    for row in rows:
        (item,) = by_key[row["collection"], row["id"]]
        properties = item["properties"]
        assets = older_table.without_nulls(json.loads(row["assets"]))
        assert assets == older_table.without_nulls(item["assets"])
        assert json.loads(row["links"]) == item["links"]
        assert json.loads(row["bbox"] or "null") == item.get("bbox")
        when = expected.instant(properties.get("datetime"))
        assert expected.micros(row["datetime"]) == expected.micros(when)
        for name in ("platform", "percent_valid_pixels", "mid_datetime", "latitude", "version"):
            value = properties.get(name)
            fits = isinstance(value, str | int | float) and row[name] is not None
            assert row[name] == value or not fits, (item["id"], name)


def test_the_newest_version_wins_whoever_wrote_it(
    program: Program, older: OlderIngest, append: Callable[..., dict[str, Any]], base: Base
) -> None:
    """Instants are milliseconds in 0.6.1's files and microseconds in ours."""

    def version(updated: str, platform: str) -> Item:
        return velocity_item(1, -60, 60, updated=updated, platform=platform)

    older(base, [version("2022-01-02T00:00:00Z", "first")])
    append(base, [version("2022-01-01T00:00:00Z", "stale")])
    assert [item["properties"]["platform"] for item in exported(program, base)] == ["first"]
    older(base, [version("2023-01-01T00:00:00Z", "newest")])
    append(base, [version("2022-06-01T00:00:00Z", "late")])
    assert [item["properties"]["platform"] for item in exported(program, base)] == ["newest"]


def test_the_grid_is_that_of_the_cells_and_recorded(
    program: Program,
    older: OlderIngest,
    append: Callable[..., dict[str, Any]],
    base: Base,
    request: pytest.FixtureRequest,
) -> None:
    """D2: 0.6.1 stores no grid, searches at resolution 1 and finds nothing."""
    older(base, velocity_items(12), resolution=2)
    box = [-60, 60, -59, 61]
    if older is not older_table.ingest:
        found = request.getfixturevalue("release").ask("search_files", base=str(base.path), box=box)
        assert (found["grid"], found["files"]) == ("EarthCatalog(grid_type='h3', resolution=1)", [])
    info = described(program, "info", base)
    assert (info["grid_resolution"], info["grid_recorded"]) == (2, False)

    inventory = base.path.parent / "none.csv"
    inventory.write_text("bucket,key\n")
    other = program.run("incremental", "--inventory", inventory, *base.flags, "--h3-resolution", 1)
    assert other.returncode == 2
    assert "the table's grid is h3 resolution 2, not h3 resolution 1" in other.stderr

    append(base, numbered(4, 100))
    assert {len(cell) == 15 and cell[1] for cell in _cells(base)} == {"2"}
    properties = tables.load(base).properties
    assert (properties["earthcatalog.grid.type"], properties["earthcatalog.grid.resolution"]) == ("h3", "2")
    if older is not older_table.ingest:
        found = request.getfixturevalue("release").ask("search_files", base=str(base.path), box=box)
        assert found["grid"] == "EarthCatalog(grid_type='h3', resolution=2)"
        assert {"velocity-000", "velocity-100"} <= _ids(found["files"])


def _cells(base: Base) -> set[str]:
    return {tables.partition_of(path)[0] for path in base.parquet_files()}


def _ids(files: Iterable[str]) -> set[str]:
    return {
        id_
        for file in files
        for id_ in pq.ParquetFile(tables.local_path(file)).read(["id"])["id"].to_pylist()
    }


def test_a_recorded_grid_stays(
    program: Program, older: OlderIngest, append: Callable[..., dict[str, Any]], base: Base
) -> None:
    older(base, velocity_items(12), resolution=2, grid={"type": "h3", "resolution": 2})
    assert described(program, "info", base)["grid_recorded"] is True
    append(base, numbered(4, 100), "--h3-resolution", 2)
    assert {cell[1] for cell in _cells(base)} == {"2"}


def test_cells_of_two_resolutions_are_readable_and_not_added_to(
    program: Program, older: OlderIngest, base: Base
) -> None:
    """0.6.1 takes any resolution in any run."""
    older(base, velocity_items(12), resolution=1)
    older(base, numbered(4, 100), resolution=3)
    assert len(exported(program, base)) == 16
    assert described(program, "info", base)["grid_type"] == "unknown"
    before = base.parquet_files()
    inventory = base.path.parent / "none.csv"
    inventory.write_text("bucket,key\n")
    for flags in ([], ["--h3-resolution", 1]):
        done = program.run("incremental", "--inventory", inventory, *base.flags, *flags)
        assert done.returncode == 2
        assert "does not record its grid, and its cells are of several H3 resolutions (1 to 3)" in done.stderr
    assert base.parquet_files() == before


def test_a_box_wider_than_half_the_earth_is_where_its_bbox_says(
    program: Program, older: OlderIngest, append: Callable[..., dict[str, Any]], base: Base, tmp_path: Path
) -> None:
    """The bbox decides which way an edge goes, and here it is text."""
    wide = polygon(rectangle(-100, 10, 100, 20))
    items = [make_item("the long way", wide), make_item("the short way", wide, bbox=[100, 10, -100, 20])]
    older(base, velocity_items(12))
    append(base, items)
    fresh = Base(tmp_path / "fresh")
    append(fresh, items)
    ids = {item["id"] for item in items}
    assert {row for row in tables.fanned_out(base) if row[1] in ids} == set(tables.fanned_out(fresh))


def test_every_file_has_the_columns_that_0_6_1_asks_for(
    older: OlderIngest, append: Callable[..., dict[str, Any]], base: Base, tmp_path: Path
) -> None:
    """0.6.1 names files to DuckDB without uniting their columns; a file that lacks one ends its search."""
    older(base, numbered(6, 0))
    theirs = base.parquet_files()
    append(base, [make_item("sparse", ODD_ITEMS[7]["geometry"]), *numbered(3, 100), *BEYOND])
    ours = sorted(base.parquet_files() - theirs)
    for path in ours:
        assert set(older_table.COLUMNS) <= set(pq.read_schema(path).names), path
    fitting = [path for path in ours if set(tables.read_file(path)["id"].to_pylist()) <= {"velocity-101"}]
    assert set(pq.read_schema(fitting[0]).names) == set(older_table.COLUMNS)
    connection = duckdb_session.connect(tmp_path / "extensions")
    for files in ([*ours, *sorted(theirs)], [*sorted(theirs), *ours]):
        query = (
            "select id, assets from read_parquet(?) where percent_valid_pixels >= 0 and platform like 'S1%'"
        )
        found = connection.execute(query, [[str(path) for path in files]]).fetchall()
        assert {"velocity-000", "velocity-100"} <= {id_ for id_, _assets in found}
    query = "select * from read_parquet(?)"
    found = connection.execute(query, [[str(path) for path in [*sorted(theirs), *ours]]]).to_arrow_table()
    assert {"velocity-000", "velocity-100", "sparse"} <= set(found["id"].to_pylist())


def test_0_6_1_finds_what_ours_added(
    program: Program, release: Release, append: Callable[..., dict[str, Any]], base: Base
) -> None:
    release.ingest(base, velocity_items(12))
    append(base, [*numbered(6, 100), *BEYOND, *ODD_ITEMS])
    release.ingest(base, numbered(6, 300))
    # Without a start it fails on any item whose datetime is null, its own ones too.
    request = {"base": str(base.path), "box": [-60, 60, -30, 66], "start_datetime": "2000-01-01"}
    files = release.ask("search_files", **request)["files"]
    cells = {tables.partition_of(tables.local_path(file))[0] for file in files}
    wanted = {id_ for _, id_, cell in tables.fanned_out(base) if cell in cells}
    undated = {item["id"] for item in [*velocity_items(12), *ODD_ITEMS] if not item["properties"]["datetime"]}
    assert wanted - undated == _ids(files)
    assert {item["id"] for item in [*numbered(6, 100), *BEYOND, *numbered(6, 300)]} <= _ids(files)


def test_0_6_1_searches_what_was_registered_checked_and_compacted(
    program: Program, release: Release, base: Base, tmp_path: Path
) -> None:
    """Lost, and made anew from its files; 0.6.1 adds to it and finds all."""
    kept, items = Base(tmp_path / "kept"), velocity_items(30)
    newer = copy.deepcopy(items[:12])
    for item in newer:
        item["properties"]["updated"] = "2030-01-01T00:00:00Z"
    for part in (items, newer):
        release.ingest(kept, part, resolution=2)
    items[:12] = newer
    base.path.mkdir(parents=True)
    shutil.copytree(kept.warehouse, base.warehouse)
    shutil.rmtree(base.warehouse / "earthcatalog")
    assert described(program, "register", base)["table"] == "new"
    assert described(program, "check", base)["sound"]
    report = described(program, "compact", base)
    assert report["unique"]
    assert report["files_after"] < report["files_before"]
    assert described(program, "check", base)["sound"]
    check_items(exported(program, base), [as_kept(item) for item in items])
    release.ingest(base, numbered(6, 300), resolution=2)
    request = {"base": str(base.path), "box": [-60, 60, -30, 66], "start_datetime": "2000-01-01"}
    found = release.ask("search_files", **request)
    assert found["grid"] == "EarthCatalog(grid_type='h3', resolution=2)"
    cells = {tables.partition_of(tables.local_path(file))[0] for file in found["files"]}
    wanted = {id_ for _, id_, cell in tables.fanned_out(base) if cell in cells}
    assert wanted - {item["id"] for item in items if not item["properties"]["datetime"]} == _ids(
        found["files"]
    )
    assert len(wanted) > len(items) // 2


def test_the_generated_table_is_as_0_6_1_makes_it(release: Release, tmp_path: Path) -> None:
    items = velocity_items(14)
    generated, real = Base(tmp_path / "generated"), Base(tmp_path / "real")
    for base, ingest in ((generated, older_table.ingest), (real, release.ingest)):
        ingest(base, items, chunk_size=6, grid={"type": "h3", "resolution": 1})
        ingest(base, numbered(3, 100))
    one, other = tables.load(generated), tables.load(real)
    assert one.schema() == other.schema()
    assert one.spec() == other.spec()
    assert one.properties == other.properties
    assert one.location().removeprefix(str(generated.path)) == other.location().removeprefix(str(real.path))
    assert len(one.snapshots()) == len(other.snapshots())
    assert _summaries(one) == _summaries(other)
    ours, theirs = _files(generated), _files(real)
    assert set(ours) == set(theirs)
    for name in ours:
        assert ours[name] == theirs[name], name


def _summaries(table: Any) -> list[dict[str, str]]:
    """All but the sizes of files."""
    summaries = [snapshot.summary.additional_properties for snapshot in table.snapshots()]
    return [{name: value for name, value in each.items() if "size" not in name} for each in summaries]


def _files(base: Base) -> dict[tuple[str, str], Any]:
    """What is in the files, by path up to the random part of the name, and first id.

    The order of columns does not matter.
    """
    found: dict[tuple[str, str], Any] = {}
    for path in base.parquet_files():
        file = pq.ParquetFile(path)
        rows = file.read()
        geo = json.loads(file.metadata.metadata[b"geo"])
        geo["columns"]["geometry"]["geometry_types"].sort()
        content = [
            {name: _plain(name, value) for name, value in sorted(row.items())}
            for row in sorted(rows.to_pylist(), key=lambda row: row["id"])
        ]
        name = str(path.relative_to(base.warehouse))[: -len("01234567.parquet")]
        columns = {field.name: (str(field.type), field.metadata) for field in rows.schema}
        codec = file.metadata.row_group(0).column(0).compression
        found[name, content[0]["id"]] = (columns, content, geo, codec, set(file.metadata.metadata))
    return found


def _plain(name: str, value: Any) -> Any:
    structured = name in ("assets", "links", "bbox", "stac_extensions")
    return json.loads(value) if structured and value is not None else value


def test_relative_paths_are_from_the_folder_that_the_writer_ran_in(
    program: Program, base: Base, monkeypatch: pytest.MonkeyPatch
) -> None:
    """0.6.1 records paths as it was given them."""
    base.path.mkdir()
    monkeypatch.chdir(base.path.parent)
    older_table.ingest(Base(Path(base.path.name)), velocity_items(12))
    assert len(exported(program, base)) == 12
    done = program.run("info", base.path, cwd="/")
    assert done.returncode == 1
    assert "does not exist; the path starts at the folder that its writer ran in" in done.stderr


def test_items_come_back_with_their_collection_or_without(
    program: Program, older: OlderIngest, base: Base
) -> None:
    items = velocity_items(12)
    older(base, items)
    assert {key_of(item) for item in exported(program, base)} == set(map(key_of, items))
