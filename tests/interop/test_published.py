"""A published table by readers that have its URL: nginx serves the warehouse, and nobody asks a catalog."""

import contextlib
import json
import os
import re
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import duckdb
import pytest
from harness import archives, duckdb_session, reachable, spark_session, tables, web, web_readers
from harness.archives import Archive
from harness.odd_items import make_item, point
from harness.program import Argument, Base, Catalogue, Program
from harness.requirement import PROJECT, require_module
from harness.web_readers import LATEST, Rows
from pyiceberg.table import Table
from test_regions import ODD_NAMES, WORLD, ingest, write_regions

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

FOLDER = "earthcatalog/stac_items/_published"


@dataclass(frozen=True)
class Site:
    """A catalogue's folder behind nginx."""

    program: Program
    base: Base
    root: str
    log: Path

    @property
    def prefix(self) -> str:
        return f"{self.root}/{self.base.warehouse.name}"

    @property
    def table(self) -> str:
        return f"{self.prefix}/{FOLDER}"

    @property
    def folder(self) -> Path:
        return self.base.warehouse / FOLDER / "metadata"

    def run(self, command: str, *flags: Argument) -> dict[str, Any]:
        done = self.program.run(command, self.base.path, *flags, "--json")
        assert (done.returncode, done.stderr) == (0, "")
        report: dict[str, Any] = json.loads(done.stdout)
        return report

    def publish(self) -> dict[str, Any]:
        return self.run("publish", "--url-prefix", self.prefix + "/")

    def failures(self) -> list[str]:
        """Requests that got no answer, or an error."""
        return [line for line in self.log.read_text().splitlines() if line.split('" ')[1][0] not in "23"]

    def local(self, url: str) -> Path:
        assert url.startswith(self.prefix + "/"), url
        return self.base.warehouse / unquote(url.removeprefix(self.prefix + "/"))


@pytest.fixture(scope="module")
def odd(
    program: Program, archive: Archive, odd_archive: Archive, tmp_path_factory: pytest.TempPathFactory
) -> Catalogue:
    """Generated and odd items in few files: each is some requests for each reader."""
    base = Base(tmp_path_factory.mktemp("odd-catalogue"))
    parts = [archive.head(100), odd_archive]
    for part in parts:
        program.ingest_archive(part, base, "--h3-resolution", 0)
    return Catalogue(base, [item for part in parts for item in part.items])


@pytest.fixture
def make_site(program: Program, tmp_path: Path) -> Iterator[Callable[[Base], Site]]:
    with contextlib.ExitStack() as stack:

        def make(base: Base) -> Site:
            log = tmp_path / "access.log"
            return Site(program, base, stack.enter_context(web.nginx(base.path, log)), log)

        yield make


