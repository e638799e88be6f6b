"""Items in private buckets of a real S3 server, fetched with signed requests."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from harness import archives, tables
from harness.archives import Archive
from harness.fault_proxy import Rule, fault_proxy
from harness.odd_items import make_item, point
from harness.program import Base, Program
from harness.requirement import PROJECT, require

BUCKETS = ("first-bucket", "other.bucket")
PER_BUCKET = 40


@dataclass(frozen=True)
class S3:
    """A server over a folder, in which each folder is a bucket."""

    url: str
    access_key: str
    secret_key: str
    root: Path

    @property
    def environment(self) -> dict[str, str]:
        """What makes a program use it, and nothing else of AWS's settings."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        return {
            **clean,
            "AWS_ENDPOINT_URL": self.url,
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
        }


def find_versitygw() -> str | None:
    built = PROJECT / "build" / "bin" / "versitygw"
    named = os.environ.get("EARTHCATALOG_VERSITYGW")
    return named or shutil.which("versitygw") or (str(built) if built.exists() else None)


def wait_for(port: int) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise RuntimeError("versitygw did not start")


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3]:
    program = require(find_versitygw(), "the S3 server versitygw (EARTHCATALOG_VERSITYGW, PATH or build/bin)")
    root = tmp_path_factory.mktemp("s3")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [program, "--port", f"127.0.0.1:{port}", "--access", "user", "--secret", "hidden-key"]
    server = subprocess.Popen(
        [*command, "--quiet", "posix", root], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        wait_for(port)
        yield S3(f"http://127.0.0.1:{port}", "user", "hidden-key", root)
    finally:
        server.terminate()
        server.wait(10)


@pytest.fixture(scope="module")
def stored(s3: S3) -> Archive:
    """Items in two buckets, under keys that a signature must have escaped."""
    for bucket in BUCKETS:
        folder = s3.root / bucket / "grid=1" / "a b+c:d"
        folder.mkdir(parents=True)
        for number in range(PER_BUCKET):
            item = make_item(f"{bucket}-{number}", point(number, 1), collection=bucket)
            (folder / f"{number:03d}~é.stac.json").write_text(json.dumps(item))
    return archives.read_folder(s3.root, ".stac.json")


def test_d15_d16_private_buckets_are_read_with_the_environments_credentials(
    program: Program, s3: S3, stored: Archive, base: Base, tmp_path: Path
) -> None:
    report = program.ingest(stored.csv(tmp_path / "inventory.csv"), base, env=s3.environment)
    assert report["items_processed"] == 2 * PER_BUCKET, report["first_failures"]
    assert tables.item_keys(base) == {archives.key_of(item) for item in stored.items}


def test_without_credentials_private_items_are_quarantined(
    program: Program, s3: S3, stored: Archive, base: Base, tmp_path: Path
) -> None:
    nothing = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_EC2_METADATA_DISABLED": "true"}
    environment = {**s3.environment, **nothing, "HOME": str(tmp_path)}
    report = program.ingest(stored.csv(tmp_path / "inventory.csv"), base, code=1, env=environment)
    assert report["quarantined_by_kind"] == {"http_403": 2 * PER_BUCKET}


def test_a_wrong_secret_is_refused_and_not_shown(
    program: Program, s3: S3, stored: Archive, base: Base, tmp_path: Path
) -> None:
    environment = {**s3.environment, "AWS_SECRET_ACCESS_KEY": "hidden-wrong-key"}
    inventory = stored.csv(tmp_path / "inventory.csv")
    done = program.run("incremental", "--inventory", inventory, *base.flags, "--json", env=environment)
    assert done.returncode == 1
    assert "http_403" in done.stdout
    assert "hidden" not in done.stdout + done.stderr


def test_signatures_hold_through_a_bad_network(
    program: Program, s3: S3, stored: Archive, base: Base, tmp_path: Path
) -> None:
    rules = [
        Rule(["internal_error", "slow_down", "reset", "reset_midway", "truncate", "lost_answer"], rate=0.2)
    ]
    with fault_proxy(s3.url, rules, seed=5) as proxy:
        environment = {**s3.environment, "AWS_ENDPOINT_URL": proxy.url}
        report = program.ingest(stored.csv(tmp_path / "inventory.csv"), base, env=environment)
    assert report["items_processed"] == 2 * PER_BUCKET, report["first_failures"]
    assert proxy.broken.total() >= 5
