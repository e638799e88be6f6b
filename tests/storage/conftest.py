"""Fixtures of the tests of catalogues in object stores."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from harness import s3
from harness.archives import Archive
from harness.program import Program
from harness.s3 import S3Base, S3Server

_numbers = itertools.count()


@pytest.fixture(scope="session", params=list(s3.SERVERS))
def server(request: pytest.FixtureRequest) -> Iterator[S3Server]:
    """Each server there is."""
    if request.param == "versitygw":
        yield request.getfixturevalue("gateway")
        return
    with s3.SERVERS[request.param]() as started:
        yield started


@pytest.fixture
def new_base() -> Callable[..., S3Base]:
    """Makes a place for a catalogue in a bucket of its own."""

    def make(server: S3Server, *, public: bool = False) -> S3Base:
        return S3Base(server.new_bucket(f"bucket-{next(_numbers)}", public=public))

    return make


@pytest.fixture
def few(archive: Archive, tmp_path: Path) -> tuple[Archive, Path]:
    """Some items and their inventory."""
    head = archive.head(120)
    return head, head.csv(tmp_path / "few.csv")


@pytest.fixture
def running(program: Program, monkeypatch: pytest.MonkeyPatch) -> Callable[[S3Server], Program]:
    """The program, with this process's environment set for a server."""

    def use(server: S3Server) -> Program:
        s3.set_environment(monkeypatch, server)
        return program

    return use
