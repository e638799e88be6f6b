"""The main job with catalogue, warehouse, lock and quarantine in S3, and what others read of it."""

import json
import os
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from harness import s3
from harness.archives import Archive, key_of
from harness.duckdb_session import connect, use_s3
from harness.expected import normalised
from harness.program import Base, Program
from harness.s3 import S3Base, S3Server
from harness.tables import fanned_out

Few = tuple[Archive, Path]
NewBase = Callable[..., S3Base]
Running = Callable[[S3Server], Program]


def ingest(program: Program, base: S3Base, archive: Archive, inventory: Path, *flags: str) -> dict:
    return program.ingest(inventory, base, "--source", archive.folder, *flags)


def exported(program: Program, base: S3Base, **options: object) -> list[dict]:
    done = program.run("export", base.uri, **options)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def by_key(items: list[dict]) -> dict:
    return {key_of(item): normalised(item) for item in items}


def test_everything_in_s3(
    server: S3Server, new_base: NewBase, running: Running, few: Few, tmp_path: Path
) -> None:
    archive, inventory = few
    program, base = running(server), new_base(server)
    report = ingest(program, base, archive, inventory, "--chunk-size", "50")
    assert (report["items_processed"], report["commits"]) == (120, 3)

    # The same table as on a local disk, row by row and file by file.
    local = Base(tmp_path / "local")
    program.ingest(inventory, local, "--source", archive.folder, "--chunk-size", 50)
    copy = S3Copy(base, tmp_path / "copy")
    assert copy.rows() == fanned_out(local)
    assert Counter(copy.folders()) == Counter(
        str(path.parent.relative_to(local.warehouse)) for path in local.parquet_files()
    )
    assert by_key(exported(program, base)) == by_key(archive.items)

    # No lock, probe, folder or half-written thing is left.
    keys = base.list_keys()
    summaries = [snapshot.summary for snapshot in copy.table.metadata.snapshots]
    objects = [
        f"warehouse_objects/{name}"
        for summary in summaries
        if summary
        for name, _count in json.loads(summary["earthcatalog.objects"] or "[]")
    ]
    made = {"earthcatalog.db", *copy.files, *objects}
    assert set(keys) == made | {key for key in keys if "/metadata/" in key}
    info = json.loads(program.run("info", base.uri, "--json").stdout)
    assert info["catalog"] == base.db
    assert (info["snapshot_count"], info["file_count"]) == (3, len(copy.files))
    stats = json.loads(program.run("stats", base.uri, "--json").stdout)
    assert (
        sum(partition["row_count"] for partition in stats["partitions"])
        == info["row_count"]
        == sum(copy.rows().values())
    )


class S3Copy:
    """The data files of a table in S3, fetched by their names in the table."""

    def __init__(self, base: S3Base, folder: Path) -> None:
        import pyarrow.parquet as pq
        from pyiceberg.catalog.sql import SqlCatalog

        folder.mkdir()
        server = base.bucket.server
        catalog = SqlCatalog(
            "earthcatalog",
            uri=f"sqlite:///{base.download_db(folder)}",
            **{
                "s3.endpoint": server.url,
                "s3.access-key-id": server.access_key,
                "s3.secret-access-key": server.secret_key,
                "s3.region": s3.REGION,
            },
        )
        self.table = catalog.load_table("earthcatalog.stac_items")
        self._uris = [task.file.file_path for task in self.table.scan().plan_files()]
        self.files = [uri.removeprefix(f"{base.uri}/") for uri in self._uris]
        self._read = pq.ParquetFile
        self._filesystem = self.table.io.fs_by_scheme("s3", None)

    def folders(self) -> list[str]:
        return [os.path.dirname(name.removeprefix("warehouse/")) for name in self.files]  # noqa: PTH120

    def rows(self) -> Counter:
        found: Counter = Counter()
        for uri in self._uris:
            with self._filesystem.open_input_file(uri.removeprefix("s3://")) as file:
                columns = self._read(file).read(["collection", "id", "grid_partition"]).to_pydict()
            found.update(zip(columns["collection"], columns["id"], columns["grid_partition"], strict=True))
        return found


