"""`earthcatalog demo`: what it replaces, what it leaves alone, what it finds."""

import json
import os
import re
import signal
import socket
import time
from pathlib import Path

import pytest
import shapely
import shapely.geometry
from harness import archives, expected, tables
from harness.archives import Archive, Item
from harness.program import Base, Program

MARKER = ".earthcatalog-demo"


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_real_catalogue_is_not_a_demo_to_replace(program: Program, archive: Archive, base: Base) -> None:
    """What a demo makes has the names that every catalogue's parts have."""
    inventory = archive.head(5).csv(base.path.parent / "inventory.csv")
    program.ingest(inventory, base, "--source", archive.folder)
    (base.path / "archive").mkdir()
    (base.path / "archive" / "kept.txt").write_text("precious")
    before = contents(base.path)
    done = program.run("demo", base.path, "--items", 5)
    assert done.returncode == 2
    assert re.search(r"holds '.*', which no demo made", done.stderr)
    assert done.stderr.count("\n") == 1
    assert contents(base.path) == before


def test_what_else_lies_in_a_demo_s_folder_is_not_removed(program: Program, base: Base) -> None:
    assert program.run("demo", base.path, "--items", 5).returncode == 0
    assert (base.path / MARKER).read_text()
    (base.path / "notes.txt").write_text("precious")
    before = contents(base.path)
    done = program.run("demo", base.path, "--items", 6)
    assert done.returncode == 2
    assert "'notes.txt'" in done.stderr
    assert contents(base.path) == before


def test_an_empty_folder_becomes_a_demo(program: Program, base: Base) -> None:
    base.path.mkdir()
    assert program.run("demo", base.path, "--items", 5).returncode == 0
    assert len(tables.item_keys(base)) == 5


def test_the_demo_after_one_that_was_killed(program: Program, base: Base) -> None:
    process = program.start("demo", base.path, "--items", 3000)
    while not base.lock.exists():
        assert process.poll() is None, process.communicate()
        time.sleep(0.001)
    process.kill()
    process.communicate()
    assert base.lock.exists()
    done = program.run("demo", base.path, "--items", 5)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(tables.item_keys(base)) == 5
    assert not base.lock.exists()


def test_a_demo_that_somebody_works_in_is_not_replaced(program: Program, base: Base) -> None:
    assert program.run("demo", base.path, "--items", 5).returncode == 0
    holder = {
        "owner": "incremental",
        "pid": os.getpid(),
        "hostname": socket.gethostname(),
        "acquired": "2000-01-01T00:00:00Z",
        "token": "theirs",
    }
    base.lock.write_text(json.dumps(holder))
    before = contents(base.path)
    done = program.run("demo", base.path, "--items", 6)
    assert done.returncode == 3
    assert "locked by 'incremental'" in done.stderr
    assert contents(base.path) == before


@pytest.mark.parametrize(
    ("flag", "value"),
    [("--items", "-1"), ("--items", "1e3"), ("--items", "10000001"), ("--items", "18446744073709551616"),
     ("--seed", "-1"), ("--seed", "one")],
)  # fmt: skip
def test_no_archive_of_a_number_that_is_none(program: Program, base: Base, flag: str, value: str) -> None:
    """-1 item would be 18446744073709551615, and fill the disk."""
    done = program.run("demo", base.path, f"{flag}={value}", timeout=20)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert value in done.stderr
    assert not base.path.exists()


def test_ctrl_c_ends_the_making_of_the_archive(program: Program, base: Base) -> None:
    process = program.start("demo", base.path, "--items", 10_000_000)
    while not (base.path / "archive" / "synthetic-archive").exists():
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _output, errors = process.communicate(timeout=10)
    assert process.returncode == 1
    assert errors == "earthcatalog: interrupted\n"
    assert not (base.path / "archive" / "inventory.csv").exists()
    assert not base.lock.exists()


# As the demo says it: "Search: box -45,62 to -30,70, years 2015-2024".
SEARCH = re.compile(
    r"Search: box ([-\d]+),([-\d]+) to ([-\d]+),([-\d]+), years (\d+)-(\d+)\n +([\d,]+) items"
)


def meets(item: Item, west: int, south: int, east: int, north: int) -> bool:
    """Whether the item's bbox, or that of its geometry, meets the box."""
    bounds = expected.box(item) or shapely.geometry.shape(item["geometry"]).bounds
    xmin, ymin, xmax, ymax = bounds
    spans = [(xmin, xmax)] if xmin <= xmax else [(xmin, 180), (-180, xmax)]
    return ymin <= north and ymax >= south and any(a <= east and b >= west for a, b in spans)


def test_the_demo_s_search_finds_what_a_full_scan_finds(program: Program, base: Base) -> None:
    """Nothing that touches the box is missing, nothing else is there: by shapely, from the items' JSON."""
    done = program.run("demo", base.path, "--items", 4000, "--seed", 11)
    assert done.returncode == 0, done.stderr
    match = SEARCH.search(done.stdout)
    assert match
    west, south, east, north, first_year, last_year = map(int, match.groups()[:6])
    count = int(match[7].replace(",", ""))
    box = shapely.box(west, south, east, north)
    items = archives.read_generated(base.path / "archive").items
    must: dict[str, str] = {}
    may: dict[str, str] = {}
    for item in items:
        instant = expected.instant(item["properties"]["datetime"])
        if item["geometry"] is None or instant is None or not first_year <= instant.year <= last_year:
            continue
        when = item["properties"]["datetime"]
        if meets(item, west, south, east, north):
            may[item["id"]] = when
        if shapely.intersects(shapely.geometry.shape(item["geometry"]), box):
            must[item["id"]] = when
    assert set(must) <= set(may)
    assert len(must) >= 10, "the search would show nothing"
    assert len(must) <= count <= len(may)
    shown = re.findall(r"^  (\d{4}-\S+) +\S+ +(\S+)$", done.stdout[match.end() :], re.MULTILINE)
    assert len(shown) == 5
    ids = [identifier for _, identifier in shown]
    times = [expected.instant(when) for when, _ in shown]
    assert times == sorted(times, key=str)
    for when, identifier in shown:
        assert expected.instant(may[identifier]) == expected.instant(when)
    passed_by = {
        identifier
        for identifier, when in must.items()
        if str(expected.instant(when)) < str(times[-1]) and identifier not in ids
    }
    assert passed_by == set()
    assert re.search(r"(\d+) of ([\d,]+) files read", done.stdout)
