"""`gpio check spec` of many files in one process, by a Python that has geoparquet-io.

Paths come on standard input, a line each; one JSON object a file goes out: `path`, `failed`, `output`.
"""

import contextlib
import io
import json
import sys

from geoparquet_io.cli.main import cli


def check(path: str) -> dict[str, object]:
    output = io.StringIO()
    failed = False
    with contextlib.redirect_stdout(output):
        try:
            cli(["check", "spec", path, "--json"], standalone_mode=False)
        except SystemExit as end:
            failed = end.code != 0
        except Exception as error:  # whatever it is, the file is not found valid
            failed = True
            output.write(repr(error))
    return {"path": path, "failed": failed, "output": output.getvalue()}


for line in sys.stdin:
    print(json.dumps(check(line.rstrip("\n"))), flush=True)  # noqa: T201
