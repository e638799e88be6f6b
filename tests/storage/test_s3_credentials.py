"""Credentials: not asked for where none are needed, in no output, shown to no server of unknown identity."""

import json
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from harness import s3
from harness.archives import Archive, key_of
from harness.program import Base, Program
from harness.s3 import S3Base, S3Server

NewBase = Callable[..., S3Base]
Few = tuple[Archive, Path]


def test_danger_d34_a_local_catalogue_needs_no_credentials(
    program: Program, few: Few, tmp_path: Path
) -> None:
    archive, inventory = few
    env = s3.environment(None) | {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}
    report = program.ingest(inventory, Base(tmp_path / "local"), "--source", archive.folder, env=env)
    assert report["items_processed"] == 120
    done = program.run("lock", "status", tmp_path / "local", env=env)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("wrong", ["nothing", "secret", "key", "bucket", "endpoint"])
def test_no_credential_is_in_any_output(
    gateway: S3Server, new_base: NewBase, program: Program, few: Few, wrong: str
) -> None:
    archive, inventory = few
    base = new_base(gateway)
    env = s3.environment(gateway) | {"AWS_MAX_ATTEMPTS": "1"}
    token = "aSessionTokenThatNobodyMaySee"
    env |= {
        "nothing": {},
        "secret": {"AWS_SECRET_ACCESS_KEY": "another+Secret/ThatIsWrong00000000000000"},
        "key": {"AWS_ACCESS_KEY_ID": "AKIAWRONGWRONGWRONG1", "AWS_SESSION_TOKEN": token},
        "bucket": {},
        "endpoint": {"AWS_ENDPOINT_URL": f"http://{gateway.access_key}:{gateway.secret_key}@127.0.0.1:1"},
    }[wrong]
    uri = "s3://no-such-bucket-2/base" if wrong == "bucket" else base.uri
    where = ["--catalog", f"{uri}/earthcatalog.db", "--warehouse", f"{uri}/warehouse"]
    text = ""
    for arguments in (
        ["incremental", "--inventory", inventory, "--source", archive.folder, *where, "--json"],
        ["incremental", "--inventory", f"{uri}/inventory.csv", *where],
        ["info", uri],
        ["stats", uri, "--json"],
        ["export", uri, "--ids", "x"],
        ["lock", "status", uri],
        ["lock", "release", uri],
    ):
        done = program.run(*arguments, env=env)
        if wrong != "nothing":
            assert done.returncode != 0, arguments
            assert done.stderr.count("\n") == 1, done.stderr
        text += done.stdout + done.stderr
    secrets = {gateway.secret_key, env["AWS_SECRET_ACCESS_KEY"], env["AWS_ACCESS_KEY_ID"], gateway.access_key}
    for secret in {*secrets, token}:
        assert secret not in text
    # Nor in what was written.
    for key in base.bucket.list_keys():
        written = base.bucket.get(key)
        assert gateway.secret_key.encode() not in written
        assert gateway.access_key.encode() not in written


def test_tls_is_verified(program: Program, few: Few, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive, inventory = few
    certificate = tmp_path / "server.crt"
    make = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1"
    make += " -addext subjectAltName=IP:127.0.0.1"
    subprocess.run(
        [*make.split(), "-keyout", f"{certificate}.key", "-out", certificate],
        check=True,
        capture_output=True,
    )
    with s3.versitygw(certificate) as server:
        env = s3.environment(server)
        trusting = env | {"AWS_CA_BUNDLE": str(certificate)}
        monkeypatch.setenv("AWS_CA_BUNDLE", str(certificate))  # for this process's own client
        base = S3Base(server.new_bucket("tls-bucket"))
        job = ["--inventory", inventory, "--source", archive.folder, *base.flags]
        done = program.run("incremental", *job, env=env)
        assert done.returncode == 1
        assert "certificate" in done.stderr.lower()
        assert done.stderr.count("\n") == 1
        report = program.ingest(inventory, base, "--source", archive.folder, env=trusting)
        assert report["items_processed"] == 120
        done = program.run("export", base.uri, env=trusting)
        assert Counter(key_of(json.loads(line)) for line in done.stdout.splitlines()) == Counter(
            key_of(item) for item in archive.items
        )
