"""Checks the layering: a stage of the core includes headers of earlier stages only.

The stages are the folders of src/earthcatalog, in the order of the data's way through the program. Prints
each include that points the wrong way and a line on file lengths; exits 1 when there is such an include.
"""

import re
import statistics
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "src" / "earthcatalog"

STAGES = [
    *"base io inventory fetch item grid geoparquet iceberg catalog rows".split(),
    *"keys ingest maintain synthetic jobs cli".split(),
]
# The one stage that stands beside the flow: it makes input for it and needs nothing of it.
NARROWER = {"synthetic": {"base", "io"}}
LONG_FILE = 300

INCLUDE = re.compile(r'^\s*#\s*include\s+["<]earthcatalog/([a-z_]+)/', re.MULTILINE)


def allowed(stage: str) -> set[str]:
    """The stages whose headers `stage` may include."""
    return NARROWER.get(stage, set(STAGES[: STAGES.index(stage)])) | {stage}


def wrong_includes(path: Path, text: str) -> list[str]:
    """One line for each include of `path` that breaks the layering."""
    stage = path.relative_to(SOURCES).parts[0]
    if stage not in STAGES:
        return [f"{path.relative_to(ROOT)}: '{stage}' is no stage; tools/check_layers.py lists them"]
    return [
        f"{path.relative_to(ROOT)}:{text.count(chr(10), 0, match.start(1)) + 1}: "
        f"'{stage}' may not include '{match[1]}'"
        for match in INCLUDE.finditer(text)
        if match[1] not in allowed(stage)
    ]


def main() -> int:
    """Checks every C++ file of the core."""
    errors: list[str] = []
    lengths: dict[Path, int] = {}
    for path in sorted([*SOURCES.rglob("*/*.cc"), *SOURCES.rglob("*/*.h")]):
        text = path.read_text(encoding="utf-8")
        errors += wrong_includes(path, text)
        lengths[path] = text.count("\n")
    print(*errors, sep="\n", end="\n" if errors else "")
    if lengths:
        long_files = [f"{p.relative_to(SOURCES)} ({n})" for p, n in lengths.items() if n > LONG_FILE]
        print(
            f"    {len(lengths)} files, median {statistics.median(lengths.values()):.0f} lines; "
            f"above {LONG_FILE}: {', '.join(long_files) or 'none'}"
        )
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
