"""Bad input ends with an exit code and one line that names what is wrong."""

import gzip
import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from harness import archives, tables, web
from harness.archives import Archive
from harness.odd_items import make_item, point
from harness.program import Argument, Base, Program
from harness.requirement import require

FAILED, USAGE = 1, 2


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    folder = tmp_path_factory.mktemp("small") / "archive"
    return archives.write_items(folder, [make_item(f"item-{n}", point(n, n)) for n in range(5)])


@pytest.fixture
def inventory(small: Archive, tmp_path: Path) -> Path:
    return small.csv(tmp_path / "inventory.csv")


class Check:
    """Runs `incremental`, sound but for the flags given, and checks how it ends."""

    def __init__(self, program: Program, base: Base, small: Archive, inventory: Path) -> None:
        self.program = program
        self.base = base
        self.sound: dict[str, Argument] = {
            "--inventory": inventory,
            "--source": small.folder,
            "--catalog": base.db,
            "--warehouse": base.warehouse,
        }

    def __call__(
        self, code: int, *names: str | Path, flags: tuple[Argument, ...] = (), **changes: Argument | None
    ) -> None:
        values = self.sound | {f"--{name}": value for name, value in changes.items()}
        sound = [part for name, value in values.items() if value is not None for part in (name, value)]
        one_line(self.program.run("incremental", *sound, *flags), code, *names)

    def ingest(self) -> None:
        done = self.program.run("incremental", *(part for pair in self.sound.items() for part in pair))
        assert done.returncode == 0, done.stderr


def one_line(done: subprocess.CompletedProcess[str], code: int, *names: str | Path) -> None:
    assert done.returncode == code, done.stderr
    assert done.stderr.endswith("\n")
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith("earthcatalog: "), done.stderr
    for name in names:
        assert str(name) in done.stderr


@pytest.fixture
def check(program: Program, base: Base, small: Archive, inventory: Path) -> Check:
    return Check(program, base, small, inventory)


def test_inventory_that_is_not_there(check: Check, tmp_path: Path) -> None:
    check(FAILED, tmp_path / "nowhere.csv", inventory=tmp_path / "nowhere.csv")
    assert not check.base.db.exists(), "nothing is made for a run that cannot start"


def test_a_retry_with_an_inventory_that_is_not_there_makes_nothing(check: Check, tmp_path: Path) -> None:
    check(FAILED, tmp_path / "nowhere.csv", inventory=tmp_path / "nowhere.csv", flags=("--retry-failed",))
    assert not check.base.path.exists()


def test_malformed_rows_are_counted_and_shown_and_are_no_success(
    program: Program, base: Base, small: Archive, tmp_path: Path
) -> None:
    path = small.csv(tmp_path / "inventory.csv")
    with path.open("a") as file:
        file.write("items,0.stac.json\n,1.stac.json,1,\n")
    report = program.ingest(path, base, "--source", small.folder, code=FAILED)
    assert report["items_processed"] == len(small.rows)
    assert report["inventory"]["malformed"] == 2
    assert [row["position"] for row in report["inventory"]["first_malformed"]] == [7, 8]
    flags = ["--source", small.folder, "--again", *base.flags]
    done = program.run("incremental", "--inventory", path, *flags)
    assert done.returncode == FAILED
    assert "malformed rows" in done.stdout
    assert "row 8: the bucket is empty" in done.stdout


def test_a_size_that_is_none_is_unknown(program: Program, base: Base, small: Archive, tmp_path: Path) -> None:
    path = tmp_path / "inventory.csv"
    sizes = ["big", "-1", "1e3", "", "9223372036854775807"]
    rows = [f"{row.bucket},{row.key},{size}" for row, size in zip(small.rows, sizes, strict=True)]
    path.write_text("\n".join(["bucket,key,size", *rows, *rows[-1:] * 3, ""]))
    report = program.ingest(path, base, "--source", small.folder)
    assert (report["items_processed"], report["inventory"]["malformed"]) == (len(sizes) + 3, 0)


def test_since_says_how_many_rows_have_no_date(
    program: Program, base: Base, small: Archive, tmp_path: Path
) -> None:
    path = small.csv(tmp_path / "inventory.csv", header=False, columns=["bucket", "key"])
    flags = ("--source", small.folder, "--since", "2100-01-01")
    report = program.ingest(path, base, *flags)
    assert report["items_processed"] == report["inventory"]["passed_without_date"] == len(small.rows)
    (notice,) = report["notices"]
    assert "5 rows have no last-modified date and passed --since" in notice
    done = program.run("incremental", "--inventory", path, *flags, *base.flags, "--again")
    assert notice in done.stdout


