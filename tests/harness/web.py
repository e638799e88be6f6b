"""Web servers over a folder."""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from .requirement import require

NGINX_CONFIG = """
worker_processes 1;
daemon off;
pid {temp}/nginx.pid;
error_log {temp}/error.log;
{user}
events {{ worker_connections 1024; }}
http {{
  access_log {access_log};
  keepalive_requests 100000;
  default_type application/json;
  client_body_temp_path {temp}/body;
  proxy_temp_path {temp}/proxy;
  fastcgi_temp_path {temp}/fastcgi;
  uwsgi_temp_path {temp}/uwsgi;
  scgi_temp_path {temp}/scgi;
  server {{
    listen 127.0.0.1:{port};
    root "{folder}";
  }}
}}
"""


def free_port() -> int:
    """A port on the loopback interface where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for_port(port: int, process: subprocess.Popen[bytes]) -> bool:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
        time.sleep(0.05)
    return False


def _find_nginx() -> str | None:
    return shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


@contextlib.contextmanager
def nginx(folder: Path, access_log: Path) -> Iterator[str]:
    """The URL of nginx over `folder`. Each answered request is a line of the log."""
    binary = require(_find_nginx(), "nginx (Debian's package nginx-light)")
    with _nginx(folder, binary, str(access_log)) as url:
        yield url


@contextlib.contextmanager
def _nginx(folder: Path, binary: str, access_log: str = "off") -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="earthcatalog-nginx-") as temp:
        port = free_port()
        user = "user root;" if os.geteuid() == 0 else ""  # so that its worker may read the test's files
        config = Path(temp) / "nginx.conf"
        config.write_text(
            NGINX_CONFIG.format(temp=temp, port=port, folder=folder, user=user, access_log=access_log)
        )
        process = subprocess.Popen(
            [binary, "-c", config, "-p", temp, "-e", f"{temp}/error.log"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            if not wait_for_port(port, process):
                raise RuntimeError(f"nginx did not start: {(Path(temp) / 'error.log').read_text()}")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(timeout=10)


class QuietHandler(SimpleHTTPRequestHandler):
    """Files below a folder, over connections that stay open."""

    protocol_version = "HTTP/1.1"
    before: Callable[[str], None] = staticmethod(lambda _path: None)

    def do_GET(self) -> None:
        self.before(self.path)
        super().do_GET()

    def log_message(self, *_: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, *_: object) -> None:
        """A client that went away is no news here: the tests end it on purpose."""


@contextlib.contextmanager
def python_server(folder: Path, before: Callable[[str], None] = lambda _path: None) -> Iterator[str]:
    """Calls `before` with the path of each request, in the request's own thread: to count or to delay."""
    handler = type("Handler", (QuietHandler,), {"before": staticmethod(before)})
    server = _Server(("127.0.0.1", 0), partial(handler, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@contextlib.contextmanager
def serve(folder: Path) -> Iterator[str]:
    """The URL of a web server over `folder`: nginx where there is one."""
    binary = _find_nginx()
    with _nginx(folder, binary) if binary else python_server(folder) as url:
        yield url
