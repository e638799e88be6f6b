"""What `earthcatalog export` gives: the items as they were, each once."""

import json
import os
import random
import signal
import subprocess
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from harness import archives, expected, tables
from harness.archives import Archive, Item, ItemKey, key_of
from harness.holds import hold_opens
from harness.odd_items import make_item, point, polygon, rectangle
from harness.program import Argument, Base, Catalogue, Program

WriteArchive = Callable[[Iterable[Item]], Archive]


def exported(program: Program, base: Base, *flags: Argument) -> list[Item]:
    done = program.run("export", base.path, *flags)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def check_items(found: list[Item], sources: list[Item]) -> None:
    """Each (collection, id) of the sources once, equal as a JSON value to a source of it."""
    by_key = expected.group_by_key(sources)
    assert len(found) == len(by_key)
    for item in found:
        assert item in by_key[key_of(item)], key_of(item)
    assert {key_of(item) for item in found} == set(by_key)


def test_generated_odd_and_real_items_come_back_as_they_were(program: Program, mixed: Catalogue) -> None:
    check_items(exported(program, mixed.base), mixed.items)


def test_each_real_collection_alone(program: Program, collections: dict[str, Catalogue]) -> None:
    for catalogue in collections.values():
        check_items(exported(program, catalogue.base), catalogue.items)


@pytest.mark.parametrize("threads", [1, 4])
def test_real_items_in_any_order(program: Program, corpus: Archive, base: Base, threads: int) -> None:
    rows = random.Random(threads).sample(corpus.rows, len(corpus.rows))
    archive = Archive(corpus.folder, rows, corpus.suffix)
    program.ingest_archive(archive, base, "--threads", threads, "--chunk-size", 100)
    check_items(exported(program, base), archive.items)


def test_a_feature_collection(program: Program, mixed: Catalogue, tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "items.json"
    done = program.run("export", mixed.base.path, "--format", "stac-json", "--output", path)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    collection = json.loads(path.read_bytes())
    assert collection["type"] == "FeatureCollection"
    check_items(collection["features"], mixed.items)
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_ids_choose_items_of_every_collection(program: Program, corpus: Archive, base: Base) -> None:
    inventory = corpus.csv(base.path.parent / "inventory.csv")
    program.ingest(inventory, base, "--source", corpus.folder, "--suffix", corpus.suffix)
    collections: dict[str, set[ItemKey]] = defaultdict(set)
    for item in corpus.items:
        collections[item["id"]].add(key_of(item))
    shared = next(id_ for id_, keys in collections.items() if len(keys) > 1)
    wanted = [shared, corpus.items[0]["id"]]
    found = exported(program, base, "--ids", *wanted)
    check_items(found, [item for item in corpus.items if item["id"] in wanted])


def test_ids_that_are_not_there_are_named(program: Program, demo: Catalogue) -> None:
    known = demo.items[0]["id"]
    done = program.run("export", demo.base.path, "--ids", "zzz", known, "no such item")
    assert done.returncode == 1
    assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == [known]
    assert done.stderr == "earthcatalog: 2 of the ids are not in the table: no such item, zzz\n"


@pytest.mark.parametrize("format_", ["ndjson", "stac-json", "parquet"])
def test_danger_an_export_of_nothing_replaces_a_file(
    program: Program, demo: Catalogue, tmp_path: Path, format_: str
) -> None:
    path = tmp_path / "items"
    path.write_text("before")
    flags = ["--format", format_, "--output", path]
    done = program.run("export", demo.base.path, *flags, "--ids", "zzz", "no such item", "zzz")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "earthcatalog: none of the 2 ids is in the table: no such item, zzz\n"
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == {"items": "before"}
    done = program.run("export", demo.base.path, *flags, "--ids", "zzz")
    assert (done.returncode, done.stderr) == (1, "earthcatalog: the id is not in the table: zzz\n")
    done = program.run("export", demo.base.path, *flags[:2], "--ids", *map(str, range(100, 112)))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.endswith("in the table: 100, 101, 102, 103, 104, 105, 106, 107, 108, 109 and 2 more\n")


def test_danger_an_export_takes_the_place_of_a_device_or_a_link(
    program: Program, demo: Catalogue, tmp_path: Path
) -> None:
    whole = program.run("export", demo.base.path).stdout
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "target")
    for _ in range(2):  # to nothing, and to a file
        assert program.run("export", demo.base.path, "--output", link).returncode == 0
        assert link.is_symlink()
        assert (tmp_path / "target").read_text() == whole

    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    copy = tmp_path / "copy"
    with copy.open("w") as output, subprocess.Popen(["cat", pipe], stdout=output) as reader:
        assert program.run("export", demo.base.path, "--output", pipe).returncode == 0
        assert reader.wait(30) == 0
    assert copy.read_text() == whole
    assert pipe.is_fifo()

    # A link to a pipe that has no name.
    assert program.run("export", demo.base.path, "--output", "/dev/stdout").stdout == whole
    assert {path.name for path in tmp_path.iterdir()} == {"link", "target", "pipe", "copy"}
    done = program.run("export", demo.base.path, "--output", tmp_path)
    assert done.returncode == 2
    assert "it is a directory" in done.stderr


@pytest.mark.parametrize("format_", ["ndjson", "stac-json", "parquet"])
def test_danger_an_export_that_fails_replaces_a_file(
    program: Program, corpus: Archive, base: Base, tmp_path: Path, format_: str
) -> None:
    program.ingest_archive(Archive(corpus.folder, corpus.rows[:60], corpus.suffix), base)
    damaged = max(base.parquet_files())
    damaged.write_bytes(damaged.read_bytes()[:-4])
    path = tmp_path / "new" / "items"
    path.parent.mkdir()
    path.write_text("before")
    done = program.run("export", base.path, "--format", format_, "--output", path)
    assert done.returncode == 1
    assert damaged.name in done.stderr
    assert {file.name: file.read_text() for file in path.parent.iterdir()} == {"items": "before"}


