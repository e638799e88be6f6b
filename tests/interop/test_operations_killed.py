"""Each operation on a table is killed at every point, then done again; `clean` removes what is over.

EARTHCATALOG_FULL=1  before and after every call that changes files; otherwise a sample of these points
"""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest
from harness.modelled_table import ModelledTable
from harness.operations import Driver
from harness.program import Base, Program
from harness.table_model import Change, Expiry, Removal, Table

FULL = os.environ.get("EARTHCATALOG_FULL") == "1"
STEP = 1 if FULL else 4
EVERY_SNAPSHOT_MS = 10**13

Operation = Callable[[ModelledTable], None]


@dataclass
class Prepared:
    """A table with a history, a copy of its folder, and what may be done to it."""

    table: ModelledTable
    copy: Path
    latest: Table
    versions: dict[str, Table]
    operations: dict[str, Operation]

    def restore(self) -> None:
        shutil.rmtree(self.table.base.path)
        shutil.copytree(self.copy, self.table.base.path)
        self.table.latest = self.latest
        self.table.versions = dict(self.versions)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory, duck: duckdb.DuckDBPyConnection) -> Iterator[Prepared]:
    folder = tmp_path_factory.mktemp("killed")
    table = ModelledTable(Base(folder / "base"), 11, duck)
    maker = table.maker
    crowded = (maker.CELLS[0], 2020)
    for _ in range(3):
        table.change(Change("append", (maker.new_file(crowded), maker.new_file())))
    first, second, third = [file for file in table.latest.files if file.partition == crowded][:3]
    table.change(Change("overwrite", (maker.new_file(),), Removal(files=(third,))))
    new = tuple(maker.new_file(crowded) for _ in range(2))
    merged = tuple(maker.merged([first, second]))
    changes = {
        "append": Change("append", new),
        "overwrite of files": Change("overwrite", new, Removal(files=(first, second))),
        "overwrite of a partition": Change("overwrite", new, Removal(partitions=frozenset([crowded]))),
        "overwrite of everything": Change("overwrite", new, Removal(everything=True)),
        "replace": Change("replace", merged, Removal(files=(first, second)), {}, 1),
        "delete": Change("delete", removal=Removal(files=(first,))),
    }
    operations: dict[str, Operation] = {
        name: lambda table, asked=asked: table.change(asked)  # type: ignore[misc]
        for name, asked in changes.items()
    }
    expiry = Expiry(EVERY_SNAPSHOT_MS, 1, {"tests.carried": "kept"})
    operations["expire"] = lambda table: table.expire(expiry)
    operations["properties"] = lambda table: table.set_properties({"tests.property": "set"})
    operations["rewrite of manifests"] = lambda table: table.rewrite_manifests()
    operations["columns"] = lambda table: table.add_columns(["tests:column"])
    table.sync = True  # the calls that wait for the disk are points, too
    copy = folder / "copy"
    shutil.copytree(table.base.path, copy)
    yield Prepared(table, copy, table.latest, dict(table.versions), operations)
    table.end()


NAMES = (
    *("append", "overwrite of files", "overwrite of a partition", "overwrite of everything"),
    *("replace", "delete", "expire", "properties", "columns", "rewrite of manifests"),
)


@pytest.mark.timeout(3600 if FULL else 600)
@pytest.mark.parametrize("name", NAMES)
def test_a_killed_operation_is_done_or_not_and_can_be_repeated(
    prepared: Prepared, program: Program, name: str
) -> None:
    table, operation = prepared.table, prepared.operations[name]
    before, after = prepared.latest, None
    seen = set()
    for number in range(1, 200, STEP):
        disturbed = False
        for late in (False, True) if FULL else (number % 8 == 1,):
            prepared.restore()
            killed = table.done["killed"]
            table.arm(number, after=late)
            operation(table)
            table.disarm()
            disturbed |= table.done["killed"] > killed
            is_in = table.latest is not before
            seen.add(is_in)
            table.check(everything=True)
            if not is_in or name != "append":  # whose caller looks whether it is in
                operation(table)
            assert table.latest is not before
            table.check(everything=True)
            after = after or set(table.latest.files)
            assert set(table.latest.files) == after
            _clean(table, program)
        if not disturbed:
            break
    else:
        pytest.fail("the operation has no end")
    assert seen == {False, True}
    assert number > 2 * STEP


def _clean(table: ModelledTable, program: Program) -> None:
    """Nothing is left but what the table names, and that is whole.

    To `clean` a file is named as long as a manifest says that it was removed.
    """
    table.writers[0].end()
    done = program.run("clean", *table.base.flags, "--older-than", "0s", "--json")
    assert done.returncode == 0, done.stderr
    left = {path for path in table.base.path.rglob("*") if path.is_file()}
    needed = table.needed_files()
    assert needed <= left
    assert left - needed <= table.removed_files()
    table.check(everything=False)
    table.at_work = table.writers[0] = Driver(table.base)
