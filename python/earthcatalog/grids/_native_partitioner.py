"""A grid of the native core."""

from earthcatalog._native import core
from earthcatalog.config import GridConfig
from earthcatalog.partitioner import AbstractPartitioner


class NativePartitioner(AbstractPartitioner):
    """Any grid that the core knows, by its configuration."""

    def __init__(self, config: GridConfig) -> None:
        self.config = config
        self._partitioner = core.Partitioner(config.to_native())

    def get_intersecting_keys(self, geom_wkb: bytes) -> list[str]:
        """The keys of all cells that the WKB geometry touches; `__none__` when there is none."""
        return self._partitioner.intersecting_keys(geom_wkb)

    # Pickled as its configuration: workers elsewhere build their own.
    def __getstate__(self) -> GridConfig:
        return self.config

    def __setstate__(self, config: GridConfig) -> None:
        NativePartitioner.__init__(self, config)
