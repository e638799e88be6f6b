"""A bad network between the program and what it reads: nothing is lost, nothing comes twice.

EARTHCATALOG_FULL=1   20 seeds and 2,000 items instead of 3 and a few hundred, and requests that stall
"""

import json
import os
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from harness import tables, web
from harness.archives import Archive, Item
from harness.fault_proxy import READ_FAULTS, Rule, fault_proxy
from harness.odd_items import make_item, point
from harness.program import Argument, Base, Program

FULL = os.environ.get("EARTHCATALOG_FULL") == "1"
SEEDS = range(20 if FULL else 3)
ITEMS = 2_000 if FULL else 600
# The program waits 30 seconds for an answer that stalls.
FAULTS = [fault for fault in READ_FAULTS if FULL or fault != "stall"]


def ingest(program: Program, archive: Archive, base: Base, *flags: Argument, code: int = 0) -> dict[str, Any]:
    base.path.mkdir(parents=True, exist_ok=True)
    inventory = archive.csv(base.path.parent / f"{base.path.name}-inventory.csv")
    return program.ingest(inventory, base, *flags, code=code, timeout=1800)


@pytest.fixture(scope="module")
def part(archive: Archive) -> Archive:
    return archive.head(ITEMS)


@pytest.fixture(scope="module")
def undisturbed(
    program: Program, part: Archive, tmp_path_factory: pytest.TempPathFactory
) -> Counter[tuple[str | None, str, str]]:
    base = Base(tmp_path_factory.mktemp("undisturbed") / "base")
    program.ingest_archive(part, base)
    return tables.fanned_out(base)


@pytest.mark.timeout(1800 if FULL else 120)
@pytest.mark.parametrize("seed", SEEDS)
def test_d36_one_request_in_ten_broken_loses_and_doubles_nothing(
    program: Program,
    part: Archive,
    archive_url: str,
    undisturbed: Counter[tuple[str | None, str, str]],
    base: Base,
    seed: int,
) -> None:
    with fault_proxy(archive_url, [Rule(FAULTS, rate=0.1)], seed=seed) as proxy:
        report = ingest(program, part, base, "--source", proxy.url)
    assert report["items_processed"] == len(part.rows), report["first_failures"]
    assert tables.fanned_out(base) == undisturbed
    assert set(proxy.broken) == set(FAULTS)  # or this test has shown nothing
    assert report["requests_retried"] > len(part.rows) // 50


@pytest.mark.parametrize("fault", FAULTS)
def test_d36_half_of_the_requests_broken_in_one_way(
    program: Program, archive: Archive, archive_url: str, base: Base, fault: str
) -> None:
    few = archive.head(60)
    with fault_proxy(archive_url, [Rule([fault], rate=0.5)], seed=1) as proxy:
        report = ingest(program, few, base, "--source", proxy.url)
    assert report["items_processed"] == len(few.rows), report["first_failures"]
    assert proxy.broken[fault] > 10


def test_what_stays_bad_is_quarantined_by_name_and_comes_when_it_is_mended(
    program: Program, write_archive: Callable[[Iterable[Item]], Archive], base: Base, tmp_path: Path
) -> None:
    items = write_archive(make_item(f"item-{number}", point(number, number)) for number in range(30))
    folder = items.folder / "items"
    whole = {number: (folder / f"{number:06d}.stac.json").read_bytes() for number in (2, 3)}
    (folder / "000002.stac.json").write_text("<html><body>Service temporarily unavailable</body></html>")
    (folder / "000003.stac.json").write_text("")
    rules = [
        Rule(["forbidden"], rate=1, path="000004", in_a_row=1),
        Rule(["slow_down"], rate=1, path="000005", in_a_row=100),
        Rule(["truncate"], rate=1, path="000006", in_a_row=100),
        Rule(["internal_error", "reset", "reset_midway"], rate=0.1),
    ]
    with web.serve(items.folder) as url, fault_proxy(url, rules) as proxy:
        report = ingest(program, items, base, "--source", proxy.url, code=1)
        assert report["quarantined_by_kind"] == {
            "invalid_json": 2,
            "http_403": 1,
            "http_503": 1,
            "truncated": 1,
        }
        assert report["items_processed"] == 25
        for number, content in whole.items():
            (folder / f"{number:06d}.stac.json").write_bytes(content)
        report = program.ingest(None, base, "--source", url, "--retry-failed")
    assert report["items_processed"] == 5
    assert {id_ for _collection, id_ in tables.item_keys(base)} == {f"item-{number}" for number in range(30)}


def test_no_secret_in_the_source_is_shown(
    program: Program, archive: Archive, archive_url: str, base: Base, tmp_path: Path
) -> None:
    """Neither of a user in the URL nor of the environment, whatever goes wrong."""
    few = archive.head(40)
    inventory = few.csv(tmp_path / "inventory.csv")
    keys = {"AWS_ACCESS_KEY_ID": "hidden-id", "AWS_SECRET_ACCESS_KEY": "hidden-key"}
    rules = [Rule(["forbidden", "reset", "truncate", "internal_error"], rate=0.9, in_a_row=100)]
    with fault_proxy(archive_url, rules) as proxy:
        addresses = [proxy.url.replace("http://", "http://hidden-user:hidden-word@"), ""]
        for source in addresses:
            environment = {
                **os.environ,
                **keys,
                "AWS_SESSION_TOKEN": "hidden-token",
                "AWS_ENDPOINT_URL": proxy.url,
            }
            flags: list[Argument] = ["--source", source] if source else []
            done = program.run(
                *("incremental", "--inventory", inventory, *base.flags, "--json", "--again", *flags),
                env=environment,
            )
            assert done.returncode == 1
            assert json.loads(done.stdout)["items_quarantined"] > 0
            assert "hidden" not in done.stdout + done.stderr
    for path in base.path.rglob("*"):
        assert path.is_dir() or b"hidden" not in path.read_bytes(), path
