"""Fixtures of all tests here."""

from collections.abc import Callable
from pathlib import Path

import pytest
from small_archive import Archive, write_archive


@pytest.fixture
def make_archive(tmp_path: Path) -> Callable[[int], Archive]:
    """Makes an archive of a number of items below the test's own folder."""
    return lambda count: write_archive(tmp_path, count)