def version(updated: str | None, title: str, *, where: tuple[float, float] = (10, 20)) -> Item:
    item = make_item("item", point(*where))
    item["properties"]["title"] = title
    if updated is not None:
        item["properties"]["updated"] = updated
    return item


@pytest.mark.parametrize(
    ("versions", "newest"),
    [
        ([version("2020-01-01T00:00:00Z", "a"), version("2021-01-01T00:00:00Z", "b")], "b"),
        ([version("2021-01-01T00:00:00Z", "a"), version("2020-01-01T00:00:00Z", "b")], "a"),
        ([version(None, "a"), version(None, "b")], "b"),
        ([version("2020-01-01T00:00:00Z", "a"), version(None, "b")], "a"),
        # In another cell, so in another file.
        ([version("2021-01-01T00:00:00Z", "a"), version("2020-01-01T00:00:00Z", "b", where=(-60, 5))], "a"),
    ],
)
def test_the_newest_version_is_the_item(
    program: Program, base: Base, tmp_path: Path, versions: list[Item], newest: str
) -> None:
    for number, item in enumerate(versions):
        archive = archives.write_items(tmp_path / str(number), [item])
        inventory = archive.csv(tmp_path / f"{number}.csv")
        program.ingest(inventory, base, "--source", archive.folder, "--again")
    check_items(exported(program, base), [item for item in versions if item["properties"]["title"] == newest])


@pytest.mark.parametrize(
    "flags",
    [(), ("--chunk-size", 20), ("--chunk-size", 20, "--batch-add-files")],
    ids=["one chunk", "commits", "chunks of one commit"],
)
def test_danger_of_versions_in_one_commit_that_no_date_tells_apart(
    program: Program, base: Base, tmp_path: Path, flags: tuple[Argument, ...]
) -> None:
    """The last row of the inventory is the item, whichever files, cells and years its versions are in."""
    dice = random.Random(23)
    versions = []
    for number in range(300):
        west = dice.choice([-60, 5, 8])
        item = make_item(f"item-{dice.randrange(100)}", polygon(rectangle(west, 10, west + 14, 20)))
        item["properties"] |= {
            "title": str(number),
            "platform": dice.choice(["S1A", "S1B"]),
            "datetime": dice.choice(["2019-06-01T00:00:00Z", "2020-01-01T00:00:00Z", "2020-02-01T00:00:00Z"]),
        }
        if dice.random() < 0.2:
            item["properties"]["updated"] = dice.choice(["2021-01-01T00:00:00Z", "2022-01-01T00:00:00Z"])
        versions.append(item)
    archive = archives.write_items(tmp_path / "archive", versions)
    program.ingest(archive.csv(tmp_path / "inventory.csv"), base, "--source", archive.folder, *flags)
    newest: dict[ItemKey, Item] = {}
    for item in versions:
        held = newest.setdefault(key_of(item), item)
        if item["properties"].get("updated", "") >= held["properties"].get("updated", ""):
            newest[key_of(item)] = item
    found = {key_of(item): item["properties"]["title"] for item in exported(program, base)}
    assert found == {key: item["properties"]["title"] for key, item in newest.items()}


@pytest.mark.parametrize("where", [(10.0, 20.0), (-60.0, 5.0)], ids=["same file", "another file"])
@pytest.mark.parametrize("year", [2018, 2020, 2022])
def test_danger_of_two_versions_without_updated_in_one_commit(
    program: Program, base: Base, tmp_path: Path, where: tuple[float, float], year: int
) -> None:
    versions = [version(None, "first"), version(None, "last", where=where)]
    versions[1]["properties"]["datetime"] = f"{year}-03-01T00:00:00Z"
    archive = archives.write_items(tmp_path / "archive", versions)
    program.ingest(archive.csv(tmp_path / "inventory.csv"), base, "--source", archive.folder)
    check_items(exported(program, base), versions[1:])


def test_a_stopped_export_leaves_no_file(program: Program, mixed: Catalogue, tmp_path: Path) -> None:
    """It is held at each data file, so it cannot come to its end before it hears of the signal."""
    folder = tmp_path / "output"
    assert len(tables.data_files(tables.load(mixed.base))) > 100
    with hold_opens(".parquet", tmp_path) as hold:
        flags = ("--output", folder / "items.ndjson")
        started = program.start("export", mixed.base.path, *flags, env=hold.environment)
        try:
            for _ in range(2):  # so it is among its files
                assert hold.let_one(started)
            (hidden,) = folder.iterdir()
            assert hidden.name.startswith(".tmp-")
            started.send_signal(signal.SIGINT)
            # It looks for a signal more often than it is let go on here; there are more files than that.
            held = [hold.let_one(started) for _ in range(60) if not ended_within(started, 0.5)]
            assert len(held) < 60, "it does not heed the signal"
            _, errors = started.communicate(timeout=60)
        finally:
            started.kill()
            started.communicate()
    assert started.returncode == 1
    assert errors.splitlines()[-1] == "earthcatalog: interrupted"
    assert list(folder.iterdir()) == []


def ended_within(process: subprocess.Popen[str], seconds: float) -> bool:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def test_an_output_that_cannot_be_is_one_clear_line(
    program: Program, demo: Catalogue, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    done = program.run("export", demo.base.path, "--output", tmp_path / "file" / "items.ndjson")
    assert done.returncode == 1
    assert done.stderr.startswith(f"earthcatalog: cannot write file://{tmp_path}/file/items.ndjson")
    assert done.stderr.count("\n") == 1
