"""The command `earthcatalog`, as pip installs it: the same program that CMake builds."""

import sys


def main(arguments: list[str] | None = None) -> int:
    """Runs the program with `arguments` (those of the process without) and returns its exit code."""
    from earthcatalog._native import core

    return core.main(["earthcatalog", *(sys.argv[1:] if arguments is None else arguments)])
