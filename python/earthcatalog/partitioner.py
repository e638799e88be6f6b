"""What a partitioner is: it says which cells of its grid a geometry touches."""

from abc import ABC, abstractmethod


class AbstractPartitioner(ABC):
    """The grid's cells as keys."""

    @abstractmethod
    def get_intersecting_keys(self, geom_wkb: bytes) -> list[str]:
        """The keys of all cells that the WKB geometry touches; `__none__` when there is none."""