def test_inventory_that_is_a_directory(check: Check, tmp_path: Path) -> None:
    check(USAGE, tmp_path, "directory", inventory=tmp_path)


def test_inventory_without_the_columns(check: Check, tmp_path: Path) -> None:
    path = tmp_path / "wrong.csv"
    path.write_text("bucket,name,size\nitems,0.stac.json,1\n")
    check(FAILED, path, "key", inventory=path)


def test_csv_of_one_column(check: Check, tmp_path: Path) -> None:
    path = tmp_path / "one.csv"
    path.write_text("0.stac.json\n1.stac.json\n")
    check(FAILED, path, inventory=path)


def test_parquet_inventory_without_the_columns(check: Check, tmp_path: Path) -> None:
    path = tmp_path / "wrong.parquet"
    pq.write_table(pa.table({"bucket": ["items"], "name": ["0.stac.json"]}), path)
    check(FAILED, path, "key", inventory=path)


def test_parquet_inventory_whose_keys_are_numbers(check: Check, tmp_path: Path) -> None:
    path = tmp_path / "wrong.parquet"
    pq.write_table(pa.table({"bucket": ["items"], "key": [1]}), path)
    check(FAILED, path, "key", inventory=path)


def test_empty_inventory(check: Check, tmp_path: Path) -> None:
    path = tmp_path / "empty.csv"
    path.write_text("")
    check(FAILED, path, "empty", inventory=path)


@pytest.mark.parametrize("kept", [0.5, 0.99, -4], ids=["half", "nearly all", "without its checksum"])
def test_truncated_gzip(check: Check, small: Archive, tmp_path: Path, kept: float) -> None:
    whole = small.csv_gz(tmp_path / "whole.csv.gz").read_bytes()
    path = tmp_path / "truncated.csv.gz"
    path.write_bytes(whole[: int(kept if kept < 0 else kept * len(whole))])
    check(FAILED, path, inventory=path)


