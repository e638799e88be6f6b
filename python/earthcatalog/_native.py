"""The native core, loaded after the libraries it needs.

The extension module is linked to libarrow, libparquet and libarrow_s3 by name only. They lie inside pyarrow,
whose `fs` module loads them all and ends their S3 threads when the interpreter exits.
"""

import pyarrow.fs  # noqa: F401

from earthcatalog import _core as core

__all__ = ["core"]
