"""What importing the package does, and what it offers."""

import os
import pickle
import subprocess
import sys
import sysconfig
from importlib.metadata import version
from pathlib import Path

import earthcatalog as ec


def test_import_loads_neither_pyarrow_nor_the_core() -> None:
    script = (
        "import sys, earthcatalog\n"
        "heavy = {'pyarrow', 'numpy', 'pyiceberg', 'earthcatalog._core'} & set(sys.modules)\n"
        "sys.exit(f'loaded: {heavy}' if heavy else 0)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_core_loads_in_a_fresh_interpreter_without_library_paths() -> None:
    script = "from earthcatalog._native import core; print(core.main.__name__)"
    result = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True, env={}
    )
    assert result.stdout == "main\n"


def test_pip_s_isolated_builds_find_every_library(tmp_path: Path) -> None:
    """They have the build requirements beside the environment that is installed into, not in it."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True)
    project = Path(__file__).parents[2]
    configure = ["cmake", "-G", "Ninja", "-S", str(project), "-B", str(tmp_path / "build")]
    flags = [f"-DPython_EXECUTABLE={tmp_path}/venv/bin/python", "-DEARTHCATALOG_BUILD_TESTS=OFF"]
    result = subprocess.run(
        [*configure, *flags, "-DEARTHCATALOG_BUILD_PYTHON=ON"],
        env={**os.environ, "PYTHONPATH": sysconfig.get_paths()["purelib"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr


def test_every_exported_name_is_there() -> None:
    assert {name for name in ec.__all__ if not hasattr(ec, name)} == set()
    assert set(ec.__all__) <= set(dir(ec))
    assert not hasattr(ec, "no_such_name")


def test_version_is_the_installed_one() -> None:
    assert ec.__version__ == version("earthcatalog")


def test_locked_is_a_failure_of_the_package() -> None:
    assert issubclass(ec.CatalogLocked, ec.EarthCatalogError)
    assert pickle.loads(pickle.dumps(ec.CatalogLocked("held"))).args == ("held",)
