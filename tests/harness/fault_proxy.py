"""A bad network between a client and a web or S3 server.

    with fault_proxy(server_url, [Rule(READ_FAULTS, rate=0.1)], seed=1) as proxy:
        ...  # ask proxy.url instead of server_url
    assert proxy.broken["stall"]

Requests and answers pass unchanged, byte for byte. A signature holds behind the proxy: it covers the Host
header, which the server gets as the client sent it. Whether a request is broken, and how, depends on the
seed, the method, the path and how often that was asked for, never on timing.
"""

import asyncio
import contextlib
import random
import re
import socket
import struct
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

# What becomes of the answer, or of the question: the server never sees those of NOT_FORWARDED.
NOT_FORWARDED = ("internal_error", "slow_down", "forbidden", "reset")
ANSWER_FAULTS = ("reset_midway", "stall", "truncate", "drip", "twice", "wrong_etag", "lost_answer")
# Of uploads: the client's bytes are cut off, or reach the server a second time.
UPLOAD_FAULTS = ("cut_upload", "repeat")
# What a client must get over when it reads. "forbidden" is not among them: it may stop at that.
READ_FAULTS = ("internal_error", "slow_down", "reset", *ANSWER_FAULTS)
WRITE_FAULTS = (*READ_FAULTS, *UPLOAD_FAULTS)

_ERROR = (
    "<?xml version='1.0' encoding='UTF-8'?><Error><Code>{code}</Code><Message>by the proxy</Message></Error>"
)
_ERRORS = {
    "internal_error": (500, "InternalError"),
    "slow_down": (503, "SlowDown"),
    "forbidden": (403, "AccessDenied"),
}


@dataclass(frozen=True)
class Rule:
    """Breaks a share of the requests with these methods whose path matches, each in one of the ways."""

    faults: Sequence[str]
    rate: float
    methods: Sequence[str] = ("GET", "HEAD", "PUT", "POST", "DELETE")
    path: str = ".*"
    # So many requests for the same thing in a row are broken at most: more would be no bad luck any more.
    in_a_row: int = 3


@dataclass
class Proxy:
    """What a test sees. The counts are of requests."""

    url: str = ""
    passed: int = 0
    broken: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class _Message:
    """A request or an answer as it came."""

    head: bytes
    body: bytes  # with its chunk headers, if it has them

    @property
    def bytes(self) -> bytes:
        return self.head + self.body

    @property
    def first_line(self) -> list[str]:
        return self.head.split(b"\r\n", 1)[0].decode("latin-1").split(" ", 2)


def _header(head: bytes, name: str) -> str:
    found = re.search(rb"\r\n" + name.encode() + rb":[ \t]*([^\r]*)", head, re.IGNORECASE)
    return found[1].decode("latin-1").strip() if found else ""


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    whole = b""
    while True:
        line = await reader.readuntil(b"\r\n")
        whole += line
        size = int(line.split(b";")[0], 16)
        if size:
            whole += await reader.readexactly(size + 2)
            continue
        while (line := await reader.readuntil(b"\r\n")) != b"\r\n":  # trailers
            whole += line
        return whole + line


async def _read_body(reader: asyncio.StreamReader, head: bytes, *, to_the_end: bool) -> bytes:
    if "chunked" in _header(head, "transfer-encoding").lower():
        return await _read_chunks(reader)
    if length := _header(head, "content-length"):
        return await reader.readexactly(int(length))
    return await reader.read() if to_the_end else b""


async def _read_answer(reader: asyncio.StreamReader, method: str) -> _Message:
    while True:
        head = await reader.readuntil(b"\r\n\r\n")
        status = int(head.split(b" ", 2)[1])
        if status >= 200:  # the others only announce one
            break
    if method == "HEAD" or status in (204, 304):
        return _Message(head, b"")
    return _Message(head, await _read_body(reader, head, to_the_end=True))


