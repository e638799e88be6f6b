"""Items in private buckets of a real S3 server, fetched with signed requests."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from harness import archives, s3, tables
from harness.archives import Archive
from harness.fault_proxy import Rule, fault_proxy
from harness.odd_items import make_item, point
from harness.program import Base, Program
from harness.s3 import S3Server

BUCKETS = ("first-bucket", "other.bucket")
PER_BUCKET = 40


@pytest.fixture(scope="module")
def stored(gateway: S3Server, tmp_path_factory: pytest.TempPathFactory) -> Archive:
    """Items in two buckets, under keys that a signature must have escaped."""
    copies = tmp_path_factory.mktemp("stored")
    for name in BUCKETS:
        bucket = gateway.new_bucket(name)
        (copies / name / "grid=1" / "a b+c:d").mkdir(parents=True)
        for number in range(PER_BUCKET):
            item = json.dumps(make_item(f"{name}-{number}", point(number, 1), collection=name))
            key = f"grid=1/a b+c:d/{number:03d}~é.stac.json"
            (copies / name / key).write_text(item)
            bucket.put(key, item.encode())
    return archives.read_folder(copies, ".stac.json")


def check_comes_in(program: Program, server: S3Server, stored: Archive, base: Base, inventory: Path) -> None:
    report = program.ingest(inventory, base, env=s3.environment(server))
    assert report["items_processed"] == 2 * PER_BUCKET, report["first_failures"]
    assert tables.item_keys(base) == {archives.key_of(item) for item in stored.items}


def test_d15_d16_private_buckets_are_read_with_the_environments_credentials(
    program: Program, gateway: S3Server, stored: Archive, base: Base, tmp_path: Path
) -> None:
    check_comes_in(program, gateway, stored, base, stored.csv(tmp_path / "inventory.csv"))


def test_without_credentials_private_items_are_quarantined(
    program: Program, gateway: S3Server, stored: Archive, base: Base, tmp_path: Path
) -> None:
    nothing = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_EC2_METADATA_DISABLED": "true"}
    environment = {**s3.environment(gateway), **nothing, "HOME": str(tmp_path)}
    report = program.ingest(stored.csv(tmp_path / "inventory.csv"), base, code=1, env=environment)
    assert report["quarantined_by_kind"] == {"http_403": 2 * PER_BUCKET}


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"secret_key": "hidden-wrong-key"}, "SignatureDoesNotMatch"),
        ({"access_key": "AKIAHIDDENHIDDENHIDD"}, "XAdminUserNotFound"),
    ],
)
def test_wrong_credentials_fail_no_row(
    program: Program,
    gateway: S3Server,
    stored: Archive,
    base: Base,
    tmp_path: Path,
    wrong: dict[str, str],
    code: str,
) -> None:
    inventory = stored.csv(tmp_path / "inventory.csv")
    command = ["incremental", "--inventory", inventory, *base.flags, "--json"]
    done = program.run(*command, env=s3.environment(replace(gateway, **wrong)))
    assert done.returncode == 1
    assert f"refuses the credentials: {code}" in done.stderr
    assert "hidden" not in (done.stdout + done.stderr).lower()
    assert json.loads(done.stdout)["items_quarantined"] == 0
    assert not base.path.exists(), "a first run that is refused leaves nothing"
    check_comes_in(program, gateway, stored, base, inventory)


def test_signatures_hold_through_a_bad_network(
    program: Program, gateway: S3Server, stored: Archive, base: Base, tmp_path: Path
) -> None:
    faults = ["internal_error", "slow_down", "reset", "reset_midway", "truncate", "lost_answer"]
    with fault_proxy(gateway.url, [Rule(faults, rate=0.2)], seed=5) as proxy:
        server = replace(gateway, url=proxy.url)
        check_comes_in(program, server, stored, base, stored.csv(tmp_path / "inventory.csv"))
    assert proxy.broken.total() >= 5
