"""Inventories of every format and shape, against what Python makes of the same rows."""

import datetime as dt
import gzip
import random
import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from harness import inventories, web
from harness.inventories import FILE_FORMATS
from harness.program import Base, Program

FAILED = 1
SINCE = dt.datetime(2024, 5, 1, tzinfo=dt.UTC)
PIECES = ["a", "Landsat 8", "été", "100%", "x+y", "%2B", "日本", "🛰", "a,b", 'q"q', "v=1&w", "~", "%"]
NAMES = {
    "bucket": ["bucket", "Bucket", "BUCKET"],
    "key": ["key", "Key", "KEY"],
    "size": ["size", "Size"],
    "last_modified_date": ["last_modified_date", "LastModifiedDate", "Last Modified Date"],
    "is_latest": ["is_latest", "IsLatest", "islatest"],
    "is_delete_marker": ["is_delete_marker", "IsDeleteMarker", "is-delete-marker"],
}


@dataclass
class Entry:
    """A row of an inventory."""

    bucket: str | None
    key: str | None
    size: int | None
    last_modified_date: dt.datetime | None
    is_latest: bool | None
    is_delete_marker: bool | None

    def outcome(self, since: dt.datetime | None) -> str:
        """The count of the report that it belongs to."""
        if not self.bucket or not self.key:
            return "malformed"
        if not self.key.endswith(".stac.json"):
            return "skipped_suffix"
        if self.is_delete_marker:
            return "skipped_delete_marker"
        if self.is_latest is False:
            return "skipped_old_version"
        if since and self.last_modified_date and self.last_modified_date < since:
            return "skipped_since"
        return "selected"


def random_entry(chance: random.Random, number: int) -> Entry:
    name = "/".join(chance.choices(PIECES, k=chance.randint(1, 4)))
    suffix = chance.choice([".stac.json"] * 5 + [".json", ".STAC.json"])
    days = chance.choice([None, *range(-40, 40)])
    return Entry(
        bucket=chance.choice([*["archive"] * 20, "other", None]),
        key=chance.choice([*[f"{name}/{number}{suffix}"] * 20, None]),
        size=chance.choice([None, 0, 4711, 2**31 - 1]),
        last_modified_date=None if days is None else SINCE + dt.timedelta(days=days, milliseconds=number),
        is_latest=chance.choice([None, True, True, True, False]),
        is_delete_marker=chance.choice([None, False, False, False, True]),
    )


def iso(value: dt.datetime | None) -> str | None:
    return None if value is None else value.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def flag_text(value: bool | None) -> str | None:
    return None if value is None else str(value).lower()


def text_column(name: str, values: list[Any]) -> pa.Array:
    as_text: dict[str, Callable[[Any], str | None]] = {
        "last_modified_date": iso,
        "is_latest": flag_text,
        "is_delete_marker": flag_text,
    }
    convert = as_text.get(name, lambda value: None if value is None else str(value))
    return pa.array([convert(value) for value in values], pa.string())


def typed_column(chance: random.Random, name: str, values: list[Any], file_format: str) -> pa.Array:
    """The values with a type that files of the format have for them."""
    parquet = file_format == "Parquet"
    if name in ("bucket", "key"):
        types = [pa.string(), pa.binary()] + ([pa.large_string(), pa.string_view()] if parquet else [])
        column = pa.array(values, pa.string())
        if parquet and chance.random() < 0.2:
            return column.dictionary_encode()
        return column.cast(chance.choice(types))
    if chance.random() < 0.25:
        return text_column(name, values)
    if name == "size":
        return pa.array(values, chance.choice([pa.int32(), pa.int64()]))
    if name == "last_modified_date":
        zone = chance.choice([None, "UTC"]) if parquet else None
        plain = [None if value is None else value.replace(tzinfo=None) for value in values]
        return pa.array(plain, pa.timestamp("ms")).cast(pa.timestamp(chance.choice(["ms", "us", "ns"]), zone))
    return pa.array(values, pa.bool_())


