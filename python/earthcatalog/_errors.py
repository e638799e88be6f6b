"""The package's own exceptions; the native core raises them, too.

Wrong arguments are ValueError, a missing file or catalog is FileNotFoundError.
"""


class EarthCatalogError(Exception):
    """The work failed: the message says what, where, and what to do."""


class CatalogLocked(EarthCatalogError):  # noqa: N818 - the name is part of the published interface
    """Somebody else holds the catalog's lock: the message says who and since when."""


# Tracebacks show the names that users import.
EarthCatalogError.__module__ = CatalogLocked.__module__ = "earthcatalog"
