"""The H3 grid of hexagons."""

from earthcatalog.config import GridConfig
from earthcatalog.grids._native_partitioner import NativePartitioner


class H3Partitioner(NativePartitioner):
    """H3 cells of one resolution, 0 to 15."""

    def __init__(self, resolution: int = 1) -> None:
        super().__init__(GridConfig(type="h3", resolution=resolution))

    @property
    def resolution(self) -> int | None:
        """The resolution of the cells."""
        return self.config.resolution
