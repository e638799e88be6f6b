"""What cannot be catalogued is kept by name, and taken up again when it is mended."""

import datetime as dt
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from harness import tables, web
from harness.archives import Archive, Item
from harness.odd_items import make_item, point
from harness.program import Base, Program

# Key, what is in its place, the kind of failure.
BROKEN: list[tuple[str, bytes | None, str]] = [
    ("000001.stac.json", None, "not_found"),
    ("000002.stac.json", b'{"type": "Feature", ', "invalid_json"),
    ("000003.stac.json", b"", "invalid_json"),
    ("000004.stac.json", b'{"hello": "world"}', "not_an_item"),
    ("000005.stac.json", b"[1, 2, 3]", "not_an_item"),
    ("000006.stac.json", b'{"type": "Collection", "id": "c", "stac_version": "1.0.0"}', "not_an_item"),
    ("000007.stac.json", b'{"id": "\xff\xfe"}', "invalid_json"),
]
COUNT = 12


def good_item(number: int) -> Item:
    return make_item(f"item-{number}", point(number, number), collection=None)


@pytest.fixture
def broken(write_archive: Callable[[Iterable[Item]], Archive]) -> Archive:
    archive = write_archive(good_item(number) for number in range(COUNT))
    for key, content, _kind in BROKEN:
        path = archive.folder / "items" / key
        path.unlink()
        if content is not None:
            path.write_bytes(content)
    return archive


def mend(archive: Archive, keys: Iterable[str]) -> None:
    for key in keys:
        item = good_item(int(key.split(".")[0]))
        (archive.folder / "items" / key).write_text(json.dumps(item))


def quarantined(base: Base) -> list[dict[str, Any]]:
    files = sorted(base.failed.glob("*.parquet"))
    return [row for file in files for row in pq.read_table(file).to_pylist()]


def retried_files(base: Base) -> list[list[str]]:
    """The quarantine files that each snapshot names as done, oldest first."""
    summaries = [snapshot.summary for snapshot in tables.load(base).metadata.snapshots]
    lists = [summary["earthcatalog.retried-quarantine"] for summary in summaries if summary]
    return [json.loads(names) for names in lists if names]


def check_quarantine(base: Base, report: dict[str, Any]) -> None:
    kinds = {key: kind for key, _content, kind in BROKEN}
    rows = quarantined(base)
    assert {row["key"]: row["kind"] for row in rows} == kinds
    for row in rows:
        assert row["bucket"] == "items"
        assert row["error"].startswith(f"{row['kind']}: ")
        assert "\n" not in row["error"]
        assert abs(dt.datetime.now(dt.UTC) - row["timestamp"]) < dt.timedelta(minutes=10)
    for file in base.failed.glob("*.parquet"):
        assert pq.read_schema(file).equals(
            pa.schema(
                {
                    **dict.fromkeys(("bucket", "key", "error", "kind"), pa.string()),
                    "timestamp": pa.timestamp("us", tz="UTC"),
                    "last_modified_date": pa.timestamp("us", tz="UTC"),
                }
            )
        )
    assert sorted(report["quarantine_files"]) == sorted(map(base.name_of, base.failed.glob("*.parquet")))
    assert report["quarantined_by_kind"] == {
        kind: list(kinds.values()).count(kind) for kind in set(kinds.values())
    }
    assert report["items_processed"] == COUNT - len(BROKEN)
    assert {id_ for _, id_ in tables.item_keys(base)} == {
        f"item-{number}" for number in range(COUNT) if number not in range(1, len(BROKEN) + 1)
    }


def test_failures_are_kept_and_named(program: Program, base: Base, broken: Archive, tmp_path: Path) -> None:
    inventory = broken.csv(tmp_path / "inventory.csv")
    check_quarantine(base, program.ingest(inventory, base, "--source", broken.folder, code=1))


def test_failures_from_a_web_server(program: Program, base: Base, broken: Archive, tmp_path: Path) -> None:
    inventory = broken.csv(tmp_path / "inventory.csv")
    with web.serve(broken.folder) as url:
        check_quarantine(base, program.ingest(inventory, base, "--source", url, code=1))


def test_summary_names_kinds_and_files(program: Program, base: Base, broken: Archive, tmp_path: Path) -> None:
    inventory = broken.csv(tmp_path / "inventory.csv")
    done = program.run("incremental", "--inventory", inventory, "--source", broken.folder, *base.flags)
    assert (done.returncode, done.stderr) == (1, "")
    words = [line.split() for line in done.stdout.splitlines()]
    assert ["quarantined", str(len(BROKEN))] in words
    assert ["not_found", "1"] in words
    assert "items/000001.stac.json" in done.stdout
    (file,) = base.failed.glob("*.parquet")
    assert base.name_of(file) in done.stdout


