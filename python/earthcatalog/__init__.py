"""Archives of STAC items as one queryable GeoParquet and Iceberg table.

    import earthcatalog as ec

    catalog = ec.open(base="/data/velocity")
    catalog.info().row_count
    catalog.table.scan(row_filter="platform = 'S1A'").to_arrow()

Importing the package loads neither pyarrow nor the native core; the first call that needs them does.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from earthcatalog._errors import CatalogLocked, EarthCatalogError
    from earthcatalog._layout import PartitionStats, TableLayout
    from earthcatalog._version import __version__
    from earthcatalog.core import CatalogInfo, EarthCatalog, S3Lock, open, register  # noqa: A004

__all__ = [
    "open",
    "register",
    "EarthCatalog",
    "CatalogInfo",
    "PartitionStats",
    "TableLayout",
    "S3Lock",
    "EarthCatalogError",
    "CatalogLocked",
    "__version__",
]

_HOMES = {
    "open": "earthcatalog.core",
    "register": "earthcatalog.core",
    "EarthCatalog": "earthcatalog.core",
    "CatalogInfo": "earthcatalog.core",
    "PartitionStats": "earthcatalog._layout",
    "TableLayout": "earthcatalog._layout",
    "S3Lock": "earthcatalog.core",
    "EarthCatalogError": "earthcatalog._errors",
    "CatalogLocked": "earthcatalog._errors",
    "__version__": "earthcatalog._version",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'earthcatalog' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