def test_damaged_gzip(check: Check, small: Archive, tmp_path: Path) -> None:
    text = small.csv(tmp_path / "inventory.csv").read_bytes() * 50
    damaged = bytearray(gzip.compress(text))
    damaged[len(damaged) // 2] ^= 0xFF
    path = tmp_path / "damaged.csv.gz"
    path.write_bytes(damaged)
    check(FAILED, path, inventory=path)


def test_truncated_parquet(check: Check, small: Archive, tmp_path: Path) -> None:
    path = small.parquet(tmp_path / "inventory.parquet")
    path.write_bytes(path.read_bytes()[:-20])
    check(FAILED, path, inventory=path)


def test_inventory_url_that_nobody_serves(check: Check) -> None:
    check(FAILED, "127.0.0.1:9", inventory="http://127.0.0.1:9/inventory.csv")


@pytest.mark.parametrize("start", [b"ORC", b"PAR1", b"\x1f\x8b\x08", b'{"fileFormat": "ORC"'])
def test_an_inventory_that_only_begins_like_one(check: Check, tmp_path: Path, start: bytes) -> None:
    path = tmp_path / "inventory"
    path.write_bytes(start + bytes(range(100)))
    check(FAILED, path, "cut off", inventory=path)


@pytest.mark.parametrize("in_the_way", ["warehouse", "base"])
def test_warehouse_with_a_file_in_the_way(check: Check, in_the_way: str) -> None:
    path = check.base.warehouse if in_the_way == "warehouse" else check.base.path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("a file")
    check(FAILED, path)
    assert path.read_text() == "a file"


@pytest.fixture
def public_folder() -> Iterator[Path]:
    """A folder that any user may enter; pytest's own are private."""
    with tempfile.TemporaryDirectory(prefix="earthcatalog-test-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.mark.parametrize("forbidden", ["warehouse", "catalog"])
def test_folders_that_the_user_may_not_write(
    program: Program, small: Archive, public_folder: Path, forbidden: str
) -> None:
    """Run as an ordinary user, also when the tests are run by root."""
    user = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}
    try:
        started = subprocess.run([program.path, "--version"], capture_output=True, check=False, **user)
    except PermissionError:
        started = None
    require(started and started.returncode == 0, f"{program.path} that an ordinary user may run")
    archive = Archive(Path(shutil.copytree(small.folder, public_folder / "archive")), small.rows)
    inventory = archive.csv(public_folder / "inventory.csv")
    open_base, closed_base = Base(public_folder / "open"), Base(public_folder / "closed")
    open_base.path.mkdir()
    open_base.path.chmod(0o777)
    closed_base.path.mkdir()
    closed_base.path.chmod(0o555)
    warehouse = (closed_base if forbidden == "warehouse" else open_base).warehouse
    db = (closed_base if forbidden == "catalog" else open_base).db
    done = program.run(
        *["incremental", "--inventory", inventory, "--source", archive.folder, "--no-lock"],
        *["--catalog", db, "--warehouse", warehouse],
        cwd=public_folder,
        **user,
    )
    one_line(done, FAILED, db if forbidden == "catalog" else warehouse)


@pytest.mark.parametrize("content", [b"", b"not a database", b"SQLite format 3\0" + bytes(200)])
def test_catalog_that_is_no_database(check: Check, content: bytes) -> None:
    check.base.path.mkdir(parents=True)
    check.base.db.write_bytes(content)
    if content:
        check(FAILED, check.base.db)
        assert check.base.db.read_bytes() == content
        one_line(check.program.run("info", check.base.path), FAILED, check.base.db)
    else:  # what `touch` makes is an empty database
        check.ingest()


def test_catalog_cut_short(check: Check) -> None:
    check.ingest()
    whole = check.base.db.read_bytes()
    check.base.db.write_bytes(whole[: len(whole) // 2])
    check(FAILED, check.base.db)


def test_catalog_of_something_else(check: Check) -> None:
    check.base.path.mkdir(parents=True)
    with sqlite3.connect(check.base.db) as connection:
        connection.execute("create table iceberg_tables (something text)")
    check(FAILED, check.base.db)


def test_catalog_whose_metadata_is_gone(check: Check) -> None:
    check.ingest()
    shutil.rmtree(check.base.warehouse / "earthcatalog")
    check(FAILED, "metadata.json")
    one_line(check.program.run("info", check.base.path), FAILED, "metadata.json")


def test_catalog_whose_metadata_is_damaged(check: Check) -> None:
    check.ingest()
    for path in check.base.warehouse.glob("earthcatalog/stac_items/metadata/*.metadata.json"):
        path.write_text(path.read_text()[:-30])
    check(FAILED, "metadata.json")


def test_catalog_path_that_is_a_directory(check: Check) -> None:
    check.base.db.mkdir(parents=True)
    check(USAGE, check.base.db, "directory")


def test_grid_other_than_the_table_s(check: Check) -> None:
    check.ingest()
    check(USAGE, "resolution 1", "resolution 3", flags=("--h3-resolution", 3))


CONFIGS = {
    "unknown section": ("catalogue: {}", "catalogue"),
    "unknown key": ("ingest: {chunksize: 5}", "ingest.chunksize"),
    "wrong type": ("ingest: {chunk_size: many}", "ingest.chunk_size"),
    "not a mapping": ("ingest: 5", "ingest"),
    "a list": ("- 1\n- 2", "config.yaml"),
    "not YAML": ("ingest: {", "config.yaml"),
    "a grid that is none": ("grid: {type: s2}", "s2"),
    "a resolution that is none": ("grid: {resolution: 16}", "16"),
    "a negative number": ("ingest: {chunk_size: -1}", "ingest.chunk_size"),
}


@pytest.mark.parametrize("config", CONFIGS)
def test_configuration(check: Check, tmp_path: Path, config: str) -> None:
    text, name = CONFIGS[config]
    path = tmp_path / "config.yaml"
    path.write_text(text)
    check(USAGE, name, config=path)


def test_configuration_that_is_not_there(check: Check, tmp_path: Path) -> None:
    check(USAGE, tmp_path / "config.yaml", config=tmp_path / "config.yaml")


# Flag, value, what the message names.
FLAGS = {
    "since": ("--since", "yesterday", "yesterday"),
    "since that is no day": ("--since", "2024-02-30", "2024-02-30"),
    "memory limit without a unit we know": ("--memory-limit", "12 apples", "12 apples"),
    "memory limit too small": ("--memory-limit", "1MiB", "memory limit"),
    "negative memory limit": ("--memory-limit", "-512MiB", "-512MiB"),
    "resolution beyond 15": ("--h3-resolution", "16", "--h3-resolution"),
    "resolution that is no number": ("--h3-resolution", "fine", "--h3-resolution"),
    "negative resolution": ("--h3-resolution", "-1", "--h3-resolution"),
    "no chunk": ("--chunk-size", "0", "chunk size"),
    "negative chunk": ("--chunk-size", "-1", "--chunk-size"),
    "limit that is no number": ("--limit", "all", "--limit"),
    "negative limit": ("--limit", "-1", "--limit"),
    "no workers": ("--workers", "0", "workers"),
    "too many workers": ("--workers", "1000000", "workers"),
    "negative threads": ("--threads", "-1", "threads"),
    "more threads than any machine gives": ("--threads", "200000", "threads"),
    "threads beyond any number": ("--threads", "99999999999999999999", "threads"),
}


@pytest.mark.parametrize("flag", FLAGS)
def test_value_of_a_flag(check: Check, flag: str) -> None:
    name, value, named = FLAGS[flag]
    check(USAGE, named, flags=(f"{name}={value}",))
    assert not check.base.db.exists()


@pytest.mark.parametrize("part", ["status", "release"])
def test_the_lock_of_a_folder_that_is_not_there(program: Program, base: Base, part: str) -> None:
    """A mistyped folder was "not locked"."""
    for place in ([base.path], base.flags):
        one_line(program.run("lock", part, *place), FAILED, f"there is no folder {base.path}")
        assert not base.path.exists()
    base.path.mkdir()
    assert program.run("lock", part, base.path).stdout.startswith("not locked")


def test_a_format_that_there_is_not(program: Program, base: Base) -> None:
    done = program.run("export", base.path, "--format", "csv")
    one_line(done, USAGE, "--format: there is no format 'csv'; there are ndjson, stac-json and parquet; see")
    assert "{" not in done.stderr


# What refuses a run: the flags, beside the sound ones, and the exit code.
def refusals(tmp_path: Path) -> dict[str, tuple[int, list[Argument]]]:
    (tmp_path / "empty").mkdir()
    grid = "grid: {type: geojson, boundaries_path: none.json, id_field: name}"
    (tmp_path / "regions.yaml").write_text(grid)
    return {
        "source": (USAGE, ["--source", tmp_path / "empty"]),
        "grid": (FAILED, ["--config", tmp_path / "regions.yaml"]),
        "server": (FAILED, ["--source", "http://127.0.0.1:1"]),  # S3 that refuses: test_signed_fetch.py
    }


@pytest.mark.parametrize("refusal", ["source", "grid", "server"])
@pytest.mark.parametrize("there", ["nothing", "folder", "warehouse"])
def test_a_refused_first_run_leaves_what_was_there(
    program: Program, base: Base, tmp_path: Path, refusal: str, there: str
) -> None:
    """It left a catalog file with an empty table, and a warehouse folder."""
    if there != "nothing":
        base.path.mkdir()
    if there == "warehouse":
        base.warehouse.mkdir()
        (base.path / "notes.txt").write_text("mine")
    inventory = tmp_path / "inventory.csv"
    inventory.write_text("".join(f"items,{n}.stac.json\n" for n in range(50)))
    before = sorted(tmp_path.rglob("*"))
    code, flags = refusals(tmp_path)[refusal]
    made = [tmp_path / "empty", tmp_path / "regions.yaml"]
    done = program.run("incremental", "--inventory", inventory, *base.flags, *flags)
    assert done.returncode == code, done.stderr
    assert sorted({*tmp_path.rglob("*")} - {*made}) == before


def test_a_refused_run_leaves_a_table_that_was_there(check: Check, tmp_path: Path) -> None:
    """Although nobody has added to it."""
    (tmp_path / "empty").mkdir()
    sound = [part for pair in check.sound.items() for part in pair]
    assert check.program.run("incremental", *sound, "--limit", 0).returncode == 0
    files = {path: path.read_bytes() for path in check.base.path.rglob("*") if path.is_file()}
    check(USAGE, tmp_path / "empty", source=tmp_path / "empty")
    assert {path: path.read_bytes() for path in check.base.path.rglob("*") if path.is_file()} == files


def test_another_warehouse_than_the_table_s(check: Check, tmp_path: Path) -> None:
    check.ingest()
    other = tmp_path / "elsewhere"
    check(USAGE, f"file://{check.base.warehouse}", f"file://{other}", warehouse=other)
    one_line(check.program.run("info", "--catalog", check.base.db, "--warehouse", other), USAGE, other)
    assert not list(tmp_path.glob("elsewhere/**/*.parquet"))


@pytest.mark.parametrize("flags", [(), ("--no-lock",)])
def test_parts_in_object_storage(
    check: Check, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flags: tuple[str, ...]
) -> None:
    """No local folder with the name `s3:`, and no wait for a bucket's answer where none is needed."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    check(USAGE, "needs its warehouse there", flags=flags, catalog="s3://bucket/earthcatalog.db")
    check(USAGE, "whole bucket", flags=flags, catalog="s3://bucket/x.db", warehouse="s3://bucket")
    assert list(folder.iterdir()) == []
    assert not check.base.db.exists()


def test_parts_named_by_file_uris(check: Check) -> None:
    check.sound |= {"--catalog": f"file://{check.base.db}", "--warehouse": f"file://{check.base.warehouse}"}
    check.ingest()
    assert check.program.run("info", f"file://{check.base.path}").returncode == 0
    assert check.base.parquet_files()


def test_missing_flags(check: Check) -> None:
    check(USAGE, "--inventory", inventory=None)
    check(USAGE, "--catalog", catalog=None)
    check(USAGE, "--warehouse", warehouse=None)


def test_unknown_flag(check: Check) -> None:
    check(USAGE, "--frobnicate", flags=("--frobnicate",))


def test_unknown_subcommand(program: Program) -> None:
    one_line(program.run("frobnicate"), USAGE, "frobnicate")


def test_no_subcommand(program: Program) -> None:
    one_line(program.run(), USAGE)


def test_source_that_is_not_there(check: Check, tmp_path: Path) -> None:
    check(USAGE, tmp_path / "nowhere", source=tmp_path / "nowhere")


def test_source_of_other_buckets_quarantines_nothing(check: Check, tmp_path: Path, small: Archive) -> None:
    """One level too deep, say: every row would be `not_found`."""
    for source in (small.folder / "items", tmp_path):
        check(USAGE, f"the source directory {source}/ has no folder 'items'", source=source)
        assert not check.base.failed.exists()
    check.ingest()
    assert len(tables.item_keys(check.base)) == len(small.rows)


def test_source_that_is_a_file(check: Check, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    check(USAGE, tmp_path / "file", source=tmp_path / "file")


@pytest.mark.parametrize("command", ["info", "stats"])
def test_reading_a_catalogue_that_is_not_there(program: Program, tmp_path: Path, command: str) -> None:
    one_line(program.run(command, tmp_path), FAILED, tmp_path)
    assert list(tmp_path.iterdir()) == [], "looking makes nothing"
    one_line(program.run(command), USAGE, "--catalog")


def test_the_demo_leaves_other_people_s_files_alone(program: Program, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("all of it")
    (tmp_path / "warehouse").mkdir()
    one_line(program.run("demo", tmp_path, "--items", 10), USAGE, "thesis.tex")
    assert (tmp_path / "thesis.tex").read_text() == "all of it"
    assert (tmp_path / "warehouse").is_dir()


def test_secrets_of_a_url_are_not_shown(check: Check) -> None:
    url = "http://user:topsecret@127.0.0.1:9/inventory.csv?X-Amz-Signature=alsosecret"
    done = check.program.run(
        *["incremental", "--inventory", url, "--catalog", check.base.db, "--warehouse", check.base.warehouse]
    )
    one_line(done, FAILED, "127.0.0.1:9")
    assert "topsecret" not in done.stderr
    assert "alsosecret" not in done.stderr


def test_secrets_of_an_inventory_that_is_damaged_are_not_shown(check: Check, tmp_path: Path) -> None:
    """Such a message is made by whoever reads it, not by whoever fetches it."""
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "empty.csv").write_text("")
    with web.serve(tmp_path / "web") as url:
        secret = url.replace("://", "://user:topsecret@") + "/empty.csv?X-Amz-Signature=alsosecret"
        done = check.program.run("incremental", "--inventory", secret, *check.base.flags)
    one_line(done, FAILED, "/empty.csv: the inventory is empty")
    assert "secret" not in done.stderr
    for flag in ("--source", "--catalog", "--warehouse", "--inventory"):
        done = check.program.run(
            *["incremental", "--inventory", check.sound["--inventory"], *check.base.flags, "--no-lock"],
            *[flag, "s3://key:topsecret@bucket/x"],
        )
        assert done.returncode in (FAILED, USAGE)
        assert "secret" not in done.stderr


def test_control_characters_of_a_name_stay_on_the_line(check: Check, tmp_path: Path) -> None:
    done = check.program.run(
        *["incremental", "--inventory", tmp_path / "a\n\x1b[31mb.csv"],
        *["--catalog", check.base.db, "--warehouse", check.base.warehouse],
    )
    one_line(done, FAILED, "b.csv")
    assert "\x1b" not in done.stderr
