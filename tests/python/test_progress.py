"""The progress bar."""

import io
from dataclasses import dataclass
from typing import Any

from earthcatalog._progress import progress_bar


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@dataclass
class Progress:
    """Stands for the core's, which only the core makes."""

    items_done: int = 0
    items_failed: int = 0
    items_committed: int = 0
    total_items: int = 0


def draw(*states: Progress) -> str:
    stream = Terminal()
    with progress_bar(stream) as draw_one:
        assert draw_one is not None
        for state in states:
            progress: Any = state
            draw_one(progress)
    return stream.getvalue()


def test_no_terminal_no_bar() -> None:
    with progress_bar(io.StringIO()) as draw_one:
        assert draw_one is None


def test_nothing_drawn_leaves_no_line() -> None:
    assert draw() == ""


def test_each_state_replaces_the_last_and_the_line_is_ended() -> None:
    text = draw(Progress(items_done=1000, total_items=4000), Progress(items_done=4000, total_items=4000))
    assert text.count("\r\x1b[K") == 2
    assert text.endswith("\n")
    assert text.count("\n") == 1
    assert "[#######.....................]  1,000 of 4,000 items" in text
    assert "[############################]  4,000 of 4,000 items" in text


def test_unknown_total_and_failures() -> None:
    text = draw(Progress(items_done=1234, items_failed=5, items_committed=1000))
    assert "1,234 items" in text
    assert "1,000 committed" in text
    assert "5 failed" in text