@pytest.fixture
def web_duck(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb_session.connect(tmp_path / "duckdb")
    connection.execute("load httpfs")
    yield connection
    connection.close()


def check_readers(duck: duckdb.DuckDBPyConnection, table: str, wanted: Rows) -> None:
    """By both of the places that readers begin at."""
    for url in (table, f"{table}/{LATEST}"):
        assert web_readers.by_duckdb(duck, url) == wanted
        assert web_readers.by_pyiceberg(url) == wanted
    assert web_readers.by_icebird(table) == wanted
    assert web_readers.by_icebird(table, Path(LATEST).name) == wanted


def test_every_row_by_every_reader(
    odd: Catalogue, make_site: Callable[[Base], Site], web_duck: duckdb.DuckDBPyConnection
) -> None:
    site = make_site(odd.base)
    report = site.publish()
    wanted = tables.fanned_out(odd.base)
    assert {"table": report["table"], "metadata": report["metadata"], "rows": report["rows"]} == {
        "table": site.table,
        "metadata": f"{site.table}/{LATEST}",
        "rows": sum(wanted.values()),
    }
    assert report["files"] == len(tables.data_files(tables.load(odd.base)))
    check_readers(web_duck, report["table"], wanted)
    assert site.failures() == []


def test_values_and_filters_are_those_of_the_table(
    odd: Catalogue, make_site: Callable[[Base], Site], web_duck: duckdb.DuckDBPyConnection
) -> None:
    site = make_site(odd.base)
    site.publish()
    own, published = tables.load(odd.base), web_readers.pyiceberg_table(site.table)
    assert published.schema() == own.schema()
    filters = ("datetime >= '2015-01-01T00:00:00+00:00' and platform is not null", "bbox.ymin > 60")
    for row_filter in filters:
        columns = ("id", "grid_partition", "datetime", "platform", "bbox")
        found, wanted = (
            table.scan(row_filter=row_filter, selected_fields=columns).to_arrow().to_pylist()
            for table in (published, own)
        )
        assert found
        assert sorted(map(str, found)) == sorted(map(str, wanted))
    local, remote = (
        web_duck.execute(f"select sum(hash(t)::hugeint) from iceberg_scan('{place}') as t").fetchone()
        for place in (tables.metadata_path(own), site.table)
    )
    assert local == remote


def test_entries_say_what_they_said(odd: Catalogue, make_site: Callable[[Base], Site]) -> None:
    """All but the names: so readers prune as before, and the order of versions is the same."""
    site = make_site(odd.base)
    site.publish()

    def entries(table: Table, place_of: Callable[[str], Path]) -> dict[Path, Any]:
        found = {}
        for entry in table.inspect.entries().to_pylist():
            file = entry["data_file"]
            found[place_of(file.pop("file_path"))] = entry
        return found

    wanted = entries(tables.load(odd.base), tables.local_path)
    assert len(wanted) > 100
    assert entries(web_readers.pyiceberg_table(site.table), site.local) == wanted


def test_names_of_regions_in_urls(
    program: Program,
    base: Base,
    make_site: Callable[[Base], Site],
    web_duck: duckdb.DuckDBPyConnection,
    tmp_path: Path,
) -> None:
    nowhere = make_item("nowhere", None)
    archive = archives.write_items(tmp_path / "archive", [make_item("p", point(1, 2)), nowhere])
    done = ingest(
        program, base, archive, write_regions(tmp_path / "r.geojson", dict.fromkeys(ODD_NAMES, WORLD))
    )
    assert done.returncode == 0, done.stderr
    site = make_site(base)
    site.publish()
    wanted: Rows = Rows({("odd", "p", name): 1 for name in ODD_NAMES} | {("odd", "nowhere", "__none__"): 1})
    check_readers(web_duck, site.table, wanted)
    assert site.failures() == []


def test_nothing_is_shown_that_is_no_readers_business(
    program: Program, archive: Archive, base: Base, make_site: Callable[[Base], Site], tmp_path: Path
) -> None:
    """Places on the machine, and what runs note for each other."""
    part = archive.head(30)
    inventory = part.csv(tmp_path / "inventory.csv")
    with inventory.open("a") as file:
        file.write("synthetic-archive,gone.stac.json,1,2020-01-01T00:00:00.000Z\n")
    program.ingest(inventory, base, "--source", archive.folder, code=1)
    (quarantine,) = base.failed.iterdir()
    own = tables.load(base)
    with own.transaction() as transaction:
        transaction.set_properties({"secret": "hush", "write.metadata.path": own.location() + "/metadata"})
    noted = str(tables.load(base).metadata)
    assert quarantine.name in noted
    assert "hush" in noted
    site = make_site(base)
    site.publish()
    published = web_readers.pyiceberg_table(site.table)
    assert set(published.properties) == {
        *("schema.name-mapping.default", "earthcatalog.grid.type"),
        *("earthcatalog.grid.resolution", "earthcatalog.grid.max_cells"),
    }
    (snapshot,) = published.metadata.snapshots
    assert snapshot.summary
    assert set(snapshot.summary.additional_properties) == {
        *("total-records", "total-data-files", "total-files-size"),
        *("total-delete-files", "total-position-deletes", "total-equality-deletes"),
    }
    for path in site.folder.glob("*.json"):
        text = path.read_text()
        for hidden in (str(base.path), "file:", "failed_", "inventory", "hush"):
            assert hidden not in text
    names = {path for manifest in snapshot.manifests(published.io) for path in [manifest.manifest_path]}
    names |= {task.file.file_path for task in published.scan().plan_files()}
    assert len(names) > 2
    assert all(name.startswith(site.prefix + "/") for name in names)


def check_nothing_else_is_there(site: Site) -> None:
    """But for what the table and the current published tree name."""
    paths = {
        tables.local_path(p): live for p, live in reachable.named_by(tables.load(site.base), log=True).items()
    }
    published = web_readers.pyiceberg_table(site.table)
    for url, live in reachable.named_by(published, log=False).items():
        path = site.local(url)
        paths[path] = live or paths.get(path, False)
    pointers = {site.folder / "version-hint.text", site.folder / "latest.metadata.json"}
    there = {path for path in site.base.warehouse.rglob("*") if path.is_file()}
    assert there - paths.keys() == pointers
    assert {path for path, live in paths.items() if live} <= there


def delete(base: Base, id_: str) -> None:
    """By another engine, which writes the files that held the item anew."""
    require_module("pyiceberg_core")
    tables.load(base).delete(f"id == '{id_}'")


def ingest_part(site: Site, archive: Archive, begin: int, end: int) -> None:
    part = Archive(archive.folder, archive.rows[begin:end])
    inventory = part.csv(site.base.path.parent / f"inventory-{begin}.csv")
    site.program.ingest(inventory, site.base, "--source", archive.folder, "--h3-resolution", 0)


def test_what_is_published_outlives_expiry_until_it_is_replaced(
    archive: Archive, base: Base, make_site: Callable[[Base], Site], web_duck: duckdb.DuckDBPyConnection
) -> None:
    base.path.mkdir(parents=True)
    site = make_site(base)
    ingest_part(site, archive, 0, 40)
    site.publish()
    wanted = tables.fanned_out(base)
    before = base.parquet_files()
    for item in archive.items[:5]:
        delete(base, item["id"])
    ingest_part(site, archive, 40, 60)

    everything = ("--older-than", "0s")
    planned = site.run("expire", *everything, "--dry-run")
    done = site.run("expire", *everything)
    assert {**planned, "dry_run": False} == done
    assert len(done["snapshots"]) == 6
    assert done["published"], "files that only the published tree needs"
    assert {tables.local_path(path) for path in done["published"]} <= before <= base.parquet_files()
    site.run("clean", *everything)
    check_readers(web_duck, site.table, wanted)
    assert before <= base.parquet_files()

    first = site.folder / "v1.metadata.json"
    assert site.publish()["version"] == 2
    wanted = tables.fanned_out(base)
    check_readers(web_duck, site.table, wanted)
    report = site.run("clean")
    assert report["removed"] == [], "readers may still be at work in the one that was replaced"
    removed = site.run("clean", *everything)["removed"]
    assert removed[0]["path"] == str(first), "what names goes first"
    assert {tables.local_path(path) for path in done["published"]} <= {Path(file["path"]) for file in removed}
    check_readers(web_duck, site.table, wanted)
    check_nothing_else_is_there(site)
    assert site.failures() == []


def test_manifests_that_have_not_changed_are_not_written_again(
    archive: Archive, base: Base, make_site: Callable[[Base], Site], web_duck: duckdb.DuckDBPyConnection
) -> None:
    base.path.mkdir(parents=True)
    site = make_site(base)
    written = []
    for number in range(4):
        ingest_part(site, archive, 10 * number, 10 * number + 10)
        report = site.publish()
        written.append((report["manifests"], report["manifests_written"]))
    assert written == [(1, 1), (2, 1), (3, 1), (4, 1)]
    check_readers(web_duck, site.table, tables.fanned_out(base))
    elsewhere = site.run("publish", "--url-prefix", "https://example.org/somewhere")
    assert elsewhere["manifests_written"] == 4
    site.run("clean", "--older-than", "0s")
    assert site.publish()["manifests_written"] == 4, "of that URL"
    check_readers(web_duck, site.table, tables.fanned_out(base))


class Watching(threading.Thread):
    """Reads again and again by one reader, and keeps what it gets."""

    def __init__(self, read: Callable[[], Rows]) -> None:
        super().__init__(daemon=True)
        self._read = read
        self._ended = threading.Event()
        self._began = time.monotonic()
        self.found: list[Rows] = []
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            while not self._ended.is_set():
                self._began = time.monotonic()
                self.found.append(self._read())
        except BaseException as error:  # also that a reader is missing, which skips
            self.error = error

    @property
    def seconds_at_work(self) -> float:
        """In the tree that it is reading now."""
        return time.monotonic() - self._began

    def wait_for(self, reads: int) -> None:
        """Until it has read so often; raises what it failed with."""
        while len(self.found) < reads and self.is_alive():
            time.sleep(0.05)
        if self.error:
            raise self.error

    def end(self) -> list[Rows]:
        self._ended.set()
        self.join()
        if self.error:
            raise self.error
        return self.found


def by_duckdb_at_work(connection: duckdb.DuckDBPyConnection, url: str) -> Rows:
    """DuckDB asks for a file's size and then for the file: one that was replaced in between it refuses."""
    while True:
        try:
            return web_readers.by_duckdb(connection, url)
        except duckdb.HTTPException as error:
            if not re.search(r'(version-hint\.text|latest\.metadata\.json)" was initially', str(error)):
                raise


@pytest.mark.timeout(900)
def test_readers_at_work_while_it_is_appended_to_republished_expired_and_cleaned(
    archive: Archive, base: Base, make_site: Callable[[Base], Site], web_duck: duckdb.DuckDBPyConnection
) -> None:
    base.path.mkdir(parents=True)
    site = make_site(base)
    ingest_part(site, archive, 0, 20)
    site.publish()
    states = [tables.fanned_out(base)]
    latest = f"{site.table}/{LATEST}"
    duck, other_duck = web_duck, web_duck.cursor()
    watching = {
        "duckdb": Watching(lambda: by_duckdb_at_work(duck, site.table)),
        "duckdb by latest": Watching(lambda: by_duckdb_at_work(other_duck, latest)),
        "pyiceberg": Watching(lambda: web_readers.by_pyiceberg(site.table)),
        "icebird": Watching(lambda: web_readers.by_icebird(site.table)),
    }
    for thread in watching.values():
        thread.start()
    wanted = {"expire .avro", "expire .parquet", "clean .json", "clean .avro"}
    gone: dict[str, int] = defaultdict(int)
    number = 0
    while number < 6 or (number < 40 and not wanted <= gone.keys()):
        number += 1
        # No faster than the slowest reader: on a busy machine the table would grow while it reads, so that it
        # took ever longer, and nothing became old enough to be cleaned.
        for thread in watching.values():
            thread.wait_for(number - 1)
        ingest_part(site, archive, 20 * number, 20 * number + 20)
        delete(base, archive.items[20 * number]["id"])
        site.publish()
        states.append(tables.fanned_out(base))
        for path in site.run("expire", "--older-than", "0s")["removed"]:
            gone["expire " + Path(path).suffix] += 1
        age = 10 + int(max(thread.seconds_at_work for thread in watching.values()))
        for file in site.run("clean", "--older-than", f"{age}s")["removed"]:
            gone["clean " + Path(file["path"]).suffix] += 1
    for name, thread in watching.items():
        found = thread.end()
        assert len(found) > 3, name
        order = [states.index(rows) for rows in found]
        assert order == sorted(order), f"{name} went back"
        assert len(set(order)) > 2, name
    assert site.failures() == []
    assert wanted <= gone.keys()
    site.run("clean", "--older-than", "0s")
    check_nothing_else_is_there(site)


def test_spark_takes_no_published_file_for_an_orphan(
    archive: Archive, base: Base, make_site: Callable[[Base], Site], spark_process: "SparkSession"
) -> None:
    """Neither in the table's folder, where it looks by itself, nor in the warehouse."""
    base.path.mkdir(parents=True)
    site = make_site(base)
    ingest_part(site, archive, 0, 20)
    site.publish()
    for folder in (base.warehouse / "earthcatalog" / "stac_items", base.warehouse):
        orphan = folder / "orphan.parquet"
        orphan.write_bytes(b"")
        for path in base.warehouse.rglob("*"):
            os.utime(path, (0, 0))
        session = spark_session.of_catalogue(spark_process, base)
        found = session.sql(
            f"""call earthcatalog.system.remove_orphan_files(
                table => '{spark_session.TABLE}', location => '{folder}', dry_run => true)"""
        ).collect()
        assert [tables.local_path(row[0]) for row in found] == [orphan]
        orphan.unlink()


def test_the_lines_of_the_documents(
    odd: Catalogue, make_site: Callable[[Base], Site], web_duck: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """As they stand there, with the site's address."""
    site = make_site(odd.base)
    site.publish()
    text = (PROJECT / "docs" / "format.md").read_text(encoding="utf-8")
    section = text.split("\n## Published trees\n")[1].split("\n## ")[0]
    blocks = dict(re.findall(r"^```(\w+)\n(.*?)^```$", section, re.MULTILINE | re.DOTALL))
    address = f"https://data.example.org/velocity/{FOLDER}"
    assert all(address in blocks[language] for language in ("sql", "python", "js"))
    rows = sum(tables.fanned_out(odd.base).values())

    statements = blocks["sql"].replace(address, site.table).replace("install iceberg; ", "").split(";")
    answer = None
    for statement in filter(str.strip, statements):
        answer = web_duck.execute(statement).fetchall()
    assert answer == [(rows,)]

    require_module("aiohttp")
    example = blocks["python"].replace(address, site.table) + "\nprint(len(rows))\n"
    done = subprocess.run(
        [sys.executable, "-c", example], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.stdout.split() == [str(rows)], done.stderr

    node, _script, modules, _url = web_readers.icebird_command(site.table)
    script = tmp_path / "read.mjs"
    (tmp_path / "node_modules").symlink_to(modules)
    script.write_text(blocks["js"].replace(address, site.table) + "\nconsole.log(rows.length)\n")
    done = subprocess.run([node, script], capture_output=True, text=True, check=False, timeout=120)
    assert done.stdout.split() == [str(rows)], done.stderr
