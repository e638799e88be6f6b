"""Random operations by two writers, some of them killed, and by PyIceberg, against a model of the table.

EARTHCATALOG_FULL=1  longer sequences, with all retained snapshots scanned by every reader after every commit
"""

import dataclasses
import os
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from harness import crashes, duckdb_session, s3, spark_session, table_readers, tables
from harness.operations import Answer, DataFile, Driver, Killed, Maker, Refused, foreign_catalog, requests
from harness.program import Base
from harness.s3 import S3Server
from harness.table_model import (
    MERGE_COUNT,
    Change,
    Conflict,
    Expiry,
    Misuse,
    Ref,
    Removal,
    Table,
    change,
    expire,
)

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

FULL = os.environ.get("EARTHCATALOG_FULL") == "1"
LOCAL = os.environ.get("EARTHCATALOG_TEST_STORAGE", "local") == "local"
OPERATIONS = 200 if FULL else 60
ALL_SCANNED_EVERY = 1 if FULL else 20
FOREVER_MS = 10**12


@pytest.fixture(scope="module")
def duck(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb_session.connect(tmp_path_factory.mktemp("duckdb"))
    yield connection
    connection.close()


def reach_bucket(duck: duckdb.DuckDBPyConnection, server: S3Server) -> None:
    duck.execute("load httpfs")
    duck.execute(
        f"""create or replace secret (type s3, key_id '{server.access_key}', secret '{server.secret_key}',
            endpoint '{server.url.removeprefix("http://")}', region '{s3.REGION}', url_style 'path', use_ssl false)"""
    )


class Sequence:
    """A table that is operated on, the model of each version of it, and two writers."""

    def __init__(
        self, base: Base, seed: int, duck: duckdb.DuckDBPyConnection, spark: "SparkSession | None"
    ) -> None:
        self.base, self.duck, self.spark = base, duck, spark
        self.random = random.Random(seed)
        base.path.mkdir(parents=True, exist_ok=True)
        self.writers = [Driver(base)]
        self.maker = Maker(base, seed)
        loaded = tables.load(base)
        self.latest = Table(properties=dict(loaded.properties))
        self.versions = {loaded.metadata_location: self.latest}
        self.writers.append(Driver(base))
        self.at_work = self.writers[0]
        self.done: Counter[str] = Counter()
        self.known_manifests: dict[str, tuple[str, ...]] = {}
        self.names = 0

    # ---- committing

    def seen_by(self, writer: Driver) -> Table:
        return self.versions[writer.seen["metadata_location"]]

    def carry_out(
        self, next_of: Callable[[Table, Answer], Table], operation: str, **arguments: Any
    ) -> Answer | None:
        """One operation by the writer at work. `next_of` is what it makes of a version of the table.

        The writer tries on the version that it knows first; when that is not the latest, then on that.
        """
        writer = self.at_work
        view = self.seen_by(writer)
        answer: Answer = {}
        error: Refused | None = None
        try:
            answer = writer.do(operation, **arguments)
        except Killed:
            self.settle_killed(writer, next_of)
            return None
        except Refused as refused:
            error = refused
        try:
            wanted = self.wanted(view, next_of, answer)
        except (Conflict, Misuse) as refusal:
            assert error, f"{operation} must fail: {arguments}"
            assert error.kind == ("conflict" if isinstance(refusal, Conflict) else "usage"), error
            if isinstance(refusal, Conflict):
                assert any(file.path in error.message for file in refusal.files), error
            assert self.seen_by(writer) in (view, self.latest)
            self.done[error.kind] += 1
            return None
        if error:
            raise AssertionError(f"{operation} must succeed: {arguments}") from error
        if wanted is None:
            assert self.seen_by(writer) is view, "a commit where there is nothing to change"
            return answer
        assert answer["metadata_location"] not in self.versions
        self.note(answer["metadata_location"], wanted)
        self.done[operation] += 1
        if view is not self.latest:
            self.done["by a stale writer"] += 1
        return answer

    def wanted(self, view: Table, next_of: Callable[[Table, Answer], Table], answer: Answer) -> Table | None:
        """The next version, or None when there is nothing to change."""
        if next_of(view, answer) is view:
            return None
        after = next_of(self.latest, answer)
        return None if after is self.latest else after

    def note(self, location: str, table: Table) -> None:
        self.latest = table
        self.versions[location] = table

    def settle_killed(self, writer: Driver, next_of: Callable[[Table, Answer], Table]) -> None:
        """The commit is in, or it is not: the catalog says which."""
        self.done["killed"] += 1
        loaded = tables.load(self.base)
        if loaded.metadata_location not in self.versions:
            current = loaded.current_snapshot()
            answer = {}
            if current:
                answer = {"snapshot_id": current.snapshot_id, "timestamp_ms": current.timestamp_ms}
            self.note(loaded.metadata_location, next_of(self.latest, answer))
            self.done["killed when it was in"] += 1
        else:
            assert self.versions[loaded.metadata_location] is self.latest
        self.writers[self.writers.index(writer)] = Driver(self.base)

    def change(self, asked: Change, **arguments: Any) -> None:
        looked_at = self.seen_by(self.at_work).last_sequence_number

        def next_of(table: Table, answer: Answer) -> Table:
            id_, instant = answer.get("snapshot_id", 0), answer.get("timestamp_ms", 0)
            return change(table, looked_at, asked, id_, instant)

        removal = asked.removal
        self.carry_out(
            next_of,
            asked.kind,
            files=requests(list(asked.added)),
            summary=asked.summary,
            removed=requests(list(removal.files)),
            partitions=sorted(removal.partitions, key=repr),
            everything=removal.everything,
            data_sequence_number=asked.data_sequence_number,
            **arguments,
        )

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

    def set_properties(self, wanted: dict[str, str], removed: set[str]) -> None:
        def next_of(table: Table, _answer: Answer) -> Table:
            kept = {name: value for name, value in table.properties.items() if name not in removed}
            after = kept | wanted
            return table if after == table.properties else dataclasses.replace(table, properties=after)

        self.carry_out(next_of, "properties", set=wanted, removed=sorted(removed))

    def properties(self) -> None:
        name = f"tests.{self.random.randint(0, 4)}"
        wanted = {name: str(self.random.randint(0, 3))}
        removed = {f"tests.{self.random.randint(0, 4)}"} - {name}

        self.set_properties(wanted, removed)

    def columns(self) -> None:
        names = sorted({f"tests:{self.random.randint(0, 30)}" for _ in range(2)})

        def next_of(table: Table, _answer: Answer) -> Table:
            new = tuple(name for name in names if name not in table.columns)
            return dataclasses.replace(table, columns=table.columns + new) if new else table

        self.carry_out(next_of, "evolve", columns=names)

    def expire(self) -> None:
        time.sleep(0.003)  # refs that are kept for a millisecond are older than that
        view = self.seen_by(self.at_work)
        instants = [snapshot.timestamp_ms for snapshot in view.snapshots.values()]
        asked = Expiry(
            self.random.choice([None, *(instant + 1 for instant in instants[-8:])]),
            self.random.choice([None, 1, 2, 5]),
            self.random.choice([{}, {"tests.carried": "kept"}]),
        )
        now_ms = int(time.time() * 1000)
        expired: list[Any] = []

        def next_of(table: Table, answer: Answer) -> Table:
            new = (answer.get("snapshot_id", 0), answer.get("timestamp_ms", 0))
            expired.append(expire(table, asked, now_ms, lambda: new))
            return expired[-1].table

        arguments: dict[str, Any] = {"older_than_ms": asked.older_than_ms, "keep_last": asked.keep_last}
        if asked.carried:
            arguments["carried"] = asked.carried
        before = tables.load(self.base)
        reached = table_readers.reachable(before, self.known_manifests)
        versions = len(self.versions)
        if self.random.random() < 0.3:
            self.dry_run(arguments, expire(view, asked, now_ms, lambda: (0, 0)))
        answer = self.carry_out(next_of, "expire", **arguments)
        if answer is None or len(self.versions) == versions:
            return
        report, model = answer["report"], expired[-1]
        assert report["snapshots"] == model.snapshots
        assert report["refs"] == model.refs
        assert report["left"] == []
        after = table_readers.reachable(tables.load(self.base), self.known_manifests)
        assert set(report["files"]) == reached - after
        assert {file for file in report["files"] if file.endswith(".parquet")} == {
            file.path for file in model.data
        }
        assert not [path for path in report["files"] if tables.local_path(path).exists()]
        assert not [path for path in after if not tables.local_path(path).exists()]
        self.done["snapshots expired"] += len(report["snapshots"])
        self.done["refs expired"] += len(report["refs"])

    def dry_run(self, arguments: dict[str, Any], model: Any) -> None:
        """Says what would be, and does nothing."""
        before = tables.load(self.base).metadata_location
        report = self.at_work.do("expire", dry_run=True, **arguments)["report"]
        assert report["snapshots"] == model.snapshots
        assert report["refs"] == model.refs
        assert {file for file in report["files"] if file.endswith(".parquet")} == {
            file.path for file in model.data
        }
        assert tables.load(self.base).metadata_location == before

    def forbidden_expiry(self) -> None:
        def refused(table: Table, _answer: Answer) -> Table:
            return expire(table, Expiry(FOREVER_MS * 10), 0, lambda: (0, 0)).table

        other = self.writers[0] if self.at_work is self.writers[1] else self.writers[1]
        self.set_properties({"gc.enabled": "false"}, set())
        own, self.at_work = self.at_work, other
        self.carry_out(refused, "expire", older_than_ms=FOREVER_MS * 10)
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
        (misuse, 2),
        (removed_before, 1),
        (properties, 2),
        (columns, 2),
        (expire, 4),
        (forbidden_expiry, 1),
        (tag_or_branch, 3),
        (remove_ref, 1),
        (roll_back, 1),
    )

    def step(self) -> None:
        self.at_work = self.random.choice(self.writers)
        if self.random.random() < 0.1:
            self.prepare_fault()
        operations, weights = zip(*self.OPERATIONS, strict=True)
        self.random.choices(operations, weights)[0](self)

    def prepare_fault(self) -> None:
        """The writer at work will be killed, unless it needs fewer calls for its next operation."""
        place = self.writers.index(self.at_work)
        if isinstance(self.base, s3.BucketFolder):
            threading.Timer(self.random.random() * 0.15, self.at_work.process.kill).start()
            return
        self.at_work.end()
        armed = self.base.path.parent / "armed"
        armed.unlink(missing_ok=True)
        count, after = self.random.randint(1, 12), self.random.random() < 0.5
        environment = crashes.crash_at("any", str(self.base.path), count=count, after=after, armed=armed)
        self.at_work = self.writers[place] = Driver(self.base, environment)
        armed.touch()

    def check(self, *, everything: bool) -> None:
        table = tables.load(self.base)
        model = self.latest
        table_readers.check_metadata(table, model)
        if model.snapshot is None:
            return
        table_readers.check_entries(table, model.snapshot)
        snapshots = list(model.snapshots.values()) if everything else [model.snapshot]
        for snapshot in snapshots:
            table_readers.check_duckdb(self.duck, table.metadata_location, snapshot)
            if everything:
                table_readers.check_scan(table, snapshot)
                table_readers.check_entries(table, snapshot)
        if everything and self.spark:
            chosen = snapshots if FULL else self.random.sample(snapshots, min(3, len(snapshots)))
            table_readers.check_spark(self.spark, model, chosen)

    def run(self, operations: int) -> None:
        self.set_properties({MERGE_COUNT: "6"}, set())
        for number in range(1, operations + 1):
            before = self.latest
            self.step()
            everything = number % ALL_SCANNED_EVERY == 0 or number == operations
            if self.latest is not before or everything:
                self.check(everything=everything)

    def end(self) -> None:
        for writer in self.writers:
            writer.end()


