"""Ends a program at a chosen system call, without a hook in the program."""

import os
from pathlib import Path

from . import preload


def crash_at(
    call: str, path: str = "", *, count: int = 1, after: bool = False, armed: Path | None = None
) -> dict[str, str]:
    """The environment of a program that is killed at (or right after) the `count`-th `call` about `path`.

    With `armed`, a file, of those after it has been made.
    """
    return {
        **os.environ,
        "LD_PRELOAD": str(preload.library("crash_point.cc")),
        "CRASH_CALL": call,
        "CRASH_PATH": path,
        "CRASH_COUNT": str(count),
        "CRASH_AFTER": "1" if after else "0",
        "CRASH_ARMED": str(armed or ""),
    }
