"""Every inventory row ends somewhere, and the way in does not matter."""

import csv
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from harness import archives, tables, web
from harness.archives import Archive
from harness.odd_items import make_item, point
from harness.program import Base, Catalogue, Program

# Name, how the inventory is written, whether items come from the web server.
Route = tuple[str, Callable[[Archive, Path], Path], bool]
ROUTES: list[Route] = [
    ("CSV", lambda archive, folder: archive.csv(folder / "inventory.csv"), False),
    (
        "CSV without header",
        lambda archive, folder: archive.csv(
            folder / "inventory.csv", header=False, columns=["bucket", "key"]
        ),
        False,
    ),
    ("CSV.gz", lambda archive, folder: archive.csv_gz(folder / "inventory.csv.gz"), False),
    ("Parquet", lambda archive, folder: archive.parquet(folder / "inventory.parquet"), False),
    ("web server", lambda archive, folder: archive.csv(folder / "inventory.csv"), True),
]


def check_routes(program: Program, archive: Archive, folder: Path) -> None:
    expected_keys = Counter(map(archives.key_of, archive.items))
    first: Counter[tuple[str | None, str, str]] | None = None
    for number, (name, write_inventory, by_web) in enumerate(ROUTES):
        place = folder / str(number)
        place.mkdir()
        base = Base(place / "base")
        inventory = write_inventory(archive, place)
        with web.serve(archive.folder) as url:
            source = url if by_web else archive.folder
            report = program.ingest(inventory, base, "--source", source, "--suffix", archive.suffix)
        assert report["inventory"]["rows"] == len(archive.rows), name
        assert report["items_processed"] == len(archive.rows), (name, report["first_failures"])
        assert report["bytes_fetched"] == sum(row.size for row in archive.rows), name
        found = tables.fanned_out(base)
        assert report["rows_written"] == found.total(), name
        assert report["files_registered"] == len(base.parquet_files()), name
        if first is None:
            assert {(collection, id_) for collection, id_, _ in found} == set(expected_keys), name
            first = found
        assert found == first, name


def test_generated_items_by_every_route(program: Program, archive: Archive, tmp_path: Path) -> None:
    check_routes(program, archive, tmp_path)


def test_real_items_by_every_route(program: Program, corpus: Archive, tmp_path: Path) -> None:
    check_routes(program, corpus, tmp_path)


def test_items_with_one_id_are_each_catalogued(program: Program, corpus: Archive, base: Base) -> None:
    """Ids are unique within a collection at best: what is there twice in the inventory is there twice."""
    inventory = corpus.csv(base.path.parent / "inventory.csv")
    program.ingest(inventory, base, "--source", corpus.folder, "--suffix", corpus.suffix)
    expected = Counter(map(archives.key_of, corpus.items))
    cells = Counter((collection, id_) for collection, id_, _ in tables.fanned_out(base).elements())
    for key, count in expected.items():
        assert cells[key] >= count, key
    for (collection, id_, cell), count in tables.fanned_out(base).items():
        assert count <= expected[collection, id_], cell


def test_the_demo_catalogues_all_its_items(demo: Catalogue) -> None:
    assert tables.item_keys(demo.base) == set(map(archives.key_of, demo.items))


EVERY_RULE = [
    ("items", "0.stac.json", "true", "false", "2024-05-01T00:00:00.000Z"),
    ("items", "1.stac.json", "true", "false", "2024-05-03T00:00:00.000Z"),
    ("items", "gone.stac.json", "true", "false", "2024-05-03T00:00:00.000Z"),
    ("items", "readme.txt", "true", "false", "2024-05-03T00:00:00.000Z"),
    ("items", "0.stac.json", "true", "true", "2024-05-03T00:00:00.000Z"),
    ("items", "1.stac.json", "false", "false", "2024-05-03T00:00:00.000Z"),
    ("", "1.stac.json", "true", "false", "2024-05-03T00:00:00.000Z"),
]
RULE_COLUMNS = ["bucket", "key", "is_latest", "is_delete_marker", "last_modified_date"]


def rules_as_csv(folder: Path) -> Path:
    """Columns in another order, names in another case."""
    path = folder / "rules.csv"
    order = [4, 1, 3, 0, 2]
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([RULE_COLUMNS[i].title() for i in order])
        writer.writerows([row[i] for i in order] for row in EVERY_RULE)
    return path


def rules_as_parquet(folder: Path) -> Path:
    path = folder / "rules.parquet"
    columns = dict(zip(RULE_COLUMNS, map(list, zip(*EVERY_RULE, strict=True)), strict=True))
    for name in ("is_latest", "is_delete_marker"):
        columns[name] = [value == "true" for value in columns[name]]
    columns["bucket"] = [value or None for value in columns["bucket"]]
    pq.write_table(pa.table(columns), path)
    return path


@pytest.mark.parametrize("write_inventory", [rules_as_csv, rules_as_parquet])
def test_every_rule_has_its_count(
    program: Program, base: Base, tmp_path: Path, write_inventory: Callable[[Path], Path]
) -> None:
    bucket = tmp_path / "archive" / "items"
    bucket.mkdir(parents=True)
    for number in range(2):
        text = json.dumps(make_item(f"item-{number}", point(number, number)))
        (bucket / f"{number}.stac.json").write_text(text)
    report = program.ingest(
        write_inventory(tmp_path),
        base,
        *["--source", tmp_path / "archive", "--since", "2024-05-02"],
        code=1,  # one item is gone
    )
    inventory = report["inventory"]
    counts = {name: count for name, count in inventory.items() if isinstance(count, int)}
    assert counts == {
        "rows": 7,
        "selected": 2,
        "skipped_suffix": 1,
        "skipped_since": 1,
        "skipped_delete_marker": 1,
        "skipped_old_version": 1,
        "skipped_retried": 0,
        "skipped_known": 0,
        "skipped_done": 0,
        "malformed": 1,
        "passed_without_date": 0,
    }
    assert len(inventory["first_malformed"]) == 1
    assert report["quarantined_by_kind"] == {"not_found": 1}
    assert tables.item_keys(base) == {("odd", "item-1")}


def test_limit_counts_selected_rows(program: Program, archive: Archive, base: Base) -> None:
    inventory = archive.csv(base.path.parent / "inventory.csv")
    report = program.ingest(inventory, base, "--source", archive.folder, "--limit", 25)
    assert report["inventory"]["rows"] == 25
    assert tables.item_keys(base) == set(map(archives.key_of, archive.head(25).items))
