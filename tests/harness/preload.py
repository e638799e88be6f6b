"""Libraries that are preloaded into the program: they change what the system does, without a hook in it."""

import functools
import shutil
import subprocess
import tempfile
from pathlib import Path

from .requirement import require


@functools.cache
def library(source: str) -> Path:
    """Compiles a C++ source of this folder."""
    compiler = require(shutil.which("c++"), "a C++ compiler (c++)")
    path = Path(__file__).with_name(source)
    made = Path(tempfile.mkdtemp(prefix="earthcatalog-preload-")) / f"{path.stem}.so"
    subprocess.run([compiler, "-std=c++20", "-O1", "-shared", "-fPIC", "-o", made, path], check=True)
    return made
