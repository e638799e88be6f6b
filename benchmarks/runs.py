"""What a process takes: seconds, processor time, memory.

Run as a script, this starts the process. Linux counts what a parent has in memory at the start of a child as
the child's peak, and a benchmark holds more (Arrow, a million ids) than the program it looks at.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Run:
    seconds: float
    cpu: float
    peak_mib: float
    output: str


def run(command: list[str], environment: dict[str, str] | None = None) -> Run:
    """What a process took that must succeed."""
    with tempfile.TemporaryDirectory() as folder:
        figures = Path(folder) / "figures.json"
        done = subprocess.run(
            [sys.executable, "-I", "-S", __file__, figures, *command],
            capture_output=True,
            env={**os.environ, **(environment or {})},
        )
        output = done.stdout.decode(errors="replace")
        if done.returncode != 0:
            errors = done.stderr.decode(errors="replace")
            sys.exit(f"{' '.join(command)} failed:\n{output[-3000:]}{errors[-3000:]}")
        return Run(**json.loads(figures.read_text()), output=output)


def _start(figures: Path, command: list[str]) -> int:
    start = time.perf_counter()
    process = subprocess.Popen(command)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    cpu, peak_mib = usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024
    figures.write_text(json.dumps({"seconds": seconds, "cpu": cpu, "peak_mib": peak_mib}))
    return 0 if process.returncode == 0 else 1


if __name__ == "__main__":
    sys.exit(_start(Path(sys.argv[1]), sys.argv[2:]))