def random_table(chance: random.Random, entries: Sequence[Entry], columns: list[str], kind: str) -> pa.Table:
    """The entries' `columns` in their order; a name of no column of ours is one that nobody reads."""
    arrays: dict[str, pa.Array] = {}
    for column in columns:
        plain = next((name for name, spellings in NAMES.items() if column in spellings), None)
        if plain is None:
            arrays[column] = pa.array([chance.choice(PIECES) for _ in entries])
            continue
        values = [getattr(entry, plain) for entry in entries]
        arrays[column] = (
            text_column(plain, values) if kind == "CSV" else typed_column(chance, plain, values, kind)
        )
    return pa.table(arrays)


def random_columns(chance: random.Random) -> tuple[list[str], set[str]]:
    """Spellings of the columns in any order, others between them; and which optional ones are missing."""
    missing = {name for name in list(NAMES)[2:] if chance.random() < 0.2}
    columns = [chance.choice(spellings) for name, spellings in NAMES.items() if name not in missing]
    columns += chance.sample(["version_id", "ETag", "StorageClass"], k=chance.randint(0, 3))
    chance.shuffle(columns)
    return columns, missing


def entries_of(chance: random.Random, count: int, missing: set[str]) -> list[Entry]:
    entries = [random_entry(chance, number) for number in range(count)]
    for entry in entries:
        for name in missing:
            setattr(entry, name, None)
    return entries


@dataclass(frozen=True)
class Reading:
    """What the program makes of inventories whose objects are not there: each selected row is quarantined."""

    program: Program
    folder: Path

    def __call__(self, inventory: Path | str, *flags: str, code: int = FAILED) -> dict[str, Any]:
        base = Base(self.folder / "base")
        shutil.rmtree(base.path, ignore_errors=True)
        nothing = self.folder / "nothing"
        (nothing / "archive").mkdir(parents=True, exist_ok=True)
        report = self.program.ingest(inventory, base, "--source", nothing, *flags, code=code)
        rows = [row for file in report["quarantine_files"] for row in pq.read_table(file).to_pylist()]
        report["selected_rows"] = [(row["bucket"], row["key"]) for row in rows]
        return report

    def check(
        self, inventory: Path, parts: Sequence[Sequence[Entry]], chance: random.Random, first_row: int = 1
    ) -> None:
        since = chance.choice([None, SINCE])
        report = self(inventory, *(["--since", "2024-05-01"] if since else []))
        outcomes = [
            (entry, place, entry.outcome(since)) for part in parts for place, entry in enumerate(part)
        ]
        selected = [(entry.bucket, entry.key) for entry, _, outcome in outcomes if outcome == "selected"]
        assert report["selected_rows"] == selected
        found = {name: report["inventory"][name] for name in report["inventory"] if name != "rows"}
        expected = Counter(outcome for _, _, outcome in outcomes)
        for name in ("malformed", "selected", *(name for name in found if name.startswith("skipped_"))):
            assert found[name] == expected[name], name
        positions = [place + first_row for _, place, outcome in outcomes if outcome == "malformed"]
        assert [row["position"] for row in found["first_malformed"]] == positions[:20]


@pytest.fixture
def read(program: Program, tmp_path: Path) -> Reading:
    return Reading(program, tmp_path)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("kind", ["csv", "csv.gz", "parquet", "orc"])
def test_a_file_of_any_columns(kind: str, seed: int, read: Reading, tmp_path: Path) -> None:
    chance = random.Random(f"{kind} {seed}")
    columns, missing = random_columns(chance)
    entries = entries_of(chance, chance.choice([60, 400]), missing)
    table = random_table(chance, entries, columns, {"orc": "ORC", "parquet": "Parquet"}.get(kind, "CSV"))
    inventory = tmp_path / "inventory"
    if kind.startswith("csv"):
        text = inventories.csv_bytes(table, header=True, quote_all=chance.random() < 0.5)
        inventory.write_bytes(gzip.compress(text) if kind.endswith("gz") else text)
    elif kind == "parquet":
        inventory.write_bytes(inventories.parquet_bytes(table, row_group_size=chance.choice([7, 1000])))
    else:
        compression = chance.choice(["uncompressed", "zlib", "zstd", "snappy"])
        inventory.write_bytes(inventories.orc_bytes(table, compression=compression))
    read.check(inventory, [entries], chance, first_row=2 if kind.startswith("csv") else 1)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("file_format", FILE_FORMATS)