def test_retry_takes_up_what_was_mended(
    program: Program, base: Base, broken: Archive, tmp_path: Path
) -> None:
    source = ("--source", broken.folder)
    program.ingest(broken.csv(tmp_path / "inventory.csv"), base, *source, code=1)
    keys = [key for key, _content, _kind in BROKEN]

    mend(broken, keys[:3])
    report = program.ingest(None, base, *source, "--retry-failed", code=1)
    assert report["inventory"]["rows"] == len(BROKEN)
    assert (report["items_processed"], report["items_quarantined"]) == (3, len(BROKEN) - 3)
    assert sorted(row["key"] for row in quarantined(base)) == keys[3:]

    mend(broken, keys)
    report = program.ingest(None, base, *source, "--retry-failed")
    assert report["items_processed"] == len(BROKEN) - 3
    assert list(base.failed.glob("*")) == []
    found = tables.fanned_out(base)
    assert {id_ for _, id_, _ in found} == {f"item-{number}" for number in range(COUNT)}
    assert set(found.values()) == {1}

    assert program.ingest(None, base, *source, "--retry-failed")["inventory"]["rows"] == 0
    assert tables.fanned_out(base) == found


def test_a_retry_of_a_catalogue_that_is_not_there_makes_none(program: Program, tmp_path: Path) -> None:
    mistyped = Base(tmp_path / "mistyped")
    done = program.run("incremental", *mistyped.flags, "--retry-failed")
    assert done.returncode == 1, done.stderr
    assert f"there is no catalog {mistyped.db}" in done.stderr
    assert not mistyped.path.exists()


def test_retry_then_the_inventory(program: Program, base: Base, broken: Archive, tmp_path: Path) -> None:
    source = ("--source", broken.folder)
    first, rest = broken.head(8), Archive(broken.folder, broken.rows[8:])
    program.ingest(first.csv(tmp_path / "first.csv"), base, *source, code=1)
    mend(broken, [key for key, _content, _kind in BROKEN])
    program.ingest(rest.csv(tmp_path / "rest.csv"), base, *source, "--retry-failed")
    found = tables.fanned_out(base)
    assert {id_ for _, id_, _ in found} == {f"item-{number}" for number in range(COUNT)}
    assert set(found.values()) == {1}


def test_a_row_that_failed_twice_is_retried_once(
    program: Program, base: Base, broken: Archive, tmp_path: Path
) -> None:
    inventory = broken.csv(tmp_path / "inventory.csv")
    broken_rows = [row for row in broken.rows if row.key in {key for key, _c, _k in BROKEN}]
    inventory = Archive(broken.folder, broken_rows).csv(tmp_path / "again.csv")
    for _ in range(2):
        program.ingest(inventory, base, "--source", broken.folder, "--again", code=1)
    mend(broken, [key for key, _content, _kind in BROKEN])
    report = program.ingest(None, base, "--source", broken.folder, "--retry-failed")
    assert report["items_processed"] == len(BROKEN)
    assert set(tables.fanned_out(base).values()) == {1}
    assert quarantined(base) == []


def test_a_retried_row_of_the_inventory_is_catalogued_once(
    program: Program, base: Base, broken: Archive, tmp_path: Path
) -> None:
    """--retry-failed with the inventory again: its rows that came from the quarantine are passed over."""
    inventory = broken.csv(tmp_path / "inventory.csv")
    source = ("--source", broken.folder)
    program.ingest(inventory, base, *source, code=1)
    keys = [key for key, _content, _kind in BROKEN]
    mend(broken, keys)
    again = Archive(broken.folder, [row for row in broken.rows if row.key in keys]).csv(
        tmp_path / "again.csv"
    )
    report = program.ingest(again, base, *source, "--retry-failed")
    assert report["inventory"]["rows"] == 2 * len(BROKEN)
    assert report["inventory"]["skipped_retried"] == len(BROKEN)
    assert report["items_processed"] == len(BROKEN)
    assert set(tables.fanned_out(base).values()) == {1}


