"""Random operations by two writers, some of them killed, and by PyIceberg, against a model of the table.

EARTHCATALOG_FULL=1  longer sequences, with all retained snapshots scanned by every reader after every commit
"""

import dataclasses
import json
import os
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from harness import s3, spark_session, tables
from harness.modelled_table import ModelledTable
from harness.operations import DataFile, foreign_catalog
from harness.program import Base
from harness.s3 import S3Server
from harness.table_model import (
    MERGE_COUNT,
    Change,
    Expiry,
    Ref,
    Removal,
    Table,
)

FULL = os.environ.get("EARTHCATALOG_FULL") == "1"
LOCAL = os.environ.get("EARTHCATALOG_TEST_STORAGE", "local") == "local"
OPERATIONS = 200 if FULL else 60
ALL_SCANNED_EVERY = 1 if FULL else 20
FOREVER_MS = 10**12


def reach_bucket(duck: duckdb.DuckDBPyConnection, server: S3Server) -> None:
    duck.execute("load httpfs")
    duck.execute(
        f"""create or replace secret (
              type s3, key_id '{server.access_key}', secret '{server.secret_key}', region '{s3.REGION}',
              endpoint '{server.url.removeprefix("http://")}', url_style 'path', use_ssl false)"""
    )


class Sequence(ModelledTable):
    """Two writers, and what they do."""

    names = 0

    # ---- what is drawn

    def some_live(self, most: int = 4) -> list[DataFile]:
        files = sorted(self.seen_by(self.at_work).files)
        return self.random.sample(files, min(len(files), self.random.randint(1, most)))

    def append(self) -> None:
        note = {"tests.note": str(self.random.random())}
        self.change(Change("append", tuple(self.maker.new_files()), summary=note))

    def append_nothing(self) -> None:
        self.change(Change("append", summary=self.random.choice([{}, {"tests.note": "no files"}])))

    def overwrite_files(self) -> None:
        removal = Removal(files=tuple(self.some_live()))
        self.change(Change("overwrite", tuple(self.maker.new_files()), removal))

    def overwrite_partitions(self) -> None:
        partitions = frozenset(self.maker.partition() for _ in range(self.random.randint(1, 2)))
        added = [self.maker.new_file(partition) for partition in partitions]
        self.change(Change("overwrite", tuple(added), Removal(partitions=partitions)))

    def overwrite_everything(self) -> None:
        self.change(Change("overwrite", tuple(self.maker.new_files(4)), Removal(everything=True)))

    def replace(self) -> None:
        files = self.some_live()
        # The rows of what counts as older than the commit: of no younger file than any of them.
        numbers = [entry.sequence_number for entry in self.entries_of(files)]
        number = self.random.choice([None, min(numbers, default=None)])
        asked = Change("replace", tuple(self.maker.merged(files)), Removal(files=tuple(files)), {}, number)
        self.change(asked)

    def entries_of(self, files: list[DataFile]) -> list[Any]:
        snapshot = self.seen_by(self.at_work).snapshot
        return [entry for entry in snapshot.entries if entry.live and entry.file in files] if snapshot else []

    def delete_files(self) -> None:
        self.change(Change("delete", removal=Removal(files=tuple(self.some_live(2)))))

    def delete_partition(self) -> None:
        self.change(Change("delete", removal=Removal(partitions=frozenset([self.maker.partition()]))))

    def misuse(self) -> None:
        live = self.some_live()
        if not live:
            return
        cell, year = live[0].partition
        wrong = self.random.choice(
            [
                Change("replace", (self.maker.new_file(rows=40),), Removal(files=tuple(live))),
                Change("overwrite", (live[0],), Removal(files=tuple(live))),
                Change("overwrite", (live[0],), Removal(partitions=frozenset([(cell, year)]))),
                Change("overwrite", (live[0],), Removal(everything=True)),
                Change("delete", (self.maker.new_file(),), Removal(files=tuple(live))),
                Change("append", (self.maker.new_file(),) * 2),
            ]
        )
        self.change(wrong)

    def removed_before(self) -> None:
        """A file that is in an older snapshot alone."""
        view = self.seen_by(self.at_work)
        gone = sorted(view.reached(view.snapshots) - set(view.files))
        if gone:
            kind = self.random.choice(["overwrite", "replace", "delete"])
            self.change(Change(kind, removal=Removal(files=(self.random.choice(gone),))))

    def columns(self) -> None:
        self.add_columns(sorted({f"tests:{self.random.randint(0, 30)}" for _ in range(2)}))

    def end_history(self) -> None:
        instants = [snapshot.timestamp_ms for snapshot in self.seen_by(self.at_work).snapshots.values()]
        asked = Expiry(
            self.random.choice([None, *(instant + 1 for instant in instants[-8:])]),
            self.random.choice([None, 1, 2, 5]),
            self.random.choice([{}, {"tests.carried": "kept"}]),
        )
        # In a bucket the writer may be killed at any moment.
        self.expire(asked, plan=self.random.random() < 0.3 and not isinstance(self.base, s3.BucketFolder))

    def properties(self) -> None:
        name = f"tests.{self.random.randint(0, 4)}"
        wanted = {name: str(self.random.randint(0, 3))}
        removed = {f"tests.{self.random.randint(0, 4)}"} - {name}

        self.set_properties(wanted, removed)

    def forbidden_expiry(self) -> None:
        other = self.writers[0] if self.at_work is self.writers[1] else self.writers[1]
        self.set_properties({"gc.enabled": "false"})
        own, self.at_work = self.at_work, other
        self.expire(Expiry(FOREVER_MS * 10))
        self.at_work = own
        self.set_properties({}, {"gc.enabled"})

    # ---- by PyIceberg

    def manage(self, act: Callable[[Any], Any], after: Table) -> None:
        with foreign_catalog(self.base) as catalog:
            table = catalog.load_table(tables.IDENTIFIER)
            act(table.manage_snapshots()).commit()
            self.note(catalog.load_table(tables.IDENTIFIER).metadata_location, after)

    def tag_or_branch(self) -> None:
        if not self.latest.snapshots:
            return
        self.names += 1
        name = f"ref-{self.names}"
        id_ = self.random.choice(sorted(self.latest.snapshots))
        age = self.random.choice([None, 1, FOREVER_MS])
        if self.random.random() < 0.5:
            ref = Ref(id_, "tag", age)
            self.manage(
                lambda snapshots: snapshots.create_tag(id_, name, max_ref_age_ms=age),
                dataclasses.replace(self.latest, refs=self.latest.refs | {name: ref}),
            )
        else:
            settings = {
                "max_ref_age_ms": age,
                "max_snapshot_age_ms": self.random.choice([None, 1, FOREVER_MS]),
                "min_snapshots_to_keep": self.random.choice([None, 1, 3]),
            }
            ref = Ref(id_, "branch", **settings)
            self.manage(
                lambda snapshots: snapshots.create_branch(id_, name, **settings),
                dataclasses.replace(self.latest, refs=self.latest.refs | {name: ref}),
            )
        self.done["refs made"] += 1

    def remove_ref(self) -> None:
        names = sorted(name for name in self.latest.refs if name != "main")
        if not names:
            return
        name = self.random.choice(names)
        is_tag = self.latest.refs[name].type == "tag"
        kept = {other: ref for other, ref in self.latest.refs.items() if other != name}
        self.manage(
            lambda snapshots: snapshots.remove_tag(name) if is_tag else snapshots.remove_branch(name),
            dataclasses.replace(self.latest, refs=kept),
        )

    def roll_back(self) -> None:
        earlier = self.latest.history(self.latest.current)[1:4]
        if not earlier:
            return
        id_ = self.random.choice(earlier).id
        main = dataclasses.replace(self.latest.refs["main"], snapshot_id=id_)
        self.manage(
            lambda snapshots: snapshots.rollback_to_snapshot(id_),
            dataclasses.replace(
                self.latest,
                current=id_,
                refs=self.latest.refs | {"main": main},
                log=(*self.latest.log, id_),
            ),
        )
        self.done["rolled back"] += 1

    # ---- running

    OPERATIONS = (
        (append, 8),
        (append_nothing, 1),
        (overwrite_files, 4),
        (overwrite_partitions, 3),
        (overwrite_everything, 1),
        (replace, 6),
        (delete_files, 2),
        (delete_partition, 2),
        (ModelledTable.rewrite_manifests, 2),
        (misuse, 2),
        (removed_before, 1),
        (properties, 2),
        (columns, 2),
        (end_history, 4),
        (forbidden_expiry, 1),
        (tag_or_branch, 3),
        (remove_ref, 1),
        (roll_back, 1),
    )

    def step(self, operation: Callable[["Sequence"], None] | None) -> None:
        """The operation, or one that is drawn, by a writer that is drawn."""
        self.at_work = self.random.choice(self.writers)
        if self.random.random() < 0.1:
            self.prepare_fault()
        operations, weights = zip(*self.OPERATIONS, strict=True)
        (operation or self.random.choices(operations, weights)[0])(self)

    def prepare_fault(self) -> None:
        """The writer at work will be killed, unless it needs fewer calls for its next operation."""
        if isinstance(self.base, s3.BucketFolder):
            threading.Timer(self.random.random() * 0.15, self.at_work.process.kill).start()
            return
        self.arm(self.random.randint(1, 14), after=self.random.random() < 0.5)

    def run(self, operations: int) -> None:
        self.set_properties({MERGE_COUNT: "6"})
        each_once = [operation for operation, _weight in self.OPERATIONS]
        self.random.shuffle(each_once)
        first = [Sequence.append] * 3 + each_once
        for number in range(1, operations + 1):
            before = self.latest
            self.step(first.pop(0) if first else None)
            everything = number % ALL_SCANNED_EVERY == 0 or number == operations
            if self.latest is not before or everything:
                self.check(everything=everything, by_spark=1000 if FULL else 3)


