"""Items that touch more cells than the table's limit lie in coarser cells, and are found there."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h3
import numpy as np
import pytest
import shapely
from harness import tables
from harness.archives import Archive, write_items
from harness.odd_items import ODD_ITEMS, make_item, multipolygon, point, polygon, rectangle
from harness.program import Base, Program
from harness.tables import Row

RESOLUTION = 2
LIMIT = 20
EVERYWHERE = "__global__"

WIDE_ITEMS = [
    make_item("the-earth", polygon(rectangle(-180, -90, 180, 90))),
    make_item("the-north", polygon(rectangle(-180, 55, 180, 90))),
    make_item("a-continent", polygon(rectangle(-15, -30, 45, 35))),
    make_item("a-swath", polygon([[-40, -80], [-35, -80], [25, 80], [20, 80], [-40, -80]])),
    make_item("two-oceans", multipolygon([rectangle(160, -10, 180, 10)], [rectangle(-40, 20, -20, 40)])),
    make_item("a-town", polygon(rectangle(7.4, 46.9, 7.5, 47))),
    *(make_item(f"a-place-{k}", point(-170 + 11.3 * k, -80 + 5.3 * k)) for k in range(30)),
]
Answers = list[tuple[str, list[str]]]


@dataclass(frozen=True)
class Ingested:
    base: Base
    report: dict[str, Any]


def ingest(program: Program, archive: Archive, folder: Path, grid: str) -> Ingested:
    base = Base(folder / "base")
    folder.mkdir(parents=True)
    base.path.mkdir()
    config = folder / "config.yaml"
    config.write_text(f"grid: {grid}\n")
    inventory = archive.csv(folder / "inventory.csv")
    flags = ("--source", archive.folder, "--suffix", archive.suffix, "--config", config)
    return Ingested(base, program.ingest(inventory, base, *flags))


@pytest.fixture(scope="module")
def wide_archive(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    return write_items(tmp_path_factory.mktemp("wide") / "archive", [*WIDE_ITEMS, *ODD_ITEMS])


@pytest.fixture(scope="module")
def limited(program: Program, wide_archive: Archive, tmp_path_factory: pytest.TempPathFactory) -> Ingested:
    folder = tmp_path_factory.mktemp("limited") / "x"
    return ingest(program, wide_archive, folder, f"{{resolution: {RESOLUTION}, max_cells: {LIMIT}}}")


@pytest.fixture(scope="module")
def unlimited(program: Program, wide_archive: Archive, tmp_path_factory: pytest.TempPathFactory) -> Ingested:
    folder = tmp_path_factory.mktemp("unlimited") / "x"
    return ingest(program, wide_archive, folder, f"{{resolution: {RESOLUTION}, max_cells: 0}}")


def cells_by_item(base: Base) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for _collection, id_, cell in tables.fanned_out(base):
        found.setdefault(id_, set()).add(cell)
    return found


def ancestors(cell: str) -> Iterator[str]:
    """The cell, its parent and so on, and the cell of the whole Earth."""
    yield from (h3.cell_to_parent(cell, r) for r in range(h3.get_resolution(cell), -1, -1))
    yield EVERYWHERE


def test_no_item_has_more_cells_than_the_limit(limited: Ingested, unlimited: Ingested) -> None:
    few, all_ = cells_by_item(limited.base), cells_by_item(unlimited.base)
    assert few.keys() == all_.keys()
    for id_, cells in few.items():
        assert len(cells) <= LIMIT
        if len(all_[id_]) <= LIMIT:
            assert cells == all_[id_], id_
        else:
            assert cells.isdisjoint(all_[id_]), id_
            for cell in all_[id_]:
                assert cells & set(ancestors(cell)), (id_, cell)
    assert few["the-earth"] == {EVERYWHERE}
    assert few["a-town"] == all_["a-town"]
    for cells in few.values():
        assert len({h3.get_resolution(cell) for cell in cells if not cell.startswith("_")}) <= 1


def test_the_items_are_as_they_were(
    program: Program, wide_archive: Archive, limited: Ingested, tmp_path: Path
) -> None:
    out = tmp_path / "items.ndjson"
    assert program.run("export", limited.base.path, "--output", out).returncode == 0
    exported = {item["id"]: item for item in map(json.loads, out.read_text().splitlines())}
    assert exported == {item["id"]: item for item in wide_archive.items}


def rows_of(base: Base) -> list[Row]:
    """All but those of items that look otherwise on a plane."""
    odd = ("around-", "box-over-", "without-geometry")
    rows = tables.rows(base, "id", "geometry", "grid_partition")
    return [row for row in rows if row["geometry"] is not None and not row["id"].startswith(odd)]


def search(rows: list[Row], points: np.ndarray, names: set[str]) -> list[str]:
    """The items of the cells, if a point of the region lies in their geometry as it is on a plane."""
    candidates = {row["id"]: row["geometry"] for row in rows if row["grid_partition"] in names}
    shapes = {id_: shapely.from_wkb(wkb) for id_, wkb in candidates.items()}
    return sorted(id_ for id_, shape in shapes.items() if shapely.intersects_xy(shape, points).any())


def test_a_search_over_cells_finds_the_same_items(limited: Ingested, unlimited: Ingested) -> None:
    """By a region's cells, here those of many of its points; with a limit by their ancestors, too."""
    random = np.random.default_rng(4)
    few, all_ = rows_of(limited.base), rows_of(unlimited.base)
    assert len(few) < len(all_) / 10
    found_wide = 0
    for round_ in range(150):
        center = random.uniform((-180, -90), (180, 90)) if round_ % 2 else WIDE_CENTERS[round_ % 6]
        size = 10 ** random.uniform(-3, 1.3)
        points = random.uniform(center - size, center + size, (60, 2)).clip((-180, -90), (180, 90))
        finest = {h3.latlng_to_cell(latitude, longitude, RESOLUTION) for longitude, latitude in points}
        names = {name for cell in finest for name in ancestors(cell)}
        found = search(few, points, names)
        assert found == search(all_, points, finest)
        assert "the-earth" in found
        found_wide += len(found)
    assert found_wide > 200