def test_d35_a_manifest_of_any_format(file_format: str, seed: int, read: Reading, tmp_path: Path) -> None:
    """Keys of CSV are decoded, delete markers and old versions skipped, all data files read in order."""
    chance = random.Random(f"{file_format} {seed}")
    columns, missing = random_columns(chance)
    parts = [entries_of(chance, chance.randint(1, 90), missing) for _ in range(chance.randint(1, 5))]
    tables = [random_table(chance, part, columns, file_format) for part in parts]
    manifest = inventories.write_inventory(tmp_path, file_format, tables)
    read.check(manifest, parts, chance)


def simple_parts(count: int) -> list[pa.Table]:
    return [
        pa.table({"Bucket": ["archive"] * 50, "Key": [f"{part}/{row}.stac.json" for row in range(50)]})
        for part in range(count)
    ]


@pytest.mark.parametrize("file_format", FILE_FORMATS)
@pytest.mark.parametrize("damage", ["missing", "cut off", "one bit", "another part's"])
def test_d23_a_data_file_that_cannot_be_read_is_an_error_that_names_it(
    file_format: str, damage: str, program: Program, base: Base, tmp_path: Path
) -> None:
    manifest = inventories.write_inventory(tmp_path, file_format, simple_parts(3))
    files = sorted(inventories.data_folder(tmp_path).iterdir())
    part = files[1]
    whole = part.read_bytes()
    if damage == "missing":
        part.unlink()
    elif damage == "cut off":
        part.write_bytes(whole[: len(whole) // 2])
    elif damage == "one bit":
        part.write_bytes(whole[:60] + bytes([whole[60] ^ 1]) + whole[61:])
    else:
        shutil.copy(files[0], part)
    (tmp_path / "nothing" / "archive").mkdir(parents=True)
    flags = ("--inventory", manifest, "--source", tmp_path / "nothing", *base.flags)
    done = program.run("incremental", *flags)
    assert done.returncode == FAILED
    error = done.stderr.splitlines()[-1]
    assert str(part.relative_to(tmp_path)) in error
    assert str(manifest) in error
    if base.failed.exists():  # what was before it
        rows = [row for file in base.failed.iterdir() for row in pq.read_table(file)["key"].to_pylist()]
        assert all(key.startswith("0/") for key in rows)


def test_malformed_rows_name_their_data_file(read: Reading, tmp_path: Path) -> None:
    parts = simple_parts(2)
    parts[1] = parts[1].set_column(0, "Bucket", pa.array([None] + ["archive"] * 49, pa.string()))
    for file_format in FILE_FORMATS:
        report = read(inventories.write_inventory(tmp_path / file_format, file_format, parts))
        file = f"daily/archive/all-items/data/01.{file_format.lower()}"
        assert report["inventory"]["first_malformed"] == [
            {"position": 1, "reason": "the bucket is empty", "file": file}
        ]
        assert len(report["selected_rows"]) == 99


def test_an_inventory_on_the_web_is_read_by_its_manifest(read: Reading, tmp_path: Path) -> None:
    manifest = inventories.write_inventory(tmp_path / "bucket", "Parquet", simple_parts(2))
    with web.serve(tmp_path / "bucket") as url:
        report = read(f"{url}/{manifest.relative_to(tmp_path / 'bucket')}")
    assert len(report["selected_rows"]) == 100


def test_the_same_rows_in_the_same_order_every_time(read: Reading, tmp_path: Path) -> None:
    manifest = inventories.write_inventory(tmp_path, "ORC", simple_parts(4))
    expected = [("archive", f"{part}/{row}.stac.json") for part in range(4) for row in range(50)]
    for _ in range(3):
        assert read(manifest)["selected_rows"] == expected
