"""What importing the package does, and what it offers."""

import pickle
import subprocess
import sys
from importlib.metadata import version

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


def test_every_exported_name_is_there() -> None:
    assert {name for name in ec.__all__ if not hasattr(ec, name)} == set()
    assert set(ec.__all__) <= set(dir(ec))
    assert not hasattr(ec, "no_such_name")


def test_version_is_the_installed_one() -> None:
    assert ec.__version__ == version("earthcatalog")


def test_locked_is_a_failure_of_the_package() -> None:
    assert issubclass(ec.CatalogLocked, ec.EarthCatalogError)
    assert pickle.loads(pickle.dumps(ec.CatalogLocked("held"))).args == ("held",)