def _reset(writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        linger = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()


class _Chance:
    """Decides which requests are broken."""

    def __init__(self, rules: Sequence[Rule], seed: int) -> None:
        self._rules = rules
        self._seed = seed
        self._asked: Counter[tuple[str, str]] = Counter()
        self._in_a_row: Counter[tuple[str, str]] = Counter()

    def fault(self, method: str, path: str) -> str | None:
        key = (method, path)
        self._asked[key] += 1
        rng = random.Random(f"{self._seed} {method} {path} {self._asked[key]}")
        for rule in self._rules:
            if method not in rule.methods or not re.search(rule.path, path):
                continue
            if rng.random() < rule.rate and self._in_a_row[key] < rule.in_a_row:
                self._in_a_row[key] += 1
                return rng.choice(rule.faults)
        self._in_a_row[key] = 0
        return None


class _Connection:
    """A client's connection and the one to the server that belongs to it."""

    def __init__(
        self,
        client: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        upstream: tuple[str, int],
        stall_seconds: float,
    ) -> None:
        self._reader, self._writer = client
        self._upstream = upstream
        self._stall_seconds = stall_seconds
        self._server: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def requests(self) -> AsyncIterator[_Message]:
        while True:
            head = await self._reader.readuntil(b"\r\n\r\n")
            if _header(head, "expect").lower() == "100-continue":
                self._writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            yield _Message(head, await _read_body(self._reader, head, to_the_end=False))

    async def ask(self, request: _Message) -> _Message:
        for fresh in (False, True):  # the server may have closed the connection meanwhile
            if self._server is None:
                self._server = await asyncio.open_connection(*self._upstream, limit=1 << 20)
            reader, writer = self._server
            try:
                writer.write(request.bytes)
                answer = await _read_answer(reader, request.first_line[0])
            except (OSError, asyncio.IncompleteReadError):
                self.leave_server()
                if fresh:
                    raise
                continue
            if _header(answer.head, "connection").lower() == "close":
                self.leave_server()
            return answer
        raise AssertionError

    def leave_server(self) -> None:
        if self._server is not None:
            self._server[1].transport.abort()
        self._server = None

    async def answer(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def serve(self, request: _Message, fault: str | None) -> bool:
        """Whether the connection can go on."""
        if fault in NOT_FORWARDED:
            return await self._refuse(fault)
        if fault == "cut_upload":
            return await self._cut_upload(request)
        if fault == "repeat":
            await self.ask(request)
        answer = await self.ask(request)
        return await self._spoil(answer, fault) if fault else await self._pass_on(answer)

    async def _pass_on(self, answer: _Message) -> bool:
        await self.answer(answer.bytes)
        return _header(answer.head, "connection").lower() != "close"

    async def _refuse(self, fault: str) -> bool:
        if fault == "reset":
            _reset(self._writer)
            return False
        status, code = _ERRORS[fault]
        body = _ERROR.format(code=code)
        head = f"HTTP/1.1 {status} {code}\r\nContent-Type: application/xml\r\n"
        head += f"Content-Length: {len(body)}\r\n\r\n"
        await self.answer((head + body).encode())
        return True

    async def _cut_upload(self, request: _Message) -> bool:
        """The server sees half of the request, the client a reset."""
        reader, writer = await asyncio.open_connection(*self._upstream)
        del reader
        writer.write(request.bytes[: len(request.head) + len(request.body) // 2])
        await writer.drain()
        writer.transport.abort()
        _reset(self._writer)
        return False

    async def _spoil(self, answer: _Message, fault: str) -> bool:
        half = answer.head + answer.body[: len(answer.body) // 2]
        match fault:
            case "lost_answer":
                _reset(self._writer)
            case "reset_midway":
                await self.answer(half)
                await asyncio.sleep(0.02)  # or the reset overtakes the bytes
                _reset(self._writer)
            case "truncate":
                await self.answer(half)
            case "stall":
                await self.answer(half)
                with contextlib.suppress(TimeoutError):  # until the client has enough
                    await asyncio.wait_for(self._reader.read(1), self._stall_seconds)
            case "drip":
                for at in range(0, len(answer.bytes), 512):
                    await self.answer(answer.bytes[at : at + 512])
                    await asyncio.sleep(0.005)
                return True
            case "twice":
                await self.answer(2 * answer.bytes)
                return True
            case "wrong_etag":
                head = re.sub(
                    rb"(?i)(\r\netag:)[^\r]*", rb'\1 "0123456789abcdef0123456789abcdef"', answer.head
                )
                await self.answer(head + answer.body)
                return True
            case _:
                return await self._pass_on(answer)
        return False

    def close(self) -> None:
        self.leave_server()
        self._writer.close()


_Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]


def _handler(proxy: Proxy, upstream: tuple[str, int], chance: _Chance, stall_seconds: float) -> _Handler:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = _Connection((reader, writer), upstream, stall_seconds)
        try:
            async for request in connection.requests():
                method, path, _version = request.first_line
                fault = chance.fault(method, path)
                if fault:
                    proxy.broken[fault] += 1
                else:
                    proxy.passed += 1
                if not await connection.serve(request, fault):
                    break
        except (OSError, asyncio.IncompleteReadError):
            pass  # the other side went away
        finally:
            connection.close()

    return handle


@contextlib.contextmanager
def fault_proxy(
    server_url: str, rules: Sequence[Rule], *, seed: int = 0, stall_seconds: float = 3600
) -> Iterator[Proxy]:
    """A proxy before `server_url`, in a thread of its own; a stalled answer ends after `stall_seconds`."""
    server = urlsplit(server_url)
    assert server.hostname
    assert server.port
    proxy = Proxy()
    handle = _handler(proxy, (server.hostname, server.port), _Chance(rules, seed), stall_seconds)
    started = threading.Event()
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def run() -> None:
        async with await asyncio.start_server(
            handle, "127.0.0.1", 0, limit=1 << 20, backlog=512
        ) as listening:
            proxy.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
            started.set()
            await stop.wait()
            listening.close()
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                task.cancel()

    def work() -> None:
        with contextlib.closing(loop):
            loop.run_until_complete(run())

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    assert started.wait(10)
    try:
        yield proxy
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