def test_pyiceberg_and_duckdb_read_it(
    gateway: S3Server,
    new_base: NewBase,
    running: Running,
    few: Few,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    archive, inventory = few
    base = new_base(gateway)
    ingest(running(gateway), base, archive, inventory)
    table = S3Copy(base, tmp_path / "copy").table
    expected = {item["id"] for item in archive.items}
    assert set(table.scan(selected_fields=("id",)).to_arrow()["id"].to_pylist()) == expected

    duck = connect(tmp_path / "extensions")
    s3.set_environment(monkeypatch, gateway)
    use_s3(duck)
    ids = duck.execute(f"select distinct id from iceberg_scan('{table.metadata_location}')").fetchall()
    assert {id_ for (id_,) in ids} == expected


def test_what_is_public_is_read_without_credentials(
    gateway: S3Server, new_base: NewBase, running: Running, few: Few
) -> None:
    archive, inventory = few
    program, base = running(gateway), new_base(gateway, public=True)
    ingest(program, base, archive, inventory)
    unsigned = {"env": s3.environment(gateway, signed=False)}
    assert by_key(exported(program, base, **unsigned)) == by_key(archive.items)
    # Nor does an option send credentials that are wrong.
    wrong = s3.environment(gateway) | {"AWS_SECRET_ACCESS_KEY": "wrong"}
    assert program.run("stats", base.uri, env=wrong).returncode == 1
    assert program.run("stats", base.uri, "--no-sign-request", env=wrong).returncode == 0


def test_options_stand_for_the_environment(
    gateway: S3Server, new_base: NewBase, running: Running, few: Few, tmp_path: Path
) -> None:
    archive, inventory = few
    program, base = running(gateway), new_base(gateway)
    credentials = tmp_path / "credentials"
    credentials.write_text(
        f"[other]\naws_access_key_id = {gateway.access_key}\naws_secret_access_key = {gateway.secret_key}\n"
    )
    env = s3.environment(None) | {
        "AWS_SHARED_CREDENTIALS_FILE": str(credentials),
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "AWS_REGION": "eu-north-1",
        "AWS_ACCESS_KEY_ID": "AKIAANOTHERANOTHERAN",
        "AWS_SECRET_ACCESS_KEY": "another",
    }
    options = ["--endpoint-url", gateway.url, "--region", s3.REGION, "--profile", "other"]
    ingest_done = program.run(
        "incremental", "--inventory", inventory, "--source", archive.folder, *base.flags, *options, env=env
    )
    assert ingest_done.returncode == 0, ingest_done.stderr
    assert program.run("info", base.uri, *options, env=env).returncode == 0
    config = tmp_path / "config"
    config.write_text(f"[profile other]\nregion = {s3.REGION}\nendpoint_url = {gateway.url}\n")
    env = {name: value for name, value in env.items() if name not in ("AWS_ENDPOINT_URL", "AWS_REGION")}
    env["AWS_CONFIG_FILE"] = str(config)
    assert program.run("info", base.uri, "--profile", "other", env=env).returncode == 0
    done = program.run("info", base.uri, "--profile", "othr", env=env)
    assert done.returncode == 2
    assert f"there is no profile 'othr' in {config} or {credentials}" in done.stderr


def test_failed_rows_are_quarantined_and_retried_in_s3(
    gateway: S3Server, new_base: NewBase, running: Running, few: Few
) -> None:
    archive, inventory = few
    program, base = running(gateway), new_base(gateway)
    row = archive.rows[7]
    hidden = archive.folder / row.bucket / row.key
    aside = hidden.with_suffix(".aside")
    hidden.rename(aside)
    try:
        report = program.ingest(inventory, base, "--source", archive.folder, code=1)
        assert (report["items_processed"], report["items_quarantined"]) == (119, 1)
        (file,) = report["quarantine_files"]
        assert base.list_keys("warehouse_failed/") == [file.removeprefix(f"{base.uri}/")]
    finally:
        aside.rename(hidden)
    report = program.ingest(None, base, "--source", archive.folder, "--retry-failed")
    assert report["items_processed"] == 1
    assert [key for key in base.list_keys("warehouse_failed/") if key.endswith(".parquet")] == []
    assert by_key(exported(program, base)) == by_key(archive.items)


def test_a_local_catalog_is_a_copy_of_the_one_in_s3(
    gateway: S3Server, new_base: NewBase, running: Running, few: Few, tmp_path: Path
) -> None:
    archive, _inventory = few
    program, base = running(gateway), new_base(gateway)
    db = tmp_path / "copy.db"
    first = Archive(archive.folder, archive.rows[:60]).csv(tmp_path / "first.csv")
    rest = Archive(archive.folder, archive.rows[60:]).csv(tmp_path / "rest.csv")
    source = ["--source", archive.folder]
    local = ["--catalog", db, "--warehouse", base.warehouse]
    done = program.run("incremental", "--inventory", first, *source, *local)
    assert done.returncode == 0, done.stderr
    assert db.read_bytes() == base.bucket.get("base/earthcatalog.db")
    # Somebody else's commit is seen by who names the copy, which follows with the next run.
    program.ingest(rest, base, *source)
    assert db.read_bytes() != base.bucket.get("base/earthcatalog.db")
    done = program.run("export", *local)
    assert by_key([json.loads(line) for line in done.stdout.splitlines()]) == by_key(archive.items)
    assert db.read_bytes() != base.bucket.get("base/earthcatalog.db")
    done = program.run("incremental", "--inventory", rest, *source, *local)
    assert done.returncode == 0, done.stderr
    assert db.read_bytes() == base.bucket.get("base/earthcatalog.db")


def test_an_older_catalog_file_is_found(
    gateway: S3Server, new_base: NewBase, running: Running, few: Few, tmp_path: Path
) -> None:
    archive, inventory = few
    program, base = running(gateway), new_base(gateway)
    ingest(program, base, archive, inventory)
    base.bucket.put("base/catalog.db", base.bucket.get("base/earthcatalog.db"))
    base.bucket.delete("base/earthcatalog.db")
    assert by_key(exported(program, base)) == by_key(archive.items)
    again = ["--catalog", tmp_path / "any.db", "--warehouse", base.warehouse]
    done = program.run("incremental", "--inventory", inventory, "--source", archive.folder, *again)
    assert done.returncode == 0, done.stderr
    assert "earthcatalog.db" not in base.list_keys()


def test_a_file_from_elsewhere_is_whole(
    gateway: S3Server, new_base: NewBase, running: Running, few: Few, tmp_path: Path
) -> None:
    """Its header may speak of a log that was never uploaded."""
    import sqlite3

    archive, inventory = few
    program, base = running(gateway), new_base(gateway)
    ingest(program, base, archive, inventory)
    db = base.download_db(tmp_path)
    with sqlite3.connect(db) as connection:
        connection.execute("pragma journal_mode = wal")
        connection.execute("create table of_somebody_else (x)")
    connection.close()
    base.bucket.put("base/earthcatalog.db", db.read_bytes())
    assert ingest(program, base, archive, inventory, "--again")["commits"] == 1
    db = base.download_db(tmp_path)
    with sqlite3.connect(db) as connection:
        assert connection.execute("pragma integrity_check").fetchall() == [("ok",)]
        assert connection.execute("select count(*) from of_somebody_else").fetchone() == (0,)
    connection.close()


@pytest.mark.parametrize("part", ["export", "incremental"])
def test_ctrl_c_leaves_nothing_half_done(
    gateway: S3Server, new_base: NewBase, running: Running, archive: Archive, tmp_path: Path, part: str
) -> None:
    program, base = running(gateway), new_base(gateway)
    inventory = archive.head(1500).csv(tmp_path / "inventory.csv")
    arguments = ["--inventory", inventory, "--source", archive.folder, *base.flags]
    if part == "export":
        program.ingest(archive.head(50).csv(tmp_path / "few.csv"), base, "--source", archive.folder)
        before = base.list_keys()
        process = program.start("export", base.uri, "--output", f"{base.uri}/out.ndjson")
        process.send_signal(subprocess.signal.SIGINT)
        process.communicate(timeout=60)
        assert set(base.list_keys()) - set(before) <= {"out.ndjson"}
        return
    process = program.start("incremental", *arguments)
    while not base.data_keys():
        assert process.poll() is None, process.communicate()
    process.send_signal(subprocess.signal.SIGINT)
    _out, err = process.communicate(timeout=60)
    assert "interrupted" in err
    assert process.returncode == 1
    assert base.data_keys() == set()
    assert [key for key in base.list_keys() if key.endswith((".lock", "/"))] == []


def test_demo_in_s3(gateway: S3Server, new_base: NewBase, running: Running, tmp_path: Path) -> None:
    program, base = running(gateway), new_base(gateway)
    env = s3.environment(gateway) | {"TMPDIR": str(tmp_path)}
    done = program.run("demo", base.uri, "--items", 100, env=env)
    assert done.returncode == 0, done.stderr
    assert len(exported(program, base)) == 100
    assert list(tmp_path.iterdir()) == []
    again = program.run("demo", base.uri, "--items", 100, env=env)
    assert again.returncode == 2
    assert "a place of its own" in again.stderr


def test_wrong_places_are_refused(gateway: S3Server, new_base: NewBase, running: Running, few: Few) -> None:
    _archive, inventory = few
    program, base = running(gateway), new_base(gateway)
    bucket = base.bucket.name

    def complaint(catalog: str, warehouse: str, *flags: str) -> tuple[int, str]:
        done = program.run(
            "incremental", "--inventory", inventory, "--catalog", catalog, "--warehouse", warehouse, *flags
        )
        assert done.stderr.count("\n") == 1
        return done.returncode, done.stderr

    assert complaint(base.db, "/tmp/warehouse-here", "--no-lock")[0] == 2
    code, text = complaint(base.db, f"s3://{bucket}")
    assert code == 2
    assert "whole bucket" in text
    code, text = complaint("s3://no-such-bucket-1/a/c.db", "s3://no-such-bucket-1/a/warehouse")
    assert code == 1
    assert "NoSuchBucket" in text
    done = program.run("info", f"s3://{bucket}/nothing-here")
    assert done.returncode == 1
    assert f"there is no catalog s3://{bucket}/nothing-here/earthcatalog.db" in done.stderr
    assert base.bucket.list_keys() == []
