"""Holds a program where it opens files, without a hook in the program."""

import contextlib
import fcntl
import os
import struct
import subprocess
import termios
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from . import preload


@dataclass(frozen=True)
class Hold:
    """Each file whose path has a text in it is opened when the test says so."""

    pipe: Path
    descriptor: int
    environment: dict[str, str]

    def let_one(self, process: subprocess.Popen[str]) -> bool:
        """Lets one file be opened, and waits until one is; False when the program ends instead."""
        os.write(self.descriptor, b".")
        deadline = time.monotonic() + 60  # against a hang
        while self._waiting() > 0:
            if process.poll() is not None:
                return False
            assert time.monotonic() < deadline, "it opens no such file, and does not end"
            time.sleep(0.005)
        return True

    def _waiting(self) -> int:
        """Bytes that nobody has taken."""
        answer = fcntl.ioctl(self.descriptor, termios.FIONREAD, bytes(4))
        return int(struct.unpack("i", answer)[0])


@contextlib.contextmanager
def hold_opens(path: str, folder: Path) -> Iterator[Hold]:
    """For programs started with its environment. At the end nothing is held any more."""
    pipe = folder / "hold"
    os.mkfifo(pipe)
    descriptor = os.open(pipe, os.O_RDWR)  # of both ends, or opening would wait
    environment = {
        **os.environ,
        "LD_PRELOAD": str(preload.library("hold_point.cc")),
        "HOLD_PATH": path,
        "HOLD_PIPE": str(pipe),
    }
    try:
        yield Hold(pipe, descriptor, environment)
    finally:
        pipe.unlink()
        os.close(descriptor)  # who waits reads the pipe's end
