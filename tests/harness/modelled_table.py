"""A table, the model of each version of it, and its writers: operations are checked as they are done."""

import dataclasses
import random
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from . import crashes, table_readers, tables
from .operations import Answer, Driver, KilledError, Maker, RefusedError, requests
from .program import Base
from .table_model import (
    Change,
    ConflictError,
    Expired,
    Expiry,
    MisuseError,
    Table,
    change,
    expire,
    rewrite_manifests,
)

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

NextOf = Callable[[Table, Answer], Table]


class ModelledTable:
    """Made in `base`. The writer `at_work` does what is asked for."""

    def __init__(self, base: Base, seed: int, duck: duckdb.DuckDBPyConnection, writers: int = 1) -> None:
        self.base, self.duck = base, duck
        self.sync = False  # of writers that start from now on
        self.spark: SparkSession | None = None
        base.path.mkdir(parents=True, exist_ok=True)
        self.writers = [Driver(base) for _ in range(writers)]
        self.at_work = self.writers[0]
        self.random = random.Random(seed)
        self.maker = Maker(base, seed)
        loaded = tables.load(base)
        self.latest = Table(properties=dict(loaded.properties))
        self.versions = {loaded.metadata_location: self.latest}
        self.done: Counter[str] = Counter()
        self._armed = base.path.parent / f"{base.path.name}-armed"
        self._manifests: dict[str, tuple[str, ...]] = {}

    def end(self) -> None:
        for writer in self.writers:
            writer.end()

    def seen_by(self, writer: Driver) -> Table:
        return self.versions[writer.seen["metadata_location"]]

    def note(self, location: str, table: Table) -> None:
        """The version at `location` is the latest."""
        self.latest = table
        self.versions[location] = table

    def carry_out(self, next_of: NextOf, operation: str, **arguments: Any) -> Answer | None:
        """One operation, of which `next_of` says what it makes of a version of the table.

        The writer tries on the version that it knows first; when that is not the latest, then on that, also
        where there was nothing to change in the first. No answer when it must fail, or was killed.
        """
        writer = self.at_work
        view = self.seen_by(writer)
        answer: Answer = {}
        error: RefusedError | None = None
        try:
            answer = writer.do(operation, **arguments)
        except KilledError:
            self._settle_killed(writer, next_of)
            return None
        except RefusedError as refused:
            error = refused
        try:
            wanted = self._wanted(view, next_of, answer, error)
        except (ConflictError, MisuseError) as refusal:
            assert error, f"{operation} must fail: {arguments}"
            _check_refused(error, refusal)
            assert self.seen_by(writer) in (view, self.latest)
            self.done[error.kind] += 1
            return None
        if error:
            raise AssertionError(f"{operation} must succeed: {arguments}") from error
        if wanted is None:
            assert self.seen_by(writer) is self.latest, "a commit, or a stale view, where nothing changes"
            return answer
        assert answer["metadata_location"] not in self.versions
        self.done["by a stale writer"] += view is not self.latest
        self.note(answer["metadata_location"], wanted)
        self.done[operation] += 1
        return answer

    def _wanted(
        self, view: Table, next_of: NextOf, answer: Answer, error: RefusedError | None
    ) -> Table | None:
        """The next version, or None when there is nothing to change in the latest."""
        try:
            next_of(view, answer)
        except (ConflictError, MisuseError) as refusal:
            # Where an expiry deleted what the writer knew of, it looks at the latest at once.
            expired = view.current is not None and view.current not in self.latest.snapshots
            if not expired or (error and error.kind == _kind_of(refusal)):
                raise
        after = next_of(self.latest, answer)
        return None if after is self.latest else after

    def _settle_killed(self, writer: Driver, next_of: NextOf) -> None:
        """The commit is in, or it is not: the catalog says which."""
        self.done["killed"] += 1
        loaded = tables.load(self.base)
        if loaded.metadata_location in self.versions:
            assert self.versions[loaded.metadata_location] is self.latest
        else:
            current = loaded.current_snapshot()
            answer = {}
            if current:
                answer = {"snapshot_id": current.snapshot_id, "timestamp_ms": current.timestamp_ms}
            self.note(loaded.metadata_location, next_of(self.latest, answer))
            self.done["killed when it was in"] += 1
        self.at_work = self.writers[self.writers.index(writer)] = Driver(self.base, sync=self.sync)

    def arm(self, count: int, *, after: bool) -> None:
        """The writer at work will be killed at (or after) its `count`-th call that changes files."""
        place = self.writers.index(self.at_work)
        self.at_work.end()
        self.disarm()
        place_of_files = str(self.base.path)
        environment = crashes.crash_at("any", place_of_files, count=count, after=after, armed=self._armed)
        self.at_work = self.writers[place] = Driver(self.base, environment, sync=self.sync)
        self._armed.touch()

    def disarm(self) -> None:
        self._armed.unlink(missing_ok=True)

    # ---- operations

    def change(self, asked: Change) -> None:
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
        )

    def rewrite_manifests(self) -> None:
        def next_of(table: Table, answer: Answer) -> Table:
            return rewrite_manifests(table, answer.get("snapshot_id", 0), answer.get("timestamp_ms", 0))

        self.carry_out(next_of, "rewrite_manifests")

    def set_properties(self, wanted: dict[str, str], removed: Iterable[str] = ()) -> None:
        gone = set(removed)

        def next_of(table: Table, _answer: Answer) -> Table:
            kept = {name: value for name, value in table.properties.items() if name not in gone}
            after = kept | wanted
            return table if after == table.properties else dataclasses.replace(table, properties=after)

        self.carry_out(next_of, "properties", set=wanted, removed=sorted(gone))

    def add_columns(self, names: list[str]) -> None:
        def next_of(table: Table, _answer: Answer) -> Table:
            new = tuple(name for name in names if name not in table.columns)
            return dataclasses.replace(table, columns=table.columns + new) if new else table

        self.carry_out(next_of, "evolve", columns=names)

    def expire(self, asked: Expiry, *, plan: bool = False) -> None:
        """With `plan` a dry run comes first."""
        time.sleep(0.003)  # refs that are kept for a millisecond are older than that
        now_ms = int(time.time() * 1000)
        expired: list[Expired] = []

        def next_of(table: Table, answer: Answer) -> Table:
            new = (answer.get("snapshot_id", 0), answer.get("timestamp_ms", 0))
            expired.append(expire(table, asked, now_ms, lambda: new))
            return expired[-1].table

        arguments: dict[str, Any] = {"older_than_ms": asked.older_than_ms, "keep_last": asked.keep_last}
        if asked.carried:
            arguments["carried"] = asked.carried
        before = tables.load(self.base)
        reached = table_readers.reachable(before, self._manifests)
        if plan and self.latest.properties.get("gc.enabled") != "false":
            report = self.at_work.do("expire", dry_run=True, **arguments)["report"]
            self._check_report(report, expire(self.latest, asked, now_ms, lambda: (0, 0)))
            assert tables.load(self.base).metadata_location == before.metadata_location
            assert self.seen_by(self.at_work) is self.latest
        known = len(self.versions)
        answer = self.carry_out(next_of, "expire", **arguments)
        if answer is None or len(self.versions) == known:
            return
        report = answer["report"]
        self._check_report(report, expired[-1])
        after = table_readers.reachable(tables.load(self.base), self._manifests)
        assert set(report["files"]) == reached - after
        assert not [path for path in report["files"] if tables.local_path(path).exists()]
        assert not [path for path in after if not tables.local_path(path).exists()]
        self.done["snapshots expired"] += len(report["snapshots"])
        self.done["refs expired"] += len(report["refs"])

    def _check_report(self, report: dict[str, Any], model: Expired) -> None:
        assert report["snapshots"] == model.snapshots
        assert report["refs"] == model.refs
        assert report["left"] == []
        data = {file for file in report["files"] if file.endswith(".parquet")}
        assert data == {file.path for file in model.data}

    # ---- reading

    def check(self, *, everything: bool, by_spark: int = 3) -> None:
        """By all readers; the current snapshot's rows, or with `everything` those of all snapshots.

        Spark reads so many of them.
        """
        table = tables.load(self.base)
        model = self.latest
        table_readers.check_metadata(table, model)
        if model.snapshot is None:
            return
        snapshots = list(model.snapshots.values()) if everything else [model.snapshot]
        for snapshot in snapshots:
            table_readers.check_entries(table, snapshot)
            table_readers.check_duckdb(self.duck, table.metadata_location, snapshot)
            if everything:
                table_readers.check_scan(table, snapshot)
        if everything and self.spark:
            chosen = self.random.sample(snapshots, min(by_spark, len(snapshots)))
            table_readers.check_spark(self.spark, model, chosen)

    def needed_files(self) -> set[Path]:
        """All that the table names, its catalog file included."""
        table = tables.load(self.base)
        paths = {entry.metadata_file for entry in table.metadata.metadata_log}
        paths |= table_readers.reachable(table, self._manifests) | {table.metadata_location}
        return {tables.local_path(path) for path in paths} | {self.base.db}

    def removed_files(self) -> set[Path]:
        """What manifests name of files that a snapshot removed: nobody needs them."""
        entries = [entry for snapshot in self.latest.snapshots.values() for entry in snapshot.entries]
        return {tables.local_path(entry.file.path) for entry in entries if not entry.live}


def _kind_of(refusal: ConflictError | MisuseError) -> str:
    return "conflict" if isinstance(refusal, ConflictError) else "usage"


def _check_refused(error: RefusedError, wanted: ConflictError | MisuseError) -> None:
    assert error.kind == _kind_of(wanted), error
    if isinstance(wanted, ConflictError):
        assert any(file.path in error.message for file in wanted.files), error
