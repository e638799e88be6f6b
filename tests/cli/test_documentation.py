"""Every command and every Python example of the documents runs as it stands there."""

import csv
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness import s3, tables
from harness.archives import Archive
from harness.program import Base, Program
from harness.requirement import PROJECT, require_module
from harness.s3 import S3Server

DOCUMENTS = [PROJECT / "README.md", *sorted((PROJECT / "docs").glob("*.md"))]
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(path: Path, *languages: str) -> Iterator[str]:
    for language, text in FENCE.findall(path.read_text(encoding="utf-8")):
        if language in languages:
            yield text


def commands(path: Path) -> list[list[str]]:
    """The lines `earthcatalog …` of shell blocks, with `$ ` or without; a final \\ joins lines."""
    found = []
    for block in blocks(path, "console", "sh"):
        for line in block.replace("\\\n", " ").splitlines():
            command = line.removeprefix("$ ")
            if command.startswith("earthcatalog "):
                found.append(shlex.split(command, comments=True)[1:])
    return found


@pytest.fixture
def workplace(
    archive: Archive, tmp_path: Path, gateway: S3Server, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """A folder with what the documents speak of, inventory.csv, and their buckets in S3."""
    inventory = archive.head(200).csv(tmp_path / "inventory.csv")
    s3.set_environment(monkeypatch, gateway)
    buckets = [gateway.new_bucket(name) for name in ("archive", "bucket")]
    buckets[0].put("inventory.csv", inventory.read_bytes())
    yield tmp_path
    for bucket in buckets:
        bucket.remove()


def run_commands(program: Program, document: Path, folder: Path, archive: Archive) -> int:
    """Runs a document's commands in its order; items come from the disk instead of the network."""
    found = commands(document)
    for command in found:
        source = ["--source", archive.folder] if command[0] in ("incremental", "ingest") else []
        if "--source" in command:
            source = []
        done = program.run(*command, *source, cwd=folder)
        assert done.returncode == 0, f"earthcatalog {shlex.join(command)}: {done.stderr}"
    return len(found)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_commands(program: Program, archive: Archive, workplace: Path, document: Path) -> None:
    count = run_commands(program, document, workplace, archive)
    assert count or document.name != "README.md", "the README shows no command"
    if count and document.name == "README.md":
        base = Base(workplace)
        assert len(tables.item_keys(base)) == 200


def test_the_inventory_that_the_readme_shows(program: Program, archive: Archive, base: Base) -> None:
    """Its rows are rows: with items of their names they become a table."""
    (text,) = blocks(PROJECT / "README.md", "csv")
    inventory, folder = base.path.parent / "inventory.csv", base.path.parent / "archive"
    inventory.write_text(text)
    listed = list(csv.DictReader(text.splitlines()))
    assert len(listed) == 2
    for row, item in zip(listed, archive.rows, strict=False):
        path = folder / row["bucket"] / row["key"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes((archive.folder / item.bucket / item.key).read_bytes())
    report = program.ingest(inventory, base, "--source", folder, "--since", "2000-01-01")
    assert (report["items_processed"], report["notices"]) == (2, [])


def test_python_examples_of_the_readme(program: Program, archive: Archive, workplace: Path) -> None:
    """Those with the package itself run where it is installed."""
    readme = PROJECT / "README.md"
    run_commands(program, readme, workplace, archive)
    examples = list(blocks(readme, "python"))
    assert examples
    for example in examples:
        if "import earthcatalog" in example:
            require_module("earthcatalog")
            # Its items come from the disk as well.
            example = re.sub(r"(incremental\.run\([^)]*)\)", rf"\1, source={str(archive.folder)!r})", example)
        done = subprocess.run(
            [sys.executable, "-c", example],
            cwd=workplace,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, f"{example}\n{done.stderr}"
