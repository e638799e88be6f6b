"""What `earthcatalog compact` takes and says; what it does to rows is tested in tests/interop."""

import json
from collections import Counter
from pathlib import Path

import duckdb
import pytest
from harness import tables
from harness.archives import Archive
from harness.program import Base, Program


@pytest.fixture
def several(program: Program, archive: Archive, base: Base, tmp_path: Path) -> Base:
    """A table of items that came three times, in large cells."""
    inventory = archive.head(40).csv(tmp_path / "inventory.csv")
    flags = ("--source", archive.folder, "--h3-resolution", 0)
    for again in ((), ("--again",), ("--again",)):
        program.ingest(inventory, base, *flags, *again)
    return base


def contents(base: Base) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in base.path.rglob("*") if path.is_file()}


def sizes(base: Base) -> dict[str, int]:
    files = tables.data_files(tables.load(base))
    return {
        "files": len(files),
        "bytes": sum(path.stat().st_size for path in files),
        "rows": tables.fanned_out(base).total(),
    }


def test_the_report_is_what_became_of_the_table(program: Program, several: Base) -> None:
    items = Counter(program.run("export", several.path).stdout.splitlines())
    partitions = Counter(tables.partition_of(path) for path in tables.data_files(tables.load(several)))
    before = sizes(several)
    done = program.run("compact", *several.flags, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    report = json.loads(done.stdout)
    after = sizes(several)
    for name in before:
        assert (report[f"{name}_before"], report[f"{name}_after"]) == (before[name], after[name]), name
    assert report["buckets_scanned"] == len(partitions)
    assert report["buckets_compacted"] == sum(count > 1 for count in partitions.values())
    assert report["rows_superseded"] == before["rows"] - after["rows"]
    assert report["commits"] == 1
    assert after["files"] == len(partitions)
    assert Counter(program.run("export", several.path).stdout.splitlines()) == items
    assert set(tables.fanned_out(several).values()) == {1}


def test_a_dry_run_changes_nothing_and_foretells_the_files(program: Program, several: Base) -> None:
    before = contents(several)
    planned = json.loads(program.run("compact", several.path, "--dry-run", "--json").stdout)
    assert planned["dry_run"]
    assert contents(several) == before
    text = program.run("compact", several.path, "--dry-run").stdout
    assert text.startswith(f"Would write {planned['files_rewritten']:,} files of ")
    report = json.loads(program.run("compact", several.path, "--json").stdout)
    for name in ("buckets_scanned", "buckets_compacted", "files_before", "files_rewritten"):
        assert planned[name] == report[name], name


def test_it_says_that_the_replaced_files_are_still_there(
    program: Program, several: Base, duck: duckdb.DuckDBPyConnection
) -> None:
    """A query by paths counts their rows until they have expired."""
    by_paths = f"select count(*) from read_parquet('{several.warehouse}/grid_partition=*/**/*.parquet')"
    rows = tables.fanned_out(several).total()
    assert duck.execute(by_paths).fetchone() == (rows,)
    note = "note: the replaced files stay until earthcatalog expire deletes them: "
    assert note not in program.run("compact", several.path, "--dry-run").stdout
    assert note in program.run("compact", several.path).stdout
    compacted = tables.fanned_out(several).total()
    assert duck.execute(by_paths).fetchone() == (rows + compacted,)
    assert program.run("expire", several.path, "--older-than", "0s").returncode == 0
    assert duck.execute(by_paths).fetchone() == (compacted,)


def test_a_second_time_there_is_nothing_to_do(program: Program, several: Base) -> None:
    assert program.run("compact", several.path).returncode == 0
    before = contents(several)
    done = program.run("compact", several.path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Wrote 0 files of 0 cells and years anew")
    assert contents(several) == before


def test_batches_are_commits(program: Program, several: Base) -> None:
    report = json.loads(program.run("compact", several.path, "--batch", 3, "--json").stdout)
    assert report["commits"] == -(-report["buckets_compacted"] // 3)
    snapshots = tables.load(several).metadata.snapshots
    assert [s.summary.operation.value for s in snapshots[3:] if s.summary] == ["replace"] * report["commits"]


def test_the_threshold_is_of_files(program: Program, several: Base) -> None:
    partitions = Counter(tables.partition_of(path) for path in tables.data_files(tables.load(several)))
    for threshold in (max(partitions.values()), max(partitions.values()) + 1):
        report = json.loads(
            program.run("compact", several.path, "--dry-run", "--threshold", threshold, "--json").stdout
        )
        due = sum(count >= threshold for count in partitions.values())
        assert report["buckets_compacted"] == due


@pytest.mark.parametrize(
    "flags",
    [
        ["--threshold", "0"],
        ["--threshold", "-2"],
        ["--batch", "-1"],
        ["--target-size", "0"],
        ["--target-size", "big"],
        ["--memory-limit", "1.5.5"],
        ["--threads", "two"],
    ],
)
def test_numbers_that_are_none(program: Program, base: Base, flags: list[str]) -> None:
    done = program.run("compact", base.path, *flags)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("command", ["compact", "maintain", "incremental"])
def test_a_size_without_a_unit_is_not_taken_for_bytes(program: Program, base: Base, command: str) -> None:
    """`--target-size 128` made files of a row each."""
    flags = {
        "compact": [base.path, "--target-size"],
        "maintain": [base.path, "--memory-limit"],
        "incremental": ["--inventory", "inventory.csv", *base.flags, "--memory-limit"],
    }
    done = program.run(command, *flags[command], "512")
    assert done.returncode == 2
    assert done.stderr == (
        "earthcatalog: '512' has no unit and so is 512 bytes: "
        "write 512MiB, or 512B if that is what is meant\n"
    )


def test_without_a_table_nothing_is_made(program: Program, base: Base) -> None:
    base.path.mkdir()
    done = program.run("compact", base.path)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert list(base.path.iterdir()) == []


def test_the_change_of_a_column_is_said(program: Program, several: Base) -> None:
    flags = ("--column-type", "platform_note=long", "--column-type", "version=double")
    refused = program.run("compact", several.path, *flags)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "the table has no column platform_note" in refused.stderr
    before = contents(several)
    planned = json.loads(
        program.run("compact", several.path, "--column-type", "version=double", "--dry-run", "--json").stdout
    )
    assert contents(several) == before
    assert planned["column_types"] == {"version": {"from": "string", "to": "double"}}
    assert planned["files_rewritten"] == planned["files_before"]
    done = program.run("compact", several.path, "--column-type", "version=double")
    assert done.returncode == 0, done.stderr
    assert "  column version: string -> double\n" in done.stdout
    assert str(tables.load(several).schema().find_type("version")) == "double"
    again = program.run("compact", several.path, "--column-type", "version=double")
    assert again.returncode == 2
    assert "the column version has the type double already" in again.stderr


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (
            ["--column-type", "version"],
            "--column-type takes NAME=TYPE, as eo:cloud_cover=double, not 'version'",
        ),
        (["--column-type", "=long"], "--column-type takes NAME=TYPE"),
        (["--column-type", "version="], "--column-type takes NAME=TYPE"),
        (["--column-type", "version=long", "--column-type", "version=double"], "is there twice for version"),
        (
            ["--column-type", "version=text"],
            "'text' is no type of a column of values of items; such are boolean,",
        ),
        (["--column-type", "version=date"], "'date' is no type"),
        (["--column-type", "version=struct"], "'struct' is no type"),
        (["--column-type", "id=long"], "the column id has the same type in every table"),
        (["--column-type", "datetime=string"], "the column datetime has the same type"),
        (["--column-type", "assets=string"], "the column assets has the same type"),
        (["--column-type", "_overflow=double"], "the column _overflow has the same type"),
        (["--column-type", "bbox.xmin=string"], "the table has no column bbox.xmin"),
        (["--column-type", "version=long", "--batch", "2"], "in one commit of the whole table"),
    ],
)
def test_a_change_that_cannot_be_is_refused_and_nothing_is_done(
    program: Program, several: Base, flags: list[str], message: str
) -> None:
    before = contents(several)
    done = program.run("compact", several.path, *flags)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert contents(several) == before
