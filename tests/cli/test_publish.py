"""`earthcatalog publish`: one moment at which the new tree is there; and what it refuses.

EARTHCATALOG_FULL=1  after each kill the next publishing is looked at, too; otherwise after some
"""

import json
import os
import shutil
import signal
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from harness import tables, web
from harness.archives import Archive
from harness.crashes import crash_at
from harness.program import Base, Program
from harness.web_readers import by_pyiceberg

FULL = os.environ.get("EARTHCATALOG_FULL") == "1"
FOLDER = "earthcatalog/stac_items/_published"
URL = "https://data.example.org/w"


def published(base: Base) -> Path:
    return base.warehouse / FOLDER / "metadata"


@pytest.fixture
def two_commits(program: Program, archive: Archive, base: Base) -> Base:
    """The first one is published."""
    for count in (20, 40):
        inventory = archive.head(count).csv(base.path.parent / "inventory.csv")
        program.ingest(inventory, base, "--source", archive.folder, "--h3-resolution", 0)
        if count == 20:
            done = program.run("publish", base.path, "--url-prefix", URL)
            assert (done.returncode, done.stderr) == (0, "")
    return base


@dataclass
class Replaced:
    """A published table of some rows, of which a second publishing has more; and a copy of its folder."""

    base: Base
    copy: Path
    url: str
    old: Counter[tuple[str | None, str, str]]
    new: Counter[tuple[str | None, str, str]]

    def restore(self) -> None:
        for path in self.base.path.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        shutil.copytree(self.copy, self.base.path, dirs_exist_ok=True)

    @property
    def command(self) -> list[str]:
        return ["publish", str(self.base.path), "--url-prefix", f"{self.url}/warehouse"]


@pytest.fixture
def replaced(program: Program, archive: Archive, tmp_path: Path) -> Iterator[Replaced]:
    base, copy = Base(tmp_path / "base"), tmp_path / "copy"
    base.path.mkdir()
    with web.nginx(base.path, tmp_path / "access.log") as url:
        table = Replaced(base, copy, url, Counter(), Counter())
        for count in (20, 40):
            inventory = archive.head(count).csv(tmp_path / "inventory.csv")
            program.ingest(inventory, base, "--source", archive.folder, "--h3-resolution", 0)
            if count == 20:
                table.old = tables.fanned_out(base)
                assert program.run(*table.command).returncode == 0
        table.new = tables.fanned_out(base)
        shutil.copytree(base.path, copy)
        yield table


def test_killed_at_every_write_it_is_the_old_tree_or_the_new_one(
    program: Program, replaced: Replaced
) -> None:
    seen: set[tuple[bool, ...]] = set()
    for number in range(1, 100):
        killed = False
        for after in (False, True):
            replaced.restore()
            point = crash_at("any", "_published", count=number, after=after)
            done = program.run(*replaced.command, env=point)
            killed |= done.returncode == -signal.SIGKILL
            assert done.returncode in (0, -signal.SIGKILL), done.stderr
            found = [
                by_pyiceberg(f"{replaced.url}/warehouse/{FOLDER}{place}")
                for place in ("", "/metadata/latest.metadata.json")
            ]
            assert all(rows in (replaced.old, replaced.new) for rows in found)
            seen.add(tuple(rows == replaced.new for rows in found))
            if FULL or (number % 4 == 0 and after):
                check_recovery(program, replaced)
        if not killed:
            break
    else:
        pytest.fail("publishing has no end")
    assert seen == {(False, False), (False, True), (True, True)}, "version-hint.text is the last"


def check_recovery(program: Program, replaced: Replaced) -> None:
    """Nothing stands in the way of the next one, and of what was killed nothing is left."""
    table = f"{replaced.url}/warehouse/{FOLDER}"
    assert program.run("clean", replaced.base.path, "--older-than", "0s").returncode == 0
    assert program.run("expire", replaced.base.path).returncode == 0
    done = program.run(*replaced.command, "--json")
    assert done.returncode == 0, done.stderr
    assert by_pyiceberg(table) == replaced.new
    assert program.run("clean", replaced.base.path, "--older-than", "0s").returncode == 0
    names = sorted(path.name for path in published(replaced.base).iterdir())
    version = json.loads(done.stdout)["version"]
    pointers = ["latest.metadata.json", f"v{version}.metadata.json", "version-hint.text"]
    assert [name for name in names if not name.endswith(".avro")] == pointers
    assert len(names) == 3 + 1 + 2, "and a list of two manifests"
    assert by_pyiceberg(table) == replaced.new


