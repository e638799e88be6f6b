"""The command `earthcatalog`, as pip installs it: the same program that CMake builds."""

import os
import sys


def main(arguments: list[str] | None = None) -> int:
    """Runs the program with `arguments` (those of the process without) and returns its exit code."""
    # As the program itself does, only before pyarrow makes its choice.
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    from earthcatalog._native import core

    return core.main(["earthcatalog", *(sys.argv[1:] if arguments is None else arguments)])
