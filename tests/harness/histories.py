"""Items that change, and what a table of all their versions should give."""

import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import archives
from .archives import Item, ItemKey
from .odd_items import make_item, polygon, rectangle
from .program import Base, Program

PLATFORMS = ["S1A", "S1B", None]


@dataclass
class History:
    """Items that change: what was ingested in which order, and which version of each is the newest."""

    pool: int  # so many items, of which each run takes so many
    items_of_run: int
    newest: dict[ItemKey, tuple[tuple[str, str, int], Item]] = field(default_factory=dict)
    ingested: int = 0

    def make_run(self, random_: random.Random) -> list[Item]:
        return [
            self._version(random_, number) for number in random_.sample(range(self.pool), self.items_of_run)
        ]

    def _version(self, random_: random.Random, number: int) -> Item:
        """With and without what tells its age; somewhere and somewhen else now and then."""
        moved = random_.random() < 0.3
        place = random_.randrange(300) if moved else number
        west, south = place % 36 * 10 - 180 + 0.5, place // 36 % 12 * 12 - 70
        properties: dict[str, Any] = {
            "datetime": f"20{10 + number % 4}-03-0{1 + number % 9}T10:00:00Z",
            "version": str(self.ingested),
        }
        if random_.random() < 0.1:
            properties["datetime"] = "2019-01-01T00:00:00.500000Z"
        if number % 3:  # of the others it is what came last
            properties["updated"] = f"2024-01-{random_.randrange(1, 29):02}T00:00:00Z"
        if number % 2:
            properties["created"] = f"2023-01-{random_.randrange(1, 4):02}T00:00:00Z"
        platform = PLATFORMS[number % 3]
        if platform:
            properties["platform"] = platform
        item = make_item(
            f"item-{number}",
            polygon(rectangle(west, south, west + 8, south + 8)),
            collection=["a", "b", None][number % 3],
            **properties,
        )
        self.note(item)
        return item

    def note(self, item: Item) -> None:
        properties = item["properties"]
        age = (properties.get("updated", ""), properties.get("created", ""), self.ingested)
        self.ingested += 1
        key = archives.key_of(item)
        if key not in self.newest or age > self.newest[key][0]:
            self.newest[key] = (age, item)

    def items(self) -> list[Item]:
        return [item for _age, item in self.newest.values()]


def ingest(program: Program, items: list[Item], base: Base, folder: Path, *flags: str) -> None:
    archive = archives.write_items(folder, items)
    inventory = archive.csv(folder / "inventory.csv")
    report = program.ingest(inventory, base, "--source", archive.folder, "--suffix", ".json", *flags)
    assert report["items_processed"] == len(items)
