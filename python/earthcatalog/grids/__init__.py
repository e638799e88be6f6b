"""The grids that a catalog can be partitioned by."""

from earthcatalog.config import GridConfig
from earthcatalog.grids._native_partitioner import NativePartitioner
from earthcatalog.grids.geojson_partitioner import GeoJSONPartitioner
from earthcatalog.grids.h3_partitioner import H3Partitioner
from earthcatalog.partitioner import AbstractPartitioner

__all__ = ["AbstractPartitioner", "GeoJSONPartitioner", "H3Partitioner", "build_partitioner"]


def build_partitioner(cfg: GridConfig) -> AbstractPartitioner:
    """The partitioner of a configuration; a ValueError names the grid types there are."""
    if cfg.type == "h3":
        return H3Partitioner(1 if cfg.resolution is None else cfg.resolution, max_cells=cfg.max_cells)
    if cfg.type == "geojson":
        return GeoJSONPartitioner(cfg.boundaries_path or "", cfg.id_field or "", max_cells=cfg.max_cells)
    return NativePartitioner(cfg)
