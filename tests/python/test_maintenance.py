"""How the table lies on disk, and what keeps it healthy."""

import inspect
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from earthcatalog.maintenance.compact import compact_warehouse
from small_archive import Archive, ingest, write_archive

import earthcatalog as ec

COMMITS = 5


@pytest.fixture
def archive(make_archive: Callable[[int], Archive]) -> Archive:
    """A table of the same few items, several times."""
    archive = make_archive(6)
    for number in range(COMMITS):
        ingest(archive, h3_resolution=0, again=number > 0)
    return archive


def program(*arguments: str | Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "earthcatalog", *map(str, arguments), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def items(archive: Archive) -> list[dict[str, Any]]:
    return sorted(ec.open(archive.base).items(), key=lambda item: str(item["id"]))


def file_count(archive: Archive) -> int:
    return ec.open(archive.base).info().file_count


def parameters(function: Callable[..., Any]) -> dict[str, Any]:
    """Those that may be given by position, with their defaults."""
    positional = inspect.Parameter.POSITIONAL_OR_KEYWORD
    found = inspect.signature(function).parameters.values()
    return {each.name: each.default for each in found if each.kind == positional}


def test_signatures_are_the_published_ones() -> None:
    required = inspect.Parameter.empty
    assert parameters(compact_warehouse) == {
        "warehouse_path": required,
        "catalog_path": required,
        "threshold": 2,
        "use_lock": False,
        "dry_run": False,
    }
    assert parameters(ec.EarthCatalog.compact) == {"self": required, "threshold": 2, "dry_run": False}
    assert parameters(ec.EarthCatalog.stats) == {"self": required}
    assert parameters(ec.EarthCatalog.maintain) == {"self": required, "dry_run": False}


def test_layout_is_what_the_command_prints(archive: Archive) -> None:
    catalog = ec.open(archive.base)
    layout = catalog.layout()
    printed = program("stats", archive.base)
    assert printed.keys() == layout.__dict__.keys()
    for name, value in printed.items():
        found = getattr(layout, name)
        if name in ("first_snapshot", "last_snapshot"):
            assert found.utcoffset().total_seconds() == 0
            found = found.isoformat(timespec="milliseconds").replace("+00:00", "Z")
            assert found.rstrip("Z").rstrip("0").rstrip(".") == value.rstrip("Z").rstrip("0").rstrip(".")
        else:
            assert found == value, name
    assert layout.partitions == catalog.stats()
    assert layout.fan_out == 1
    assert layout.fan_out_items == layout.row_count == 6 * COMMITS


def test_stats_stay_a_list_of_partitions(archive: Archive) -> None:
    stats = ec.open(archive.base).stats()
    assert isinstance(stats, list)
    assert {tuple(entry) for entry in stats} == {
        ("grid_partition", "year", "row_count", "file_count", "total_bytes")
    }


def test_info_names_columns_that_overflowed(tmp_path: Path) -> None:
    archive = write_archive(tmp_path, 4)
    ingest(archive, h3_resolution=0)
    assert ec.open(archive.base).info().overflowed == {}
    for number, value in enumerate([1, 2**53 + 1, "many"]):
        path = archive.source / "archive" / f"item-{number:04d}.stac.json"
        item = json.loads(path.read_text())
        item["properties"]["score"] = value
        path.write_text(json.dumps(item))
        ingest(archive, h3_resolution=0, again=True)
    catalog = ec.open(archive.base)
    overflowed = catalog.info().overflowed
    assert overflowed == {"score": 3}, "one in the second commit, two in the third"
    assert overflowed == program("info", archive.base)["overflowed"] == catalog.layout().overflowed


def test_rewrite_manifests(archive: Archive) -> None:
    catalog = ec.open(archive.base)
    before = catalog.info()
    assert catalog.rewrite_manifests(dry_run=True)["rewritten"] is False
    assert catalog.info() == before
    report = catalog.rewrite_manifests()
    assert report["rewritten"]
    assert (report["before"]["count"], report["after"]["count"]) == (COMMITS, 1)
    assert catalog.layout().manifest_count == 1
    assert catalog.info().snapshot_count == COMMITS + 1
    assert catalog.rewrite_manifests()["rewritten"] is False


def test_maintain_tells_each_step(archive: Archive) -> None:
    catalog = ec.open(archive.base)
    before = items(archive)
    asked = catalog.maintain(dry_run=True)
    assert asked["dry_run"]
    assert catalog.info().snapshot_count == COMMITS
    report = catalog.maintain()
    assert [step["step"] for step in report["steps"]] == [step["step"] for step in asked["steps"]]
    for then, now in zip(asked["steps"], report["steps"], strict=True):
        assert now["reason"]
        assert {"due": "done"}.get(then["outcome"], "not_due") == now["outcome"] or now["step"] == "manifests"
    assert items(archive) == before
    assert {step["outcome"] for step in catalog.maintain()["steps"]} == {"not_due"}


def test_a_step_that_is_locked_out_raises_nothing(archive: Archive) -> None:
    catalog = ec.open(archive.base)
    with catalog.lock("nightly repair"):
        steps = {step["step"]: step for step in catalog.maintain()["steps"]}
    assert steps["clean"]["outcome"] == "locked"
    assert "nightly repair" in steps["clean"]["message"]


@pytest.mark.parametrize("way", ["warehouse", "catalog", "module"])
def test_compact(archive: Archive, way: str) -> None:
    """The same by the function, by the catalog's method and by the module as a command."""
    before = items(archive)
    files = file_count(archive)
    partitions = len(ec.open(archive.base).stats())
    report: dict[str, Any]
    if way == "warehouse":
        report = compact_warehouse(archive.warehouse_path, archive.catalog_path)
    elif way == "catalog":
        report = ec.open(archive.base).compact()
    else:
        module = [sys.executable, "-m", "earthcatalog.maintenance.compact"]
        flags = ["--warehouse", archive.warehouse_path, "--catalog", archive.catalog_path, "--json"]
        done = subprocess.run(
            [*module, *map(str, flags)], capture_output=True, text=True, check=True, timeout=120
        )
        report = json.loads(done.stdout)
    assert report["buckets_scanned"] == report["buckets_compacted"] == partitions
    assert (report["files_before"], report["files_after"]) == (files, partitions)
    assert report["bytes_before"] > report["bytes_after"] > 0
    assert file_count(archive) == partitions
    assert items(archive) == before
    assert Counter(row["id"] for row in rows(archive)) == dict.fromkeys(archive.ids, 1)


def rows(archive: Archive) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (
        ec.open(archive.base).table.scan(selected_fields=("id",)).to_arrow().to_pylist()
    )
    return found


def test_compact_s_dry_run_and_threshold(archive: Archive) -> None:
    catalog = ec.open(archive.base)
    before = catalog.info()
    assert catalog.compact(dry_run=True)["buckets_compacted"] > 0
    assert catalog.compact(threshold=COMMITS + 1, dry_run=True)["buckets_compacted"] == 0
    assert catalog.info() == before


def test_compact_gives_columns_other_types(archive: Archive) -> None:
    catalog = ec.open(archive.base)
    before = items(archive)
    report = catalog.compact(column_types={"proj:code": "double"})
    assert report["column_types"] == {"proj:code": {"from": "string", "to": "double"}}
    assert str(catalog.table.schema().find_type("proj:code")) == "double"
    assert items(archive) == before
    with pytest.raises(ValueError, match="the column proj:code has the type double already"):
        catalog.compact(column_types={"proj:code": "double"})
    with pytest.raises(ValueError, match="the column id has the same type in every table"):
        catalog.compact(column_types={"id": "long"})


def test_compact_with_the_lock_waits_for_nobody(archive: Archive) -> None:
    catalog = ec.open(archive.base)
    with catalog.lock("ingest"):
        with pytest.raises(ec.CatalogLocked, match="ingest"):
            catalog.compact(use_lock=True)
        assert catalog.compact()["commits"] == 1


@pytest.mark.parametrize("wrong", [{"threshold": 0}, {"target_size": 0}, {"memory_limit": 1}])
def test_numbers_that_are_none(archive: Archive, wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"\d"):
        ec.open(archive.base).compact(**wrong)  # type: ignore[arg-type]


def test_no_catalog_is_file_not_found(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        compact_warehouse(tmp_path / "warehouse", tmp_path / "earthcatalog.db")
    assert list(tmp_path.iterdir()) == []


def test_clean_leaves_what_a_writer_may_be_about_to_commit(archive: Archive) -> None:
    file = next(archive.warehouse_path.glob("grid_partition=*/*/*.parquet"))
    orphan = file.with_name("part_000012_0a1b2c3d.parquet")
    orphan.write_bytes(b"nobody's")
    catalog = ec.open(archive.base)
    catalog.maintain()
    assert orphan.exists()
    os.utime(orphan, (time.time() - 4 * 86400,) * 2)
    catalog.maintain()
    assert not orphan.exists()
