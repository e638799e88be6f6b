"""What a partitioner is: it says which cells of its grid a geometry touches.

Besides the grids of `earthcatalog.grids`, any class can be one:

    class Hemispheres(AbstractPartitioner):
        def get_intersecting_keys(self, geom_wkb: bytes) -> list[str]:
            south, north = shapely.from_wkb(geom_wkb).bounds[1::2]
            return ["north"] * (north >= 0) + ["south"] * (south < 0)

    run("inventory.csv", "earthcatalog.db", "warehouse", partitioner=Hemispheres())

The table records the class's name, and every later run on it brings an object of that class again. That the
object gives the same keys as before is up to the class.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence


class AbstractPartitioner(ABC):
    r"""The grid's cells as keys.

    A key is a value of the column `grid_partition` and part of a folder's name: not empty, at most 240 bytes
    of UTF-8, without `/`, `\`, `=`, `%`, `?`, `#` and control characters, and none of `.`, `..`,
    `__global__`, where the table puts items with more keys than its limit.

    `run` calls the batch method on the core's own threads, with items that have a geometry. Python runs one
    thread at a time, but a call that lets others run (Shapely, NumPy, waiting) can overlap with the next. An
    exception ends the run and is what `run` raises; what is committed stays. An item whose answer is no list
    of such keys is quarantined as `bad_cells`.
    """

    @abstractmethod
    def get_intersecting_keys(self, geom_wkb: bytes) -> list[str]:
        """The keys of all cells that the WKB geometry touches; `__none__`, or no key, when there is none."""

    def get_intersecting_keys_batch(self, geoms: Sequence[bytes]) -> list[list[str]]:
        """The keys of each of the geometries. Override it where many at once are faster."""
        return [self.get_intersecting_keys(geom_wkb) for geom_wkb in geoms]