def run(sequence: Sequence, operations: int) -> Counter[str]:
    try:
        sequence.run(operations)
    finally:
        sequence.end()
    return sequence.done


@pytest.mark.timeout(7200 if FULL else 300)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_reader_sees_what_the_model_says(
    base: Base, duck: duckdb.DuckDBPyConnection, request: pytest.FixtureRequest, seed: int
) -> None:
    spark = None
    if LOCAL:  # Spark would need a library of its own for S3
        spark = spark_session.of_catalogue(request.getfixturevalue("spark_process"), base)
    else:
        reach_bucket(duck, request.getfixturevalue("gateway"))
    done = run(Sequence(base, seed, duck, spark), OPERATIONS)
    print(dict(done))
    assert all(done[kind] for kind in ("append", "overwrite", "replace", "delete", "expire", "usage")), done
    assert done["conflict"] + done["by a stale writer"] > 5, done


def test_in_a_bucket_too(
    gateway: S3Server, duck: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert gateway.folder
    s3.set_environment(monkeypatch, gateway)
    monkeypatch.setenv(tables.BUCKETS, str(gateway.folder))
    reach_bucket(duck, gateway)
    base = s3.new_folder(gateway, "operations", "base")
    print(dict(run(Sequence(base, 4, duck, None), 40 if FULL else 12)))
