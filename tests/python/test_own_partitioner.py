"""Grids that users write themselves."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import shapely
from earthcatalog.config import GridConfig
from earthcatalog.grids import H3Partitioner
from earthcatalog.partitioner import AbstractPartitioner
from earthcatalog.pipelines import incremental
from small_archive import Archive

import earthcatalog as ec


def quadrants(geom_wkb: bytes) -> list[str]:
    west, south, east, north = shapely.from_wkb(geom_wkb).bounds
    return [
        f"{side} of {half}"
        for side, meets in (("west", west <= 0), ("east", east >= 0))
        for half, holds in (("south", south <= 0), ("north", north >= 0))
        if meets and holds
    ]


class Quadrants(AbstractPartitioner):
    def get_intersecting_keys(self, geom_wkb: bytes) -> list[str]:
        return quadrants(geom_wkb)


class Batches(AbstractPartitioner):
    """Answers batches, and counts them and their items."""

    def __init__(self) -> None:
        self.calls: list[int] = []
        self.threads: set[int] = set()

    def get_intersecting_keys(self, geom_wkb: bytes) -> list[str]:
        raise AssertionError("the batch method is there")

    def get_intersecting_keys_batch(self, geoms: Sequence[bytes]) -> list[list[str]]:
        self.calls.append(len(geoms))
        self.threads.add(threading.get_ident())
        return [quadrants(geom) for geom in geoms]


class Upper(H3Partitioner):
    """A native grid's keys with a change."""

    def get_intersecting_keys(self, geom_wkb: bytes) -> list[str]:
        return [key.upper() for key in super().get_intersecting_keys(geom_wkb)]

    def get_intersecting_keys_batch(self, geoms: Sequence[bytes]) -> list[list[str]]:
        return [self.get_intersecting_keys(geom) for geom in geoms]


class Answers(AbstractPartitioner):
    """What `answer` gives for a longitude."""

    def __init__(self, answer: Callable[[float], Any]) -> None:
        self.answer = answer

    def get_intersecting_keys(self, geom_wkb: bytes) -> list[str]:
        return self.answer(shapely.from_wkb(geom_wkb).x)  # type: ignore[no-any-return]


def ingest(archive: Archive, **arguments: Any) -> dict[str, Any]:
    return incremental.run(
        archive.inventory, archive.catalog_path, archive.warehouse_path, source=archive.source, **arguments
    )


def rows_of(archive: Archive) -> Counter[tuple[str, str]]:
    rows = ec.open(archive.base).table.scan(selected_fields=("grid_partition", "id")).to_arrow()
    return Counter(zip(rows["grid_partition"].to_pylist(), rows["id"].to_pylist(), strict=True))


def expected_rows(archive: Archive, keys: Callable[[bytes], list[str]]) -> Counter[tuple[str, str]]:
    return Counter(
        (key, item["id"])
        for item in archive.items
        for key in keys(shapely.to_wkb(shapely.Point(item["geometry"]["coordinates"])))
    )


def test_rows_and_folders_are_those_of_the_class(make_archive: Callable[[int], Archive]) -> None:
    archive = make_archive(60)
    report = ingest(archive, partitioner=Quadrants(), chunk_size=25)
    expected = expected_rows(archive, quadrants)
    assert rows_of(archive) == expected
    assert report["rows_written"] == expected.total()
    folders = {path.name for path in archive.warehouse_path.glob("grid_partition=*")}
    assert folders == {f"grid_partition={key}" for key, _ in expected}
    assert len(folders) == 4


def test_the_batch_method_is_called_with_batches(make_archive: Callable[[int], Archive]) -> None:
    archive = make_archive(100)
    partitioner = Batches()
    ingest(archive, partitioner=partitioner)
    assert sum(partitioner.calls) == 100
    assert len(partitioner.calls) < 20
    assert threading.get_ident() not in partitioner.threads
    assert rows_of(archive) == expected_rows(archive, quadrants)


def test_the_table_records_the_class_and_every_run_brings_one(make_archive: Callable[[int], Archive]) -> None:
    archive = make_archive(10)
    ingest(archive, partitioner=Quadrants())
    properties = ec.open(archive.base).table.properties
    assert properties["earthcatalog.grid.type"] == "custom"
    assert properties["earthcatalog.grid.class"] == "Quadrants"
    assert "earthcatalog.grid.resolution" not in properties
    assert ec.open(archive.base).grid_type == "custom"
    with pytest.raises(ValueError, match=r"the Python class Quadrants.*partitioner="):
        ingest(archive)
    with pytest.raises(
        ValueError, match="the table's grid is the Python class Quadrants, not h3 resolution 1"
    ):
        ingest(archive, h3_resolution=1)
    with pytest.raises(ValueError, match="the Python class Quadrants, not the Python class Batches"):
        ingest(archive, partitioner=Batches())
    ingest(archive, partitioner=Quadrants(), again=True)
    assert set(rows_of(archive).values()) == {2}


def test_a_table_of_another_grid_refuses_it(make_archive: Callable[[int], Archive]) -> None:
    archive = make_archive(3)
    ingest(archive)
    with pytest.raises(ValueError, match="h3 resolution 1, not the Python class Quadrants"):
        ingest(archive, partitioner=Quadrants())
    with pytest.raises(ValueError, match="different grids"):
        ingest(archive, partitioner=Quadrants(), grid_config=GridConfig("h3", 1))
    with pytest.raises(TypeError, match="int is no AbstractPartitioner"):
        ingest(archive, partitioner=5)


