"""What a table must hold after each operation, in plain Python: nothing here reads a table."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from .operations import DataFile, Partition

EXISTING, ADDED, DELETED = 0, 1, 2
MERGE_COUNT = "commit.manifest.min-count-to-merge"
DEFAULT_MERGE_COUNT = 100
DEFAULT_AGE_MS = 5 * 24 * 3600 * 1000


class ConflictError(Exception):
    """The commit must end so; the message names one of `files`."""

    def __init__(self, files: Iterable[DataFile]) -> None:
        super().__init__("conflict")
        self.files = set(files)


class MisuseError(Exception):
    """A usage error."""


@dataclass(frozen=True)
class Entry:
    status: int
    snapshot_id: int
    sequence_number: int
    file_sequence_number: int
    file: DataFile

    @property
    def live(self) -> bool:
        return self.status != DELETED

    def row(self) -> tuple[Any, ...]:
        return (
            self.status,
            self.snapshot_id,
            self.sequence_number,
            self.file_sequence_number,
            self.file.path,
        )


@dataclass(frozen=True)
class Manifest:
    added_by: int
    entries: tuple[Entry, ...]

    @property
    def live(self) -> bool:
        return any(entry.live for entry in self.entries)


@dataclass(frozen=True)
class Snapshot:
    id: int
    parent: int | None
    sequence_number: int
    timestamp_ms: int
    operation: str
    summary: dict[str, str]
    manifests: tuple[Manifest, ...]  # newest first

    @property
    def entries(self) -> list[Entry]:
        return [entry for manifest in self.manifests for entry in manifest.entries]

    @property
    def files(self) -> list[DataFile]:
        return [entry.file for entry in self.entries if entry.live]

    @property
    def ids(self) -> list[str]:
        return sorted(id_ for file in self.files for id_ in file.ids)


@dataclass(frozen=True)
class Ref:
    snapshot_id: int
    type: str  # branch or tag
    max_ref_age_ms: int | None = None
    max_snapshot_age_ms: int | None = None
    min_snapshots_to_keep: int | None = None


@dataclass(frozen=True)
class Removal:
    files: tuple[DataFile, ...] = ()
    partitions: frozenset[Partition] = frozenset()
    everything: bool = False

    def __bool__(self) -> bool:
        return bool(self.files or self.partitions or self.everything)


@dataclass(frozen=True)
class Change:
    """What an operation that makes a snapshot asks for."""

    kind: str  # append, overwrite, replace or delete
    added: tuple[DataFile, ...] = ()
    removal: Removal = Removal()
    summary: dict[str, str] = field(default_factory=dict)
    data_sequence_number: int | None = None


@dataclass(frozen=True)
class Table:
    """One version of a table."""

    snapshots: dict[int, Snapshot] = field(default_factory=dict)
    current: int | None = None
    last_sequence_number: int = 0
    refs: dict[str, Ref] = field(default_factory=dict)
    log: tuple[int, ...] = ()
    properties: dict[str, str] = field(default_factory=dict)
    columns: tuple[str, ...] = ()  # that were added

    @property
    def snapshot(self) -> Snapshot | None:
        return None if self.current is None else self.snapshots[self.current]

    @property
    def files(self) -> list[DataFile]:
        return self.snapshot.files if self.snapshot else []

    def history(self, id_: int | None) -> list[Snapshot]:
        """Newest first, as far as it is there."""
        found = []
        while id_ is not None and id_ in self.snapshots:
            found.append(self.snapshots[id_])
            id_ = self.snapshots[id_].parent
        return found

    def reached(self, ids: Iterable[int]) -> set[DataFile]:
        return {file for id_ in ids for file in self.snapshots[id_].files}


def change(table: Table, looked_at: int, asked: Change, id_: int, timestamp_ms: int) -> Table:
    """`table` after the commit. `looked_at`: the sequence number of what the writer knew."""
    if asked.kind == "delete" and asked.added:
        raise MisuseError
    paths = [file.path for file in asked.added]
    if len(set(paths)) < len(paths) or set(asked.removal.files) & set(asked.added):
        raise MisuseError
    if asked.data_sequence_number is not None and asked.data_sequence_number > looked_at:
        raise MisuseError
    if not asked.added and not asked.removal and not asked.summary:
        return table
    parent = table.snapshot
    number = table.last_sequence_number + 1
    older = _live_manifests(parent)
    goes = _those_to_go(older, asked.removal, looked_at)
    if goes & set(asked.added):
        raise MisuseError
    if asked.kind == "replace" and _rows(asked.added) > _rows(goes):
        raise MisuseError
    manifests = [_without(manifest, goes, id_) for manifest in older]
    manifests = _merged(manifests, table, id_)
    if asked.added:
        data_number = number if asked.data_sequence_number is None else asked.data_sequence_number
        added = sorted(asked.added, key=lambda file: _partition_key(file.partition))
        entries = tuple(Entry(ADDED, id_, data_number, number, file) for file in added)
        manifests.insert(0, Manifest(id_, entries))
    summary = _summary(asked, goes, parent)
    return _committed(table, id_, timestamp_ms, _operation(asked, goes), summary, manifests)


def rewrite_manifests(table: Table, id_: int, timestamp_ms: int) -> Table:
    """The manifests are all small here: they become one."""
    older = _live_manifests(table.snapshot)
    if len(older) < 2:
        return table
    united = _united(older, id_)
    counts = {
        "manifests-created": "1",
        "manifests-replaced": str(len(older)),
        "manifests-kept": "0",
        "entries-processed": str(len(united.entries)),
    }
    summary = _summary(Change("replace", summary=counts), set(), table.snapshot)
    return _committed(table, id_, timestamp_ms, "replace", summary, [united])


def _live_manifests(snapshot: Snapshot | None) -> list[Manifest]:
    return [manifest for manifest in snapshot.manifests if manifest.live] if snapshot else []


def _united(manifests: list[Manifest], id_: int) -> Manifest:
    entries = [entry for manifest in manifests for entry in manifest.entries if entry.live]
    return Manifest(id_, tuple(replace(entry, status=EXISTING) for entry in entries))


def _committed(
    table: Table,
    id_: int,
    timestamp_ms: int,
    operation: str,
    summary: dict[str, str],
    manifests: list[Manifest],
) -> Table:
    number = table.last_sequence_number + 1
    snapshot = Snapshot(id_, table.current, number, timestamp_ms, operation, summary, tuple(manifests))
    old_main = table.refs.get("main", Ref(id_, "branch"))
    return replace(
        table,
        snapshots=table.snapshots | {id_: snapshot},
        current=id_,
        last_sequence_number=number,
        refs=table.refs | {"main": replace(old_main, snapshot_id=id_)},
        log=(*table.log, id_),
    )


def _partition_key(partition: Partition) -> tuple[bool, str, bool, int]:
    cell, year = partition
    return (cell is not None, cell or "", year is not None, year or 0)


def _rows(files: Iterable[DataFile]) -> int:
    return sum(file.records for file in files)


def _those_to_go(manifests: list[Manifest], removal: Removal, looked_at: int) -> set[DataFile]:
    live = [entry for manifest in manifests for entry in manifest.entries if entry.live]
    there = {entry.file for entry in live}
    as_a_whole = [
        entry
        for entry in live
        if entry.file not in removal.files
        and (removal.everything or entry.file.partition in removal.partitions)
    ]
    news = {entry.file for entry in as_a_whole if entry.file_sequence_number > looked_at}
    gone = set(removal.files) - there
    if news or gone:
        raise ConflictError(news | gone)
    return set(removal.files) | {entry.file for entry in as_a_whole}


def _without(manifest: Manifest, goes: set[DataFile], id_: int) -> Manifest:
    """Written anew where it holds one of them, otherwise as it is."""
    if not any(entry.live and entry.file in goes for entry in manifest.entries):
        return manifest
    entries = [
        replace(entry, status=DELETED, snapshot_id=id_)
        if entry.file in goes
        else replace(entry, status=EXISTING)
        for entry in manifest.entries
        if entry.live
    ]
    return Manifest(id_, tuple(entries))


def _merged(manifests: list[Manifest], table: Table, id_: int) -> list[Manifest]:
    """Old small ones become one when they are too many; those of this commit stay."""
    small = [manifest for manifest in manifests if manifest.added_by != id_]
    if len(small) <= int(table.properties.get(MERGE_COUNT, DEFAULT_MERGE_COUNT)):
        return manifests
    return [*(manifest for manifest in manifests if manifest.added_by == id_), _united(small, id_)]


def _operation(asked: Change, goes: set[DataFile]) -> str:
    if asked.kind in ("append", "replace", "delete"):
        return asked.kind
    if not goes:
        return "append"
    return "overwrite" if asked.added else "delete"


def _summary(asked: Change, goes: set[DataFile], parent: Snapshot | None) -> dict[str, str]:
    summary = dict(asked.summary)
    for names, files in (
        (("added-data-files", "added-records", "added-files-size"), set(asked.added)),
        (("deleted-data-files", "deleted-records", "removed-files-size"), goes),
    ):
        if files:
            counts = (len(files), _rows(files), sum(file.size for file in files))
            summary.update(zip(names, map(str, counts), strict=True))
    changed = {file.partition for file in (*asked.added, *goes)}
    if changed:
        summary["changed-partition-count"] = str(len(changed))
    live = (set(parent.files) if parent else set()) - goes | set(asked.added)
    summary["total-data-files"] = str(len(live))
    summary["total-records"] = str(_rows(live))
    summary["total-files-size"] = str(sum(file.size for file in live))
    for kind in ("delete-files", "position-deletes", "equality-deletes"):
        summary[f"total-{kind}"] = "0"
    return summary


@dataclass(frozen=True)
class Expiry:
    older_than_ms: int | None = None
    keep_last: int | None = None
    carried: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Expired:
    table: Table
    snapshots: list[int]
    refs: list[str]
    data: set[DataFile]  # that nothing reaches any more


def expire(table: Table, asked: Expiry, now_ms: int, new: Callable[[], tuple[int, int]]) -> Expired:
    """`new`: the id and instant of a snapshot, asked only where one is made."""
    if table.properties.get("gc.enabled") == "false":
        raise MisuseError
    age = int(table.properties.get("history.expire.max-snapshot-age-ms", DEFAULT_AGE_MS))
    count = int(table.properties.get("history.expire.min-snapshots-to-keep", 1))
    oldest = now_ms - age if asked.older_than_ms is None else asked.older_than_ms
    least = count if asked.keep_last is None else asked.keep_last

    over = {
        name
        for name, ref in table.refs.items()
        if name != "main"
        and ref.max_ref_age_ms is not None
        and now_ms - table.snapshots[ref.snapshot_id].timestamp_ms > ref.max_ref_age_ms
    }
    kept: set[int] = set()
    led_to: set[int] = set()
    for name, ref in table.refs.items():
        if name in over:
            continue
        kept.add(ref.snapshot_id)
        if ref.type == "tag":
            continue
        limit = oldest if ref.max_snapshot_age_ms is None else now_ms - ref.max_snapshot_age_ms
        minimum = least if ref.min_snapshots_to_keep is None else ref.min_snapshots_to_keep
        line = table.history(ref.snapshot_id)
        led_to.update(snapshot.id for snapshot in line)
        for place, snapshot in enumerate(line):
            if place >= minimum and snapshot.timestamp_ms < limit:
                break
            kept.add(snapshot.id)
    goes = {
        id_
        for id_, snapshot in table.snapshots.items()
        if id_ not in kept and (id_ in led_to or snapshot.timestamp_ms < oldest)
    }
    if not goes and not over:
        return Expired(table, [], [], set())
    after = table
    if asked.carried and goes & {snapshot.id for snapshot in table.history(table.current)}:
        id_, timestamp_ms = new()
        after = change(table, 0, Change("append", summary=asked.carried), id_, timestamp_ms)
    log = after.log
    for place, id_ in enumerate(after.log):
        if id_ in goes:
            log = after.log[place + 1 :]
    after = replace(
        after,
        snapshots={id_: snapshot for id_, snapshot in after.snapshots.items() if id_ not in goes},
        refs={name: ref for name, ref in after.refs.items() if name not in over},
        log=log,
    )
    in_order = sorted(goes, key=lambda id_: table.snapshots[id_].sequence_number)
    return Expired(after, in_order, sorted(over), table.reached(goes) - after.reached(after.snapshots))
