"""Tests that need something the machine may not have."""

import importlib
import os
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import pytest

T = TypeVar("T")

PROJECT = Path(__file__).resolve().parents[2]


def missing(what: str) -> NoReturn:
    """Skips the test, naming what it needs; in CI, where everything must be there, it fails."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"missing: {what}", pytrace=False)
    pytest.skip(f"missing: {what}")


def require(found: T | None, what: str) -> T:
    """What was found, or the end of the test."""
    return found if found else missing(what)


def path_from_environment(variable: str, default: Path, what: str) -> Path:
    """The path a variable names (relative ones from the project), or the default; it must exist."""
    path = PROJECT / os.environ.get(variable, default)
    return require(path if path.exists() else None, f"{what}: {path} ({variable} names another)")


def require_module(name: str) -> Any:
    """The Python module, or the end of the test."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        missing(f"the Python module {name} ({error})")
