"""What commands print when all is well."""

import json
import subprocess
from pathlib import Path

import pytest
from harness import tables
from harness.archives import Archive
from harness.program import Base, Catalogue, Program


def test_version_and_help(program: Program) -> None:
    version = program.run("--version")
    assert version.returncode == 0
    assert version.stdout.strip().replace(".", "").isdigit()
    for arguments in [("--help",), ("incremental", "--help"), ("info", "--help"), ("demo", "--help")]:
        done = program.run(*arguments)
        assert (done.returncode, done.stderr) == (0, "")
        assert "--help" in done.stdout


@pytest.mark.parametrize("command", [[], ["incremental"], ["lock"], ["lock", "status"]], ids=" ".join)
def test_help_is_a_command(program: Program, command: list[str]) -> None:
    done = program.run("help", *command)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == program.run(*command, "--help").stdout
    assert "--help" in done.stdout


def test_help_of_a_command_that_there_is_not(program: Program) -> None:
    done = program.run("help", "ingest")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "earthcatalog: there is no command 'ingest'; see earthcatalog --help\n"


def test_info_agrees_with_the_table(program: Program, mixed: Catalogue) -> None:
    done = program.run("info", mixed.base.path, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    info = json.loads(done.stdout)
    table = tables.load(mixed.base)
    found = tables.fanned_out(mixed.base)
    files = mixed.base.parquet_files()
    years = {year for _, year in map(tables.partition_of, files)} - {"unknown"}
    assert info["metadata_location"] == table.metadata_location
    assert info["current_snapshot_id"] == table.current_snapshot().snapshot_id  # type: ignore[union-attr]
    assert info["snapshot_count"] == len(table.metadata.snapshots)
    assert info["row_count"] == found.total()
    assert info["file_count"] == len(files)
    assert info["total_bytes"] == sum(path.stat().st_size for path in files)
    assert info["cell_count"] == len({cell for _, _, cell in found})
    assert (info["first_year"], info["last_year"]) == (int(min(years)), int(max(years)))
    assert info["column_count"] == len(table.schema().fields)
    assert (info["grid_type"], info["grid_resolution"]) == ("h3", 1)


@pytest.mark.parametrize("command", ["stats", "info", "export", "incremental", "incremental --json", "demo"])
def test_output_that_cannot_be_written_is_no_success(
    program: Program, archive: Archive, mixed: Catalogue, base: Base, command: str
) -> None:
    """A full disk behind a redirection: the exit code says it, and so does a line."""
    inventory = archive.head(20).csv(base.path.parent / "inventory.csv")
    arguments: dict[str, list[str | Path | int]] = {
        "incremental": ["--inventory", inventory, "--source", archive.folder, *base.flags],
        "demo": [base.path, "--items", 5],
    }
    name, *flags = command.split()
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            program.command(name, *flags, *arguments.get(name, [mixed.base.path])),
            stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=300,
        )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr == "earthcatalog: the output could not be written in full\n"


def test_messages_that_nobody_can_read_change_nothing(program: Program, mixed: Catalogue, base: Base) -> None:
    with Path("/dev/full").open("w") as full:
        run = [program.command("info", mixed.base.path), program.command("info", base.path)]
        codes = [
            subprocess.run(it, stdout=subprocess.PIPE, stderr=full, check=False).returncode for it in run
        ]
    assert codes == [0, 1]


def test_summary_counts_what_json_counts(program: Program, archive: Archive, base: Base) -> None:
    inventory = archive.head(100).csv(base.path.parent / "inventory.csv")
    done = program.run("incremental", "--inventory", inventory, "--source", archive.folder, *base.flags)
    assert (done.returncode, done.stderr) == (0, "")
    lines = [line.split() for line in done.stdout.splitlines()]
    assert ["Inventory", "rows", "read", "100"] in lines
    assert ["catalogued", "100"] in lines
    assert f"Wrote {tables.fanned_out(base).total()} rows" in done.stdout.replace(",", "")


def test_the_demo_again_replaces_itself(program: Program, base: Base) -> None:
    for items in (60, 40):
        done = program.run("demo", base.path, "--items", items)
        assert (done.returncode, done.stderr) == (0, "")
        assert len(tables.item_keys(base)) == items
    assert "files read" in done.stdout


