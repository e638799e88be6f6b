"""The progress bar of long calls."""

import contextlib
import math
import sys
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from earthcatalog._core import Progress

_WIDTH = 28


@contextlib.contextmanager
def progress_bar(
    stream: TextIO | None = None, *, verb: str = "ingesting", unit: str = "items"
) -> Iterator["Callable[[Progress], None] | None"]:
    """A function that draws progress on `stream` (stderr); None when that is no terminal.

    The line says what is done (`verb`) and what is counted (`unit`). It is ended on leaving, so that what
    follows starts on one of its own.
    """
    stream = stream or sys.stderr
    if stream is None or not stream.isatty():
        yield None
        return
    bar = _Bar(stream, verb, unit)
    try:
        yield bar.draw
    finally:
        bar.end()


def _duration(seconds: float) -> str:
    """45 s, 3 min 20 s, 2 h 5 min."""
    whole = math.ceil(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


class _Bar:
    def __init__(self, stream: TextIO, verb: str, unit: str) -> None:
        self._stream = stream
        self._verb = verb
        self._unit = unit
        self._start = time.monotonic()
        self._drawn = False

    def draw(self, progress: "Progress") -> None:
        seconds = max(time.monotonic() - self._start, 1e-3)
        parts = [self._verb]
        if progress.total_items:
            filled = min(_WIDTH, _WIDTH * progress.items_done // progress.total_items)
            parts.append(f"[{'#' * filled}{'.' * (_WIDTH - filled)}]")
            parts.append(f"{progress.items_done:,} of {progress.total_items:,} {self._unit}")
        else:
            parts.append(f"{progress.items_done:,} {self._unit}")
        parts.append(f"{progress.items_done / seconds:,.0f}/s")
        if progress.items_committed:
            parts.append(f"{progress.items_committed:,} committed")
        if progress.items_failed:
            parts.append(f"{progress.items_failed:,} failed")
        if 0 < progress.items_done < progress.total_items:
            left = (progress.total_items - progress.items_done) * seconds / progress.items_done
            parts.append(f"{_duration(left)} left")
        # Erasing to the end of the line first: the new text may be shorter than the old one.
        self._stream.write("\r\x1b[K" + "  ".join(parts))
        self._stream.flush()
        self._drawn = True

    def end(self) -> None:
        if self._drawn:
            self._stream.write("\n")
            self._stream.flush()
