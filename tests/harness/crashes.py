"""Ends a program at a chosen system call, without a hook in the program."""

import functools
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from .requirement import require

SOURCE = Path(__file__).with_name("crash_point.cc")


@functools.cache
def _library() -> Path:
    compiler = require(shutil.which("c++"), "a C++ compiler (c++)")
    library = Path(tempfile.mkdtemp(prefix="earthcatalog-crash-")) / "crash_point.so"
    subprocess.run([compiler, "-std=c++20", "-O1", "-shared", "-fPIC", "-o", library, SOURCE], check=True)
    return library


def crash_at(call: str, path: str = "", *, count: int = 1, after: bool = False) -> dict[str, str]:
    """The environment of a program that is killed at (or right after) the `count`-th `call` about `path`."""
    return {
        **os.environ,
        "LD_PRELOAD": str(_library()),
        "CRASH_CALL": call,
        "CRASH_PATH": path,
        "CRASH_COUNT": str(count),
        "CRASH_AFTER": "1" if after else "0",
    }