@pytest.mark.parametrize("flags", [(), ("--retry-failed",)], ids=["an ordinary run", "a retry"])
def test_a_death_between_commit_and_clean_up_catalogues_nothing_twice(
    program: Program, base: Base, broken: Archive, tmp_path: Path, flags: tuple[str, ...]
) -> None:
    source = ("--source", broken.folder)
    program.ingest(broken.csv(tmp_path / "inventory.csv"), base, *source, code=1)
    (file,) = base.failed.iterdir()
    content = file.read_bytes()
    mend(broken, [key for key, _content, _kind in BROKEN])
    program.ingest(None, base, *source, "--retry-failed")
    assert not file.exists()
    assert retried_files(base) == [[file.name]]

    file.parent.mkdir(exist_ok=True)
    file.write_bytes(content)  # as if the run had died before it removed the file
    staged = base.failed / "failed_0_0.parquet.staged"
    staged.write_bytes(b"what a killed run leaves")
    inventory = Archive(broken.folder, []).csv(tmp_path / "empty.csv")
    report = program.ingest(inventory, base, *source, *flags)
    assert report["inventory"]["rows"] == 0
    assert list(base.failed.glob("*")) == []
    assert set(tables.fanned_out(base).values()) == {1}


def test_a_quarantine_file_goes_with_the_commit_of_its_last_row(
    program: Program, base: Base, broken: Archive, tmp_path: Path
) -> None:
    """Also when that is the last commit, whichever thread is faster."""
    source = ("--source", broken.folder)
    inventory = broken.csv(tmp_path / "inventory.csv")
    for _ in range(2):
        program.ingest(inventory, base, *source, "--again", code=1)  # two files with the same rows
    mend(broken, [key for key, _content, _kind in BROKEN])
    names = sorted(file.name for file in base.failed.iterdir())
    program.ingest(None, base, *source, "--retry-failed", "--chunk-size", 1)
    assert list(base.failed.glob("*")) == []
    done = retried_files(base)
    assert names[0] in done[0], "its rows are the first"
    assert sorted(name for part in done for name in part) in (names, names[:1])


def test_a_name_that_is_not_utf_8_can_be_read_and_retried(
    program: Program, base: Base, broken: Archive, tmp_path: Path
) -> None:
    inventory = tmp_path / "inventory.csv"
    inventory.write_bytes(
        b"bucket,key\nitems,caf\xe9 100%.stac.json\nb\xff,0.stac.json\nitems,100%25.stac.json\n"
    )
    for start in (inventory, None):
        flags = () if start else ("--retry-failed",)
        report = program.ingest(start, base, "--source", broken.folder, *flags, code=1)
        assert report["quarantined_by_kind"] == {"not_utf8": 2, "not_found": 1}
        rows = {(row["bucket"], row["key"]): row["kind"] for row in quarantined(base)}
        assert rows == {
            ("items", "caf%E9%20100%25.stac.json"): "not_utf8",
            ("b%FF", "0.stac.json"): "not_utf8",
            ("items", "100%25.stac.json"): "not_found",
        }
        escaped = [file for file in base.failed.iterdir() if file.name.endswith("_escaped.parquet")]
        assert [pq.read_metadata(file).num_rows for file in escaped] == [2]


def test_nothing_but_failures_still_ends_well(
    program: Program, base: Base, broken: Archive, tmp_path: Path
) -> None:
    rows = [row for row in broken.rows if row.key == BROKEN[0][0]]
    inventory = Archive(broken.folder, rows).csv(tmp_path / "inventory.csv")
    report = program.ingest(inventory, base, "--source", broken.folder, code=1)
    assert (report["items_processed"], report["commits"]) == (0, 1), "the table says what is behind it"
    assert [row["key"] for row in quarantined(base)] == [BROKEN[0][0]]
    assert tables.item_keys(base) == set()


HOSTILE_KEYS = [
    "../../../etc/passwd.stac.json",
    "/etc/passwd.stac.json",
    "a/../../items/0.stac.json",
    "..",
    "a\0b",
]


@pytest.mark.parametrize("key", HOSTILE_KEYS)
def test_a_key_cannot_leave_its_source(program: Program, base: Base, tmp_path: Path, key: str) -> None:
    (tmp_path / "archive" / "items").mkdir(parents=True)
    outside = json.dumps(make_item("outside", point(0, 0)))
    (tmp_path / "items").mkdir()
    (tmp_path / "items" / "0.stac.json").write_text(outside)
    inventory = tmp_path / "inventory.parquet"
    pq.write_table(pa.table({"bucket": ["items"], "key": [key]}), inventory)
    report = program.ingest(inventory, base, "--source", tmp_path / "archive", "--suffix", "", code=1)
    refused = report["items_quarantined"] + report["inventory"]["malformed"]
    assert (refused, report["items_processed"]) == (1, 0)
