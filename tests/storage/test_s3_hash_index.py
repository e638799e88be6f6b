"""The hash index in real S3 servers."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from harness.archives import Archive
from harness.program import Program
from harness.s3 import S3Base, S3Server

Few = tuple[Archive, Path]
NewBase = Callable[..., S3Base]
Running = Callable[[S3Server], Program]

INDEX = "warehouse_id_hashes.parquet"


def run(program: Program, what: str, base: S3Base, *flags: str | Path, code: int = 0) -> dict[str, Any]:
    done = program.run("hash-index", what, base.uri, "--json", *flags)
    assert done.returncode == code, done.stdout + done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def hashes(base: S3Base, name: str = INDEX) -> list[bytes]:
    body = base.bucket.get(f"{base.prefix}/{name}")
    found: list[bytes] = pq.read_table(io.BytesIO(body))["id_hash"].to_pylist()
    return found


def test_built_updated_and_checked(server: S3Server, new_base: NewBase, running: Running, few: Few) -> None:
    archive, inventory = few
    program, base = running(server), new_base(server)
    program.ingest(inventory, base, "--source", archive.folder, "--limit", 80, "--chunk-size", 40)
    assert program.run("hash-index", "count", base.uri).returncode == 1
    report = run(program, "build", base)
    assert (report["count"], report["path"]) == (80, f"{base.uri}/{INDEX}")
    assert run(program, "check", base)["sound"]
    program.ingest(inventory, base, "--source", archive.folder)
    assert run(program, "check", base, code=1)["missing"] == 40
    report = run(program, "update", base)
    assert (report["count"], report["added"]) == (120, 40)
    assert run(program, "check", base)["sound"]
    assert run(program, "count", base) == {"count": 120}
    assert hashes(base) == sorted(set(hashes(base)))
    assert ".lock" not in base.list_keys()
    moved = run(program, "build", base, "--path", f"{base.uri}/other/ids.parquet")
    assert (moved["count"], run(program, "count", base)["count"]) == (120, 120)
    assert hashes(base, "other/ids.parquet") == hashes(base)


def test_many_hashes(
    gateway: S3Server, new_base: NewBase, running: Running, few: Few, tmp_path: Path
) -> None:
    """In several requests, and in several parts of an upload."""
    archive, inventory = few
    program, base = running(gateway), new_base(gateway)
    program.ingest(inventory, base, "--source", archive.folder)
    before = run(program, "build", base)["count"]
    ids = [f"made-up-{number}" for number in range(1_500_000)]
    pq.write_table(pa.table({"id": ids, "collection": ["c"] * len(ids)}), tmp_path / "ids.parquet")
    base.bucket.put("ids.parquet", (tmp_path / "ids.parquet").read_bytes())
    files = ["--file", f"s3://{base.bucket.name}/ids.parquet"]
    assert run(program, "update", base, *files)["added"] == len(ids)
    assert run(program, "update", base, *files)["added"] == 0
    found = run(program, "check", base, code=1)
    assert (found["missing"], found["extra"], found["count"]) == (0, len(ids), before + len(ids))
