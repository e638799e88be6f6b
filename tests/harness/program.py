"""Running the `earthcatalog` program."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .archives import Archive, Item

Argument = str | Path | int


@dataclass(frozen=True)
class Base:
    """The folder of a catalogue; nothing need be there yet."""

    path: Path

    @property
    def db(self) -> Path:
        return self.path / "earthcatalog.db"

    @property
    def warehouse(self) -> Path:
        return self.path / "warehouse"

    @property
    def failed(self) -> Path:
        return self.path / "warehouse_failed"

    @property
    def lock(self) -> Path:
        return self.path / ".lock"

    @property
    def place(self) -> str:
        """As the program is told it."""
        return str(self.path)

    @property
    def flags(self) -> list[Argument]:
        return ["--catalog", f"{self.place}/{self.db.name}", "--warehouse", f"{self.place}/warehouse"]

    def name_of(self, path: Path) -> str:
        """What the program calls a file of the catalogue."""
        return f"{self.place}/{path.relative_to(self.path)}"

    def parquet_files(self) -> set[Path]:
        """Every data file in the warehouse folder, named by a commit or not."""
        return set(self.warehouse.glob("grid_partition=*/**/*.parquet"))

    def hidden_files(self) -> list[Path]:
        """What a file being written leaves behind when nobody cleans up."""
        return [path for path in self.path.rglob("*") if path.name.startswith(".") or "tmp" in path.suffix]


@dataclass(frozen=True)
class Catalogue:
    """A table and the items that it must hold."""

    base: Base
    items: list[Item]


@dataclass(frozen=True)
class Program:
    path: Path
    # What starts it, when it is not started as it is.
    launcher: tuple[str, ...] = ()

    def command(self, *arguments: Argument) -> list[str]:
        return [*self.launcher, str(self.path), *map(str, arguments)]

    def run(self, *arguments: Argument, **options: Any) -> subprocess.CompletedProcess[str]:
        options.setdefault("timeout", 300)
        # Invalid UTF-8 on the streams is a failure here.
        return subprocess.run(
            self.command(*arguments), capture_output=True, text=True, encoding="utf-8", check=False, **options
        )

    def start(self, *arguments: Argument, **options: Any) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.command(*arguments),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            **options,
        )

    def ingest(
        self, inventory: Path | None, base: Base, *flags: Argument, code: int | None = 0, **options: Any
    ) -> dict[str, Any]:
        """`incremental --json` that must end with `code`, unless that is None; its report, which must add up.

        It does not wait for the disk, which other work on the machine would make slow.
        """
        where = ["--inventory", inventory] if inventory else []
        done = self.run("incremental", *where, *base.flags, *flags, "--json", "--no-sync", **options)
        assert code is None or done.returncode == code, (
            f"exit code {done.returncode}, not {code}: {done.stderr}"
        )
        report: dict[str, Any] = json.loads(done.stdout)
        check_accounts(report)
        return report

    def ingest_archive(self, archive: Archive, base: Base, *flags: Argument) -> Catalogue:
        """All items of an archive into the table, which must take every one of them."""
        base.path.mkdir(parents=True, exist_ok=True)
        inventory = archive.csv(base.path.parent / f"{base.path.name}-inventory.csv")
        report = self.ingest(inventory, base, "--source", archive.folder, "--suffix", archive.suffix, *flags)
        assert report["items_processed"] == len(archive.rows), report["first_failures"]
        return Catalogue(base, archive.items)


def check_accounts(report: dict[str, Any]) -> None:
    """Every inventory row is in exactly one of the report's counts."""
    inventory = report["inventory"]
    skipped = sum(count for name, count in inventory.items() if name.startswith("skipped_"))
    assert inventory["rows"] == inventory["selected"] + skipped + inventory["malformed"]
    reached = report["items_processed"] + report["items_quarantined"]
    assert inventory["selected"] == reached + report["items_not_reached"]
    assert report["items_quarantined"] == sum(report["quarantined_by_kind"].values())
    assert len(report["first_failures"]) == min(report["items_quarantined"], 10)
    assert len(inventory["first_malformed"]) == min(inventory["malformed"], 20)