WIDE_CENTERS = [np.array(c) for c in ((0, 90), (0, -90), (180, 0), (-30, 30), (-10, 0), (15, 3))]


def test_the_report_says_what_is_wide(limited: Ingested, unlimited: Ingested) -> None:
    few, all_ = cells_by_item(limited.base), cells_by_item(unlimited.base)
    wide = [id_ for id_, cells in all_.items() if len(cells) > LIMIT]
    assert limited.report["wide_items"] == len(wide)
    widest = limited.report["widest_item"]
    assert widest["id"] == "the-earth"
    assert widest["collection"] == "odd"
    assert widest["rows"] == len(few["the-earth"]) == 1
    assert widest["cells_touched"] == pytest.approx(5_882, rel=0.02)
    (notice,) = limited.report["notices"]
    assert notice.startswith(
        f"{len(wide)} items touch more than {LIMIT} cells and lie in coarser ones; the widest, the-earth, "
    )


def test_without_a_limit_the_report_says_it_too(unlimited: Ingested) -> None:
    all_ = cells_by_item(unlimited.base)
    many = sum(len(cells) > 100 for cells in all_.values())
    assert unlimited.report["wide_items"] == many
    assert unlimited.report["widest_item"]["rows"] == len(all_["the-earth"]) == 5_882
    (notice,) = unlimited.report["notices"]
    assert notice == (
        f"{many} items touch more than 100 cells and have a row in each of them; "
        "the widest, the-earth, has 5,882 rows"
    )


def test_nothing_is_said_of_narrow_items(program: Program, tmp_path: Path) -> None:
    narrow = write_items(tmp_path / "archive", WIDE_ITEMS[-3:])
    report = ingest(program, narrow, tmp_path / "table", "{resolution: 3}").report
    assert (report["wide_items"], report["widest_item"], report["notices"]) == (0, None, [])


def test_the_limit_belongs_to_the_table(
    program: Program, wide_archive: Archive, limited: Ingested, tmp_path: Path
) -> None:
    properties = tables.load(limited.base).properties
    assert properties["earthcatalog.grid.max_cells"] == str(LIMIT)
    assert "at most 20 cells an item" in program.run("info", limited.base.path).stdout
    config = tmp_path / "config.yaml"
    config.write_text("grid: {max_cells: 21}\n")
    inventory = wide_archive.csv(tmp_path / "inventory.csv")
    command = ("incremental", "--inventory", inventory, "--source", wide_archive.folder, *limited.base.flags)
    refused = program.run(*command, "--config", config)
    assert refused.returncode == 2
    assert "at most 20 cells, not at most 21 cells" in refused.stderr
    assert program.run(*command).returncode == 0, "who names none uses the table's"


def test_regions_have_the_whole_earth_alone(program: Program, tmp_path: Path) -> None:
    regions = [
        {"type": "Feature", "properties": {"name": f"r{k}"}, "geometry": polygon(rectangle(k, 0, k + 1, 1))}
        for k in range(30)
    ]
    path = tmp_path / "regions.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": regions}))
    items = [
        make_item("wide", polygon(rectangle(0.5, 0.1, 9.5, 0.2))),
        make_item("narrow", polygon(rectangle(0.5, 0.1, 2.5, 0.2))),
        make_item("outside", polygon(rectangle(0.5, 10, 2.5, 12))),
    ]
    grid = f"{{type: geojson, boundaries_path: {path}, id_field: name, max_cells: 5}}"
    made = ingest(program, write_items(tmp_path / "archive", items), tmp_path / "table", grid)
    assert cells_by_item(made.base) == {
        "wide": {EVERYWHERE},
        "narrow": {"r0", "r1", "r2"},
        "outside": {"__none__"},
    }
    assert made.report["widest_item"]["cells_touched"] == 10
