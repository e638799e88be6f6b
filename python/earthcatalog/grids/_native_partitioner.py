"""A grid of the native core."""

from collections.abc import Sequence

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
        return self._partitioner.intersecting_keys([geom_wkb])[0]

    def get_intersecting_keys_batch(self, geoms: Sequence[bytes]) -> list[list[str]]:
        """The keys of each of the geometries."""
        return self._partitioner.intersecting_keys(geoms)

    # Pickled as its configuration: workers elsewhere build their own.
    def __getstate__(self) -> GridConfig:
        return self.config

    def __setstate__(self, config: GridConfig) -> None:
        NativePartitioner.__init__(self, config)


def native_config(partitioner: AbstractPartitioner) -> GridConfig | None:
    """The grid that the core can use in the partitioner's place; None for a class of the user's own.

    Such is also a subclass of a native one that answers by itself.
    """
    answers = (type(partitioner).get_intersecting_keys, type(partitioner).get_intersecting_keys_batch)
    own = (NativePartitioner.get_intersecting_keys, NativePartitioner.get_intersecting_keys_batch)
    return partitioner.config if isinstance(partitioner, NativePartitioner) and answers == own else None
