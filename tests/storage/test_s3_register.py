"""Registering and checking in real S3 servers: moved prefixes, strays, damage."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from harness.archives import Archive, key_of
from harness.expected import normalised
from harness.program import Program
from harness.s3 import S3Base, S3Server

Few = tuple[Archive, Path]
NewBase = Callable[..., S3Base]
Running = Callable[[S3Server], Program]


def run(program: Program, command: str, base: S3Base, *flags: str, code: int = 0) -> dict[str, Any]:
    done = program.run(command, base.uri, "--json", *flags)
    assert done.returncode == code, done.stdout + done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def items(program: Program, base: S3Base) -> dict[Any, Any]:
    done = program.run("export", base.uri)
    assert done.returncode == 0, done.stderr
    return {key_of(item): normalised(item) for item in map(json.loads, done.stdout.splitlines())}


def move(base: S3Base, prefix: str) -> S3Base:
    """All objects to another prefix of the bucket."""
    other = S3Base(base.bucket, prefix)
    for key in base.list_keys():
        base.bucket.put(f"{prefix}/{key}", base.bucket.get(f"{base.prefix}/{key}"))
        base.bucket.delete(f"{base.prefix}/{key}")
    return other


def test_a_moved_catalogue(server: S3Server, new_base: NewBase, running: Running, few: Few) -> None:
    archive, inventory = few
    program, base = running(server), new_base(server)
    program.ingest(inventory, base, "--source", archive.folder, "--chunk-size", 60)
    before = items(program, base)
    assert run(program, "check", base, "--deep")["sound"]
    moved = move(base, "another/place")
    assert program.run("info", moved.uri).returncode != 0
    report = run(program, "register", moved)
    assert (report["table"], report["removed"], report["left_out"]) == ("remade", [], [])
    assert report["files"] == len(moved.data_keys())
    assert items(program, moved) == before
    assert run(program, "check", moved, "--deep")["sound"]
    assert ".lock" not in moved.list_keys()
    again = program.ingest(inventory, moved, "--source", archive.folder)
    assert again["items_processed"] == 0


def test_damage_is_named_and_mended(gateway: S3Server, new_base: NewBase, running: Running, few: Few) -> None:
    archive, inventory = few
    program, base = running(gateway), new_base(gateway)
    program.ingest(inventory, base, "--source", archive.folder)
    by_folder = {name.rsplit("/", 1)[0]: name for name in sorted(base.data_keys())}
    gone, cut, misplaced, kept, *_ = by_folder.values()
    bucket = base.bucket

    def key(name: str) -> str:
        return f"{base.prefix}/{name}"

    bucket.delete(key(gone))
    bucket.put(key(cut), bucket.get(key(cut))[:-9])
    wrong = kept.rsplit("/", 1)[0] + "/mine.parquet"
    bucket.put(key(wrong), bucket.get(key(misplaced)))
    bucket.delete(key(misplaced))
    problems = {
        (entry["kind"], entry["path"].removeprefix(f"{base.uri}/"))
        for entry in run(program, "check", base, code=1)["problems"]
    }
    assert problems == {("missing", gone), ("unreadable", cut), ("missing", misplaced), ("stray", wrong)}
    report = run(program, "register", base, code=1)
    assert {entry["path"].removeprefix(f"{base.uri}/") for entry in report["left_out"]} == {cut}
    (added,) = report["added"]
    assert added["was"] == f"{base.uri}/{wrong}"
    keys = base.data_keys()
    assert wrong not in keys
    name = added["path"].removeprefix(f"{base.uri}/")
    assert name in keys
    assert name.rsplit("/", 1)[0] == misplaced.rsplit("/", 1)[0]
    assert run(program, "check", base, "--deep")["sound"]


def test_a_file_that_was_changed_in_its_place(
    gateway: S3Server, new_base: NewBase, running: Running, few: Few, tmp_path: Path
) -> None:
    archive, inventory = few
    program, base = running(gateway), new_base(gateway)
    program.ingest(inventory, base, "--source", archive.folder)
    before = items(program, base)
    name = sorted(base.data_keys())[0]
    body = base.bucket.get(f"{base.prefix}/{name}")
    source = pq.ParquetFile(pa.BufferReader(body))
    pq.write_table(source.read().replace_schema_metadata(source.schema_arrow.metadata), tmp_path / "file")
    base.bucket.put(f"{base.prefix}/{name}", (tmp_path / "file").read_bytes())
    assert run(program, "check", base, code=1)["problems"][0]["kind"] == "size"
    (added,) = run(program, "register", base)["added"]
    assert added["was"] == f"{base.uri}/{name}"
    assert items(program, base) == before
    assert run(program, "check", base, "--deep")["sound"]
