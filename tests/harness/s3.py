"""Real S3 servers over temporary folders, and catalogues in them.

EARTHCATALOG_VERSITYGW  the server `versitygw`; by default the one on PATH or of `make setup`
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from .program import Argument, Base
from .requirement import PROJECT, require, require_module
from .web import free_port, wait_for_port

REGION = "us-east-1"
NO_FILE = "/nonexistent/aws"
ACCESS_KEY = "AKIATESTTESTTEST1234"
SECRET_KEY = "secretOfTheTests/keptOutOfAllOutput+0000"


@dataclass(frozen=True)
class S3Server:
    """A running server and the keys of its owner."""

    name: str
    url: str
    access_key: str = ACCESS_KEY
    secret_key: str = SECRET_KEY
    folder: Path | None = None  # in which each bucket is a folder, if there is one

    @cached_property
    def client(self) -> Any:
        """A boto3 client of the owner; making one takes longer than most requests."""
        return require_module("boto3").client(
            "s3",
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
        )

    def new_bucket(self, name: str, *, public: bool = False) -> "Bucket":
        # boto3 asks again when an answer is lost, and the bucket is made then.
        with contextlib.suppress(self.client.exceptions.BucketAlreadyOwnedByYou):
            self.client.create_bucket(Bucket=name)
        if public:
            statements = [
                {
                    "Effect": "Allow",
                    "Principal": "*",
                    "Action": [action],
                    "Resource": [f"arn:aws:s3:::{name}{rest}"],
                }
                for action, rest in (("s3:GetObject", "/*"), ("s3:ListBucket", ""))
            ]
            policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
            self.client.put_bucket_policy(Bucket=name, Policy=policy)
        return Bucket(self, name)


@dataclass(frozen=True)
class Bucket:
    server: S3Server
    name: str

    def list_keys(self, prefix: str = "") -> list[str]:
        pages = self.server.client.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=prefix)
        return [entry["Key"] for page in pages for entry in page.get("Contents", [])]

    def get(self, key: str) -> bytes:
        body: bytes = self.server.client.get_object(Bucket=self.name, Key=key)["Body"].read()
        return body

    def put(self, key: str, body: bytes) -> None:
        self.server.client.put_object(Bucket=self.name, Key=key, Body=body)

    def delete(self, key: str) -> None:
        self.server.client.delete_object(Bucket=self.name, Key=key)

    def remove(self) -> None:
        """With everything in it."""
        for key in self.list_keys():
            self.delete(key)
        self.server.client.delete_bucket(Bucket=self.name)


@dataclass(frozen=True)
class S3Base:
    """The place of a catalogue in a bucket; nothing need be there yet. Stands in for `Base`."""

    bucket: Bucket
    prefix: str = "base"

    @property
    def uri(self) -> str:
        return f"s3://{self.bucket.name}/{self.prefix}"

    @property
    def db(self) -> str:
        return f"{self.uri}/earthcatalog.db"

    @property
    def warehouse(self) -> str:
        return f"{self.uri}/warehouse"

    @property
    def flags(self) -> list[Argument]:
        return ["--catalog", self.db, "--warehouse", self.warehouse]

    @property
    def lock_key(self) -> str:
        return f"{self.prefix}/.lock"

    def list_keys(self, below: str = "") -> list[str]:
        """Of all objects, relative to the base."""
        return [
            key.removeprefix(f"{self.prefix}/") for key in self.bucket.list_keys(f"{self.prefix}/{below}")
        ]

    def data_keys(self) -> set[str]:
        return {key for key in self.list_keys("warehouse/") if key.endswith(".parquet")}

    def download_db(self, folder: Path) -> Path:
        path = folder / "downloaded.db"
        path.write_bytes(self.bucket.get(f"{self.prefix}/earthcatalog.db"))
        return path


@dataclass(frozen=True)
class BucketFolder(Base):
    """A place in a bucket that is a folder: the program has it by URIs, tests look at it by paths."""

    uri: str = ""
    bucket: Bucket | None = None

    @property
    def place(self) -> str:
        return self.uri

    def put(self, path: Path, body: bytes) -> None:
        """By the server, which must know of every change of what it has."""
        assert self.bucket
        self.bucket.put(f"{self.path.name}/{path.relative_to(self.path)}", body)


def new_folder(server: S3Server, bucket: str, name: str) -> BucketFolder:
    """A place called `name` in a new bucket."""
    assert server.folder
    return BucketFolder(server.folder / bucket / name, f"s3://{bucket}/{name}", server.new_bucket(bucket))


def environment(server: S3Server | None, *, signed: bool = True) -> dict[str, str]:
    """What a process needs that is to reach `server`, and nothing of AWS that this one has."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    kept |= {"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": NO_FILE}
    kept |= {"AWS_SHARED_CREDENTIALS_FILE": NO_FILE}
    if server is not None:
        kept |= {"AWS_ENDPOINT_URL": server.url, "AWS_REGION": REGION}
        if signed:
            kept |= {"AWS_ACCESS_KEY_ID": server.access_key, "AWS_SECRET_ACCESS_KEY": server.secret_key}
    return kept


def set_environment(monkeypatch: pytest.MonkeyPatch, server: S3Server) -> None:
    """Gives it to this process, for those that it starts."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in environment(server).items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)


def _versitygw() -> str:
    named = os.environ.get("EARTHCATALOG_VERSITYGW")
    found = named or shutil.which("versitygw") or str(PROJECT / "build" / "bin" / "versitygw")
    return require(
        found if Path(found).is_file() else None,
        f"the S3 server versitygw: {found} (EARTHCATALOG_VERSITYGW names another; `make setup` installs it)",
    )


@contextlib.contextmanager
def versitygw(certificate: Path | None = None) -> Iterator[S3Server]:
    """With a certificate (and its key, FILE.key) it speaks TLS."""
    binary = _versitygw()
    tls = ["--cert", str(certificate), "--key", f"{certificate}.key"] if certificate else []
    with tempfile.TemporaryDirectory(prefix="earthcatalog-s3-") as folder:
        port = free_port()
        buckets = Path(folder) / "buckets"
        buckets.mkdir()
        log = Path(folder) / "log"
        with log.open("wb") as output:
            options = ["--port", f"127.0.0.1:{port}", "--region", REGION, "--quiet", *tls]
            process = subprocess.Popen(
                [binary, *options, "posix", str(buckets)],
                env=os.environ | {"ROOT_ACCESS_KEY": ACCESS_KEY, "ROOT_SECRET_KEY": SECRET_KEY},
                stdout=output,
                stderr=output,
            )
        try:
            if not wait_for_port(port, process):
                raise RuntimeError(f"versitygw did not start: {log.read_text()}")
            yield S3Server("versitygw", f"http{'s' if tls else ''}://127.0.0.1:{port}", folder=buckets)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=30)


@contextlib.contextmanager
def moto() -> Iterator[S3Server]:
    """A second implementation, in this process."""
    server = require_module("moto.server").ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        _host, port = server.get_host_and_port()
        yield S3Server("moto", f"http://127.0.0.1:{port}")
    finally:
        server.stop()


SERVERS = {"versitygw": versitygw, "moto": moto}