def test_a_killed_publishing_shortens_nobodys_time(program: Program, two_commits: Base) -> None:
    """What the first one names stays from the second one on, not from one that was killed long before."""
    point = crash_at("rename", "latest.metadata.json")
    done = program.run("publish", two_commits.path, "--url-prefix", URL, env=point)
    assert done.returncode == -signal.SIGKILL
    for path in two_commits.warehouse.rglob("*"):
        os.utime(path, (0, 0))
    assert program.run("publish", two_commits.path, "--url-prefix", URL).returncode == 0
    documents = {path.name for path in published(two_commits).glob("v*.json")}
    assert documents == {"v1.metadata.json", "v2.metadata.json", "v3.metadata.json"}
    assert program.run("clean", two_commits.path, "--older-than", "1h").returncode == 0
    documents = {path.name for path in published(two_commits).glob("v*.json")}
    assert documents == {"v1.metadata.json", "v3.metadata.json"}


def test_what_it_prints(program: Program, two_commits: Base) -> None:
    rows = sum(tables.fanned_out(two_commits).values())
    files = len(tables.data_files(tables.load(two_commits)))
    done = program.run("publish", two_commits.path, "--url-prefix", URL)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"Published version 2: {rows} rows in {files} files\n{URL}/{FOLDER}\n"
    done = program.run("publish", two_commits.path, "--url-prefix", URL, "--json")
    snapshot = tables.load(two_commits).current_snapshot()
    assert snapshot
    assert json.loads(done.stdout) == {
        "version": 3,
        "table": f"{URL}/{FOLDER}",
        "metadata": f"{URL}/{FOLDER}/metadata/latest.metadata.json",
        "snapshot_id": snapshot.snapshot_id,
        "files": files,
        "rows": rows,
        "manifests": 2,
        "manifests_written": 0,
    }
    assert (published(two_commits) / "version-hint.text").read_bytes() == b"3"
    assert not two_commits.lock.exists()


@pytest.mark.parametrize(
    ("prefix", "said"),
    [
        ("data.example.org/w", "begins with http"),
        ("s3://bucket/w", "begins with http"),
        ("ftp://example.org", "begins with http"),
        ("https://", "no server"),
        ("https:///", "no server"),
        ("https://example.org/w?token=hush", "query"),
        ("https://example.org/w#part", "fragment"),
        ("https://somebody:hush@example.org/w", "user's name"),
        ("https://example.org/a b", "percent-encode"),
        ("https://example.org/ä", "percent-encode"),
    ],
)
def test_a_prefix_that_is_none(program: Program, two_commits: Base, prefix: str, said: str) -> None:
    before = sorted(published(two_commits).iterdir())
    done = program.run("publish", two_commits.path, "--url-prefix", prefix)
    assert done.returncode == 2
    assert said in done.stderr
    assert "hush" not in done.stderr
    assert sorted(published(two_commits).iterdir()) == before


def test_without_a_prefix_or_a_table(program: Program, base: Base) -> None:
    done = program.run("publish", base.path)
    assert done.returncode == 2
    assert "--url-prefix" in done.stderr
    assert program.run("publish", base.path, "--url-prefix", URL).returncode == 1
    assert not base.path.exists()


def test_a_data_file_outside_of_the_warehouse_has_no_url(program: Program, two_commits: Base) -> None:
    table = tables.load(two_commits)
    own = next(path for path in tables.data_files(table))
    outside = two_commits.path / "elsewhere.parquet"
    shutil.copy(own, outside)
    table.add_files([f"file://{outside}"], check_duplicate_files=False)
    before = sorted(published(two_commits).iterdir())
    done = program.run("publish", two_commits.path, "--url-prefix", URL)
    assert done.returncode == 1
    assert "outside of its warehouse" in done.stderr
    assert str(outside) in done.stderr
    assert sorted(published(two_commits).iterdir()) == before


def test_it_waits_for_nobody(program: Program, two_commits: Base) -> None:
    holder = {"owner": "somebody", "pid": os.getpid(), "hostname": os.uname().nodename, "token": "theirs"}
    two_commits.lock.write_text(json.dumps(holder | {"acquired": "2100-01-01T00:00:00Z"}))
    for command in (["publish", "--url-prefix", URL], ["expire"]):
        done = program.run(command[0], two_commits.path, *command[1:])
        assert done.returncode == 3
        assert "locked by 'somebody'" in done.stderr
    assert (published(two_commits) / "version-hint.text").read_text() == "1"


def test_a_broken_published_tree_loses_nothing(program: Program, two_commits: Base) -> None:
    """What cannot be read may name anything."""
    (manifest,) = published(two_commits).glob("*-m0.avro")
    manifest.unlink()
    for command in (["expire", "--older-than", "0s"], ["clean", "--older-than", "0s"]):
        before = two_commits.parquet_files()
        done = program.run(command[0], two_commits.path, *command[1:])
        assert done.returncode == 1
        assert "v1.metadata.json cannot be read" in done.stderr
        assert "publish again" in done.stderr
        assert two_commits.parquet_files() == before
    assert program.run("publish", two_commits.path, "--url-prefix", URL).returncode == 0
    (published(two_commits) / "v1.metadata.json").unlink()
    assert program.run("clean", two_commits.path, "--older-than", "0s").returncode == 0