def test_the_demo_prints_a_command_that_works(program: Program, base: Base) -> None:
    done = program.run("demo", base.path, "--items", 30)
    (command,) = [line.split() for line in done.stdout.splitlines() if " incremental --inv" in line]
    assert command[0] == str(program.path), "as it was called"
    again = program.run(*command[1:])
    assert again.returncode == 0, again.stderr
    assert set(tables.fanned_out(base).values()) == {1}, "the table holds them already"
    again = program.run(*command[1:], "--again")
    assert again.returncode == 0, again.stderr
    assert set(tables.fanned_out(base).values()) == {2}, "the same items once more"
    further = done.stdout.partition("Look further:\n")[2].splitlines()
    assert [line.split()[1] for line in further] == ["info", "stats", "export"]
    for line in further:
        shown = program.run(*line.split()[1:], cwd=base.path)
        assert shown.returncode == 0, shown.stderr


def test_an_inventory_without_any_item_says_so(program: Program, base: Base) -> None:
    inventory = base.path.parent / "inventory.csv"
    inventory.write_text("url,name\nhttps://example.com/a,a\n")
    report = program.ingest(inventory, base)
    assert report["inventory"]["skipped_suffix"] == 2
    (notice,) = report["notices"]
    assert "no key ends in .stac.json" in notice
    assert "header" in notice


def test_json_says_why_it_failed(program: Program, base: Base) -> None:
    done = program.run("incremental", "--inventory", base.path / "none.csv", *base.flags, "--json")
    assert done.returncode == 1
    assert "none.csv" in json.loads(done.stdout)["error"]


def test_json_names_the_flag_that_is_missing(program: Program, base: Base) -> None:
    done = program.run("incremental", *base.flags, "--json")
    assert done.returncode == 2
    assert "(--inventory)" in json.loads(done.stdout)["error"]


def test_info_of_the_catalog_file_says_what_to_give(program: Program, demo: Catalogue) -> None:
    done = program.run("info", demo.base.db)
    assert done.returncode == 2
    assert done.stderr == (
        f"earthcatalog: {demo.base.db} is a file: give the folder it lies in, or --catalog and --warehouse\n"
    )


def test_a_wrong_option_names_its_command_s_help(program: Program) -> None:
    done = program.run("incremental", "--no-such-option")
    assert done.returncode == 2
    assert done.stderr.endswith("see earthcatalog incremental --help\n")


def test_flag_beats_file_beats_default(program: Program, archive: Archive, base: Base) -> None:
    folder = base.path.parent
    inventory = archive.head(90).csv(folder / "inventory.csv")
    config = folder / "config.yaml"
    config.write_text(
        f"catalog: {{db_path: {base.db}, warehouse: {base.warehouse}}}\n"
        "grid: {type: h3, resolution: 2}\n"
        "ingest: {chunk_size: 30, max_workers: 8}\n"
    )
    common = (
        "incremental",
        "--inventory",
        inventory,
        "--source",
        archive.folder,
        "--config",
        config,
        "--json",
    )
    report = json.loads(program.run(*common).stdout)
    assert (report["items_processed"], report["commits"]) == (90, 3)
    assert tables.load(base).properties["earthcatalog.grid.resolution"] == "2"
    other = Base(folder / "other")
    report = json.loads(program.run(*common, *other.flags, "--chunk-size", 45, "--h3-resolution", 0).stdout)
    assert report["commits"] == 2
    assert tables.load(other).properties["earthcatalog.grid.resolution"] == "0"


def test_the_table_s_grid_is_kept_when_none_is_asked_for(
    program: Program, archive: Archive, base: Base
) -> None:
    inventory = archive.head(10).csv(base.path.parent / "inventory.csv")
    program.ingest(inventory, base, "--source", archive.folder, "--h3-resolution", 3)
    program.ingest(inventory, base, "--source", archive.folder, "--again")
    program.ingest(inventory, base, "--source", archive.folder, "--again", "--h3-resolution", 3)
    assert set(tables.fanned_out(base).values()) == {3}
