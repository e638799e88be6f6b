"""The progress bar of long calls."""

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from earthcatalog._core import Progress

_WIDTH = 28


@contextlib.contextmanager
def progress_bar(stream: TextIO | None = None) -> Iterator["Callable[[Progress], None] | None"]:
    """A function that draws progress on `stream` (stderr); None when that is no terminal.

    The line is ended on leaving, so that what follows starts on one of its own.
    """
    stream = stream or sys.stderr
    if stream is None or not stream.isatty():
        yield None
        return
    bar = _Bar(stream)
    try:
        yield bar.draw
    finally:
        bar.end()


class _Bar:
    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._start = time.monotonic()
        self._drawn = False

    def draw(self, progress: "Progress") -> None:
        seconds = max(time.monotonic() - self._start, 1e-3)
        parts = ["ingesting"]
        if progress.total_items:
            filled = min(_WIDTH, _WIDTH * progress.items_done // progress.total_items)
            parts.append(f"[{'#' * filled}{'.' * (_WIDTH - filled)}]")
            parts.append(f"{progress.items_done:,} of {progress.total_items:,} items")
        else:
            parts.append(f"{progress.items_done:,} items")
        parts.append(f"{progress.items_done / seconds:,.0f}/s, {progress.items_committed:,} committed")
        if progress.items_failed:
            parts.append(f"{progress.items_failed:,} failed")
        # Erasing to the end of the line first: the new text may be shorter than the old one.
        self._stream.write("\r\x1b[K" + "  ".join(parts))
        self._stream.flush()
        self._drawn = True

    def end(self) -> None:
        if self._drawn:
            self._stream.write("\n")
            self._stream.flush()
