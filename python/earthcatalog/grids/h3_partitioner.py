"""The H3 grid of hexagons."""

from earthcatalog.config import GridConfig
from earthcatalog.grids._native_partitioner import NativePartitioner


class H3Partitioner(NativePartitioner):
    """H3 cells of one resolution, 0 to 15; `max_cells` as in GridConfig."""

    def __init__(self, resolution: int = 1, *, max_cells: int | None = None) -> None:
        super().__init__(GridConfig(type="h3", resolution=resolution, max_cells=max_cells))

    @property
    def resolution(self) -> int | None:
        """The resolution of the cells."""
        return self.config.resolution