def test_a_subclass_of_a_native_grid_answers_itself(make_archive: Callable[[int], Archive]) -> None:
    archive = make_archive(10)
    ingest(archive, partitioner=Upper(2))
    native = H3Partitioner(2)
    keys = lambda wkb: [key.upper() for key in native.get_intersecting_keys(wkb)]  # noqa: E731
    assert rows_of(archive) == expected_rows(archive, keys)
    assert ec.open(archive.base).table.properties["earthcatalog.grid.class"] == "Upper"


@pytest.mark.parametrize("answer", [[], ["__none__"]])
def test_no_key_is_the_cell_none(make_archive: Callable[[int], Archive], answer: list[str]) -> None:
    archive = make_archive(8)
    ingest(archive, partitioner=Answers(lambda _longitude: answer))
    assert {key for key, _ in rows_of(archive)} == {"__none__"}
    assert rows_of(archive).total() == 8


def test_keys_twice_are_one_row(make_archive: Callable[[int], Archive]) -> None:
    archive = make_archive(4)
    ingest(archive, partitioner=Answers(lambda _longitude: ["b", "a", "b", "__none__", "a"]))
    assert rows_of(archive) == Counter({(key, id_): 1 for key in "ab" for id_ in archive.ids})


BAD = {
    "None": (None, "no list of names but None"),
    "a str": ("abc", "no list of names but 'abc'"),
    "a tuple": (("a",), "no list of names"),
    "numbers": ([1], "no str: 1"),
    "bytes": ([b"a"], "no str"),
    "an empty name": ([""], "is empty"),
    "a way out": (["good", "../../etc"], "'/'"),
    "two dots": ([".."], "cannot be a folder's name"),
    "a control character": (["a\nb"], "control character"),
    "half a character": (["\ud800"], "not Unicode"),
    "too long": (["x" * 241], "longer than 240"),
}


@pytest.mark.parametrize("bad", BAD)
def test_a_bad_answer_quarantines_its_item_alone(make_archive: Callable[[int], Archive], bad: str) -> None:
    value, words = BAD[bad]
    archive = make_archive(12)
    longitude = archive.items[5]["geometry"]["coordinates"][0]
    report = ingest(archive, partitioner=Answers(lambda x: value if abs(x - longitude) < 1e-9 else ["good"]))
    assert (report["items_processed"], report["items_quarantined"]) == (11, 1)
    assert report["quarantined_by_kind"] == {"bad_cells": 1}
    (failure,) = report["first_failures"]
    assert failure["key"] == "item-0005.stac.json"
    assert "Answers" in failure["message"]
    assert words in failure["message"]
    assert rows_of(archive) == Counter({("good", id_): 1 for id_ in archive.ids - {"item-0005"}})


class OddError(Exception):
    pass


@pytest.mark.parametrize("kind", [OddError, KeyboardInterrupt, SystemExit, MemoryError])
def test_an_exception_ends_the_run_and_is_raised(
    make_archive: Callable[[int], Archive], kind: type[BaseException]
) -> None:
    archive = make_archive(600)
    error = kind("the user's own")
    seen: list[float] = []

    def answer(longitude: float) -> list[str]:
        seen.append(longitude)
        if len(seen) > 300:
            raise error
        return ["a"]

    with pytest.raises(kind) as raised:
        ingest(archive, partitioner=Answers(answer), chunk_size=100)
    assert raised.value is error
    assert raised.traceback[-1].name == "answer"
    files = list(archive.warehouse_path.glob("grid_partition=*/**/*.parquet"))
    committed = 0
    if archive.base.exists():  # what ends before its first commit leaves nothing
        info = ec.open(archive.base).info()
        committed = info.row_count
        assert len(files) == info.file_count
    assert committed % 100 == 0
    assert committed < 600
    assert committed > 0 or not files
    assert not (archive.base / ".lock").exists()
    # And a run without the fault goes through.
    report = ingest(archive, partitioner=Answers(lambda _longitude: ["a"]), chunk_size=100)
    assert report["items_processed"] == 600 - committed
    assert ec.open(archive.base).info().row_count == 600


@pytest.mark.parametrize(
    ("answers", "error", "words"),
    [
        ([["a"]], ValueError, "1 lists for 10 geometries"),
        ("text", TypeError, "no list of lists but 'text'"),
        (None, TypeError, "no list of lists but None"),
    ],
)
def test_a_batch_that_cannot_be_told_apart_ends_the_run(
    make_archive: Callable[[int], Archive], answers: Any, error: type[Exception], words: str
) -> None:
    class Batched(Quadrants):
        def get_intersecting_keys_batch(self, geoms: Sequence[bytes]) -> list[list[str]]:
            return answers  # type: ignore[no-any-return]

    with pytest.raises(error, match=f"Batched.get_intersecting_keys_batch returned {words}"):
        ingest(make_archive(10), partitioner=Batched())


def test_other_threads_run_meanwhile(make_archive: Callable[[int], Archive]) -> None:
    """A class that waits without the GIL does not stop the rest of the program, nor the caller's signals."""
    archive = make_archive(20)
    turns = 0
    done = threading.Event()

    def count() -> None:
        nonlocal turns
        while not done.wait(0.01):
            turns += 1

    def answer(_longitude: float) -> list[str]:
        time.sleep(0.02)
        return ["a"]

    thread = threading.Thread(target=count)
    thread.start()
    try:
        ingest(archive, partitioner=Answers(answer))
    finally:
        done.set()
        thread.join()
    assert turns > 10
