"""Fixtures of the tests that drive the program: tests/cli and tests/interop.

EARTHCATALOG_PROGRAM  the program; by default the one of `make build`
EARTHCATALOG_CORPUS   a folder of real items, <bucket>/<collection>/<id>.json
EARTHCATALOG_FULL=1   a larger generated archive
EARTHCATALOG_TEST_STORAGE=s3  catalogues lie in a real S3 server
CI=true               what is missing fails the test instead of skipping it
"""

import contextlib
import itertools
import os
import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest
from harness import archives, duckdb_session, s3, spark_session, tables, web
from harness.archives import Archive, Item
from harness.odd_items import ODD_ITEMS
from harness.program import Base, Catalogue, Program
from harness.requirement import PROJECT, missing, path_from_environment
from harness.s3 import S3Server

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

STORAGE = os.environ.get("EARTHCATALOG_TEST_STORAGE", "local")
SAMPLE_ITEMS = 20_000 if os.environ.get("EARTHCATALOG_FULL") == "1" else 3_000


@pytest.fixture(scope="session")
def program() -> Program:
    default = Path("build/release/src/earthcatalog/cli/earthcatalog")
    return Program(path_from_environment("EARTHCATALOG_PROGRAM", default, "the program"))


@pytest.fixture(scope="session")
def new_place(request: pytest.FixtureRequest) -> Iterator[Callable[[Path], Base]]:
    """Makes a place for a catalogue, with nothing there yet: a folder, or one of its name in a bucket."""
    if STORAGE == "local":
        yield Base
        return
    server: S3Server = request.getfixturevalue("gateway")
    assert server.folder
    numbers = itertools.count()

    def make(path: Path) -> Base:
        return s3.new_folder(server, f"place-{next(numbers)}", path.name)

    with pytest.MonkeyPatch.context() as patch:
        s3.set_environment(patch, server)
        patch.setenv(tables.BUCKETS, str(server.folder))
        yield make


@pytest.fixture
def base(tmp_path: Path, new_place: Callable[[Path], Base]) -> Base:
    return new_place(tmp_path / "base")


@pytest.fixture(scope="session")
def demo(program: Program, tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    """What `earthcatalog demo` makes."""
    folder = tmp_path_factory.mktemp("demo")
    done = program.run("demo", folder, "--items", SAMPLE_ITEMS)
    assert done.returncode == 0, done.stderr
    return Catalogue(Base(folder), archives.read_generated(folder / "archive").items)


@pytest.fixture(scope="session")
def archive(demo: Catalogue) -> Archive:
    """The generated archive."""
    return archives.read_generated(demo.base.path / "archive")


@pytest.fixture(scope="session")
def archive_url(archive: Archive) -> Iterator[str]:
    with web.serve(archive.folder) as url:
        yield url


@pytest.fixture(scope="session")
def gateway() -> Iterator[S3Server]:
    """An S3 server over a folder of its own."""
    with s3.versitygw() as server:
        yield server


@pytest.fixture(scope="session")
def duck(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb_session.connect(tmp_path_factory.mktemp("duckdb"))
    yield connection
    connection.close()


@pytest.fixture(scope="session")
def spark_process(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[SparkSession]":
    """Takes ten seconds to start; harness.spark_session makes a session of it for each catalogue."""
    with spark_session.running(tmp_path_factory.mktemp("spark")) as session:
        yield session


@pytest.fixture(scope="session")
def corpus() -> Archive:
    """Real items of many collections."""
    named = os.environ.get("EARTHCATALOG_CORPUS")
    folder = Path(named) if named else PROJECT.parent / "shared" / "corpus"
    if not folder.is_dir():
        missing(f"the corpus of real items: {folder} (EARTHCATALOG_CORPUS names another)")
    found = archives.read_folder(folder, ".json")
    assert found.rows, f"no items below {folder}"
    return found


@pytest.fixture(scope="session")
def odd_archive(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    return archives.write_items(tmp_path_factory.mktemp("odd") / "archive", ODD_ITEMS)


@pytest.fixture(scope="session")
def mixed(
    program: Program,
    archive: Archive,
    odd_archive: Archive,
    new_place: Callable[[Path], Base],
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
) -> Catalogue:
    """A table of everything, in several commits, its schema evolving: generated, odd and real items."""
    folder = tmp_path_factory.mktemp("mixed")
    base = new_place(folder)
    parts = [archive.head(600), odd_archive]
    with contextlib.suppress(pytest.skip.Exception):  # where it may be missing, the others do
        parts.append(request.getfixturevalue("corpus"))
    for part in parts:
        program.ingest_archive(part, base, "--chunk-size", 300)
    return Catalogue(base, [item for part in parts for item in part.items])


@pytest.fixture(scope="session")
def empty_commits(
    program: Program,
    archive: Archive,
    new_place: Callable[[Path], Base],
    tmp_path_factory: pytest.TempPathFactory,
) -> Catalogue:
    """A table of three commits, of which only the second has rows: all others failed."""
    folder = tmp_path_factory.mktemp("empty-commits")
    part = archive.head(30)
    copy = archives.write_items(folder / "archive", part.items)
    for row in (*copy.rows[:10], *copy.rows[20:]):
        (copy.folder / row.bucket / row.key).unlink()
    base = new_place(folder / "base")
    inventory = copy.csv(folder / "inventory.csv")
    program.ingest(inventory, base, "--source", copy.folder, "--chunk-size", 10, code=1)
    return Catalogue(base, part.items[10:20])


@pytest.fixture(scope="session")
def collections(
    program: Program, corpus: Archive, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Catalogue]:
    """Each collection of real items in a table of its own."""
    rows: dict[str, list[archives.Row]] = defaultdict(list)
    for row in corpus.rows:
        rows[f"{row.bucket}/{row.key.split('/')[0]}"].append(row)
    folder = tmp_path_factory.mktemp("collections")
    return {
        name: program.ingest_archive(Archive(corpus.folder, some, corpus.suffix), Base(folder / str(number)))
        for number, (name, some) in enumerate(rows.items())
    }


@pytest.fixture(scope="session")
def all_collections(program: Program, corpus: Archive, tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    """All real items in one table, in random order and several commits; of few files, which readers like."""
    rows = random.Random(7).sample(corpus.rows, len(corpus.rows))
    archive = Archive(corpus.folder, rows, corpus.suffix)
    base = Base(tmp_path_factory.mktemp("all"))
    return program.ingest_archive(archive, base, "--chunk-size", 170, "--h3-resolution", 0)


@pytest.fixture
def write_archive(tmp_path: Path) -> Callable[[Iterable[Item]], Archive]:
    """Makes an archive of items below the test's own folder."""
    return lambda items: archives.write_items(tmp_path / "archive", items)