def run(sequence: Sequence, operations: int) -> Counter[str]:
    try:
        sequence.run(operations)
    finally:
        sequence.end()
    return sequence.done


SEEDS = (1, 2, 3)
# What one seed may miss, where a writer was killed or there was nothing to do.
HAPPENS_WITH_SOME_SEED = (
    "killed",
    "expire",
    "snapshots expired",
    "rewrite_manifests",
    "properties",
    "evolve",
    "rolled back",
)


@pytest.fixture
def counted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all seeds of this run share, though each may be tested by another process."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "counted-operations"
    folder.mkdir(exist_ok=True)
    return folder


def check_all_happened(counted: Path, seed: int, done: Counter[str]) -> None:
    """By the last of the seeds; nobody where some are left out, or have failed."""
    part = counted / f"{seed}.part"
    part.write_text(json.dumps(done))
    part.rename(counted / f"{seed}.json")
    counts = [Counter(json.loads(path.read_text())) for path in counted.glob("*.json")]
    if len(counts) == len(SEEDS):
        total = sum(counts, Counter[str]())
        assert all(total[kind] for kind in HAPPENS_WITH_SOME_SEED), total


@pytest.mark.timeout(7200 if FULL else 600)
@pytest.mark.parametrize("seed", SEEDS)
def test_every_reader_sees_what_the_model_says(
    base: Base,
    duck: duckdb.DuckDBPyConnection,
    request: pytest.FixtureRequest,
    counted: Path,
    seed: int,
) -> None:
    sequence = Sequence(base, seed, duck, writers=2)
    if LOCAL:  # Spark would need a library of its own for S3
        sequence.spark = spark_session.of_catalogue(request.getfixturevalue("spark_process"), base)
    else:
        reach_bucket(duck, request.getfixturevalue("gateway"))
    done = run(sequence, OPERATIONS)
    assert all(done[kind] for kind in ("append", "overwrite", "replace", "delete", "refs made")), done
    assert done["conflict"] + done["by a stale writer"] > 3, done
    check_all_happened(counted, seed, done)


def test_in_a_bucket_too(
    gateway: S3Server, duck: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert gateway.folder
    s3.set_environment(monkeypatch, gateway)
    monkeypatch.setenv(tables.BUCKETS, str(gateway.folder))
    reach_bucket(duck, gateway)
    base = s3.new_folder(gateway, "operations", "base")
    done = run(Sequence(base, 4, duck, writers=2), 60 if FULL else 24)  # each of them once
    assert done["append"], done
