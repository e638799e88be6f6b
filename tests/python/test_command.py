"""The command that pip installs, and the modules that stand for commands."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from small_archive import Archive

import earthcatalog as ec

COMMAND = str(Path(sys.executable).with_name("earthcatalog"))


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(a) for a in arguments], capture_output=True, text=True, check=False, timeout=120
    )


@pytest.mark.parametrize(
    "command", [[COMMAND], [sys.executable, "-m", "earthcatalog"]], ids=["script", "module"]
)
def test_help_and_wrong_usage(command: list[str]) -> None:
    assert "incremental" in run(*command, "--help").stdout
    assert run(*command, "no-such-command").returncode == 2


@pytest.mark.parametrize(
    "command",
    [[COMMAND, "incremental"], [sys.executable, "-m", "earthcatalog.pipelines.incremental"]],
    ids=["command", "module"],
)
def test_incremental(make_archive: Callable[[int], Archive], command: list[str]) -> None:
    archive = make_archive(12)
    result = run(
        *command,
        *("--inventory", archive.inventory, "--catalog", archive.catalog_path),
        *("--warehouse", archive.warehouse_path, "--source", archive.source),
        *("--h3-resolution", "3"),
        "--json",
    )
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["items_processed"] == 12
    assert ec.open(archive.base).info().row_count == 12


def test_failed_work_exits_1(make_archive: Callable[[int], Archive]) -> None:
    archive = make_archive(1)
    result = run(COMMAND, "info", archive.base)
    assert result.returncode == 1
    assert str(archive.base) in result.stderr
    assert result.stdout == ""
