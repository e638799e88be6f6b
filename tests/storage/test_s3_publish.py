"""Publishing a table in S3: readers have the bucket's public address and nothing else."""

import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from harness import s3
from harness.archives import Archive
from harness.crashes import crash_at
from harness.program import Argument, Program
from harness.s3 import S3Base, S3Server
from harness.web_readers import Rows, by_icebird, by_pyiceberg

FOLDER = "earthcatalog/stac_items/_published"
NewBase = Callable[..., S3Base]


class PublicTable:
    """In a bucket that everybody may read."""

    def __init__(self, program: Program, base: S3Base, archive: Archive, folder: Path) -> None:
        self.program, self.base, self.archive, self.folder = program, base, archive, folder
        self.environment = s3.environment(base.bucket.server)
        self.prefix = f"{base.bucket.server.url}/{base.bucket.name}/{base.prefix}/warehouse"
        self.url = f"{self.prefix}/{FOLDER}"

    def run(self, *arguments: Argument, code: int = 0, **environment: str) -> dict[str, Any]:
        done = self.program.run(*arguments, "--json", env=self.environment | environment)
        assert done.returncode == code, done.stderr
        report: dict[str, Any] = json.loads(done.stdout) if code == 0 else {}
        return report

    def ingest(self, count: int) -> Rows:
        """The first so many items, and the rows of the table then."""
        inventory = self.archive.head(count).csv(self.folder / "inventory.csv")
        source = ("--source", self.archive.folder, "--h3-resolution", 0)
        self.run("incremental", "--inventory", inventory, *self.base.flags, *source)
        items = [json.loads(line) for line in self.export().splitlines()]
        assert len(items) == count
        self.publish()
        return by_pyiceberg(self.url)

    def export(self) -> str:
        return self.program.run("export", self.base.uri, env=self.environment).stdout

    @property
    def publish_command(self) -> list[Argument]:
        return ["publish", self.base.uri, "--url-prefix", self.prefix]

    def publish(self) -> dict[str, Any]:
        return self.run(*self.publish_command)

    def names(self) -> list[str]:
        return [key.rsplit("/", 1)[1] for key in self.base.list_keys(f"warehouse/{FOLDER}/")]


@pytest.fixture
def table(
    program: Program, gateway: S3Server, new_base: NewBase, archive: Archive, tmp_path: Path
) -> PublicTable:
    return PublicTable(program, new_base(gateway, public=True), archive, tmp_path)


def test_readers_have_the_address_alone(table: PublicTable) -> None:
    rows = table.ingest(20)
    assert {id_ for _collection, id_, _cell in rows} == {item["id"] for item in table.archive.items[:20]}
    assert by_icebird(table.url) == rows
    more = table.ingest(40)
    assert by_icebird(table.url) == by_pyiceberg(f"{table.url}/metadata/latest.metadata.json") == more
    assert table.run("expire", table.base.uri, "--older-than", "0s")["snapshots"]
    removed = table.run("clean", table.base.uri, "--older-than", "0s")["removed"]
    assert removed[0]["path"].endswith("/v1.metadata.json")
    assert by_icebird(table.url) == more
    pointers = ["latest.metadata.json", "v2.metadata.json", "version-hint.text"]
    assert sorted(name for name in table.names() if not name.endswith(".avro")) == pointers


def test_killed_at_every_request(table: PublicTable) -> None:
    old = table.ingest(20)
    inventory = table.archive.head(40).csv(table.folder / "inventory.csv")
    source = ("--source", table.archive.folder)
    table.run("incremental", "--inventory", inventory, *table.base.flags, *source)
    found: list[Rows] = []
    for number in range(1, 100):
        point = crash_at("send", "_published", count=number, after=True)
        preload = {name: value for name, value in point.items() if name.startswith(("CRASH_", "LD_"))}
        done = table.program.run(*table.publish_command, env=table.environment | preload)
        for place in ("", "/metadata/latest.metadata.json"):
            found.append(by_pyiceberg(table.url + place))
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL, done.stderr
        # Without it the next one reads what this one has left, one request more each time.
        table.run("clean", table.base.uri, "--older-than", "0s")
    else:
        pytest.fail("publishing has no end")
    new = found[-1]
    assert {item["id"] for item in table.archive.items[:40]} == {id_ for _collection, id_, _cell in new}
    assert all(rows in (old, new) for rows in found)
    assert found[0] == old
    assert number > 6
    assert by_icebird(table.url) == new
    table.run("clean", table.base.uri, "--older-than", "0s")
    assert by_icebird(table.url) == new
    assert len(table.names()) == 3 + 1 + 2, "and a list of two manifests"
