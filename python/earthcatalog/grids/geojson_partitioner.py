"""The grid of named regions from a GeoJSON file."""

import os

from earthcatalog.config import GridConfig
from earthcatalog.grids._native_partitioner import NativePartitioner


class GeoJSONPartitioner(NativePartitioner):
    """The regions of a FeatureCollection of polygons, named by one of the features' properties.

    A geometry is in every region that it touches, also at the boundary, and in `__none__` when there is none.

    Args:
        boundaries_path: a local path, an s3:// or http(s) URL.
        id_field: the property (text or integer) that is a region's name.
        max_cells: as in GridConfig.

    Raises:
        ValueError: the file is no such collection, or a name is missing, twice there, or not usable as a
            folder's; the message names the feature.
        FileNotFoundError: there is no such file.
    """

    def __init__(
        self, boundaries_path: str | os.PathLike[str], id_field: str, *, max_cells: int | None = None
    ) -> None:
        super().__init__(GridConfig("geojson", None, os.fspath(boundaries_path), id_field, max_cells))
