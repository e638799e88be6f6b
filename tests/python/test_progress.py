"""The progress bar."""

import io
from dataclasses import dataclass
from typing import Any

import pytest
from earthcatalog._progress import _duration, progress_bar


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


def draw(*states: Progress, **words: str) -> str:
    stream = Terminal()
    with progress_bar(stream, **words) as draw_one:
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


def test_the_time_left_is_told_while_there_is_some() -> None:
    first, last = Progress(items_done=10, total_items=11), Progress(items_done=11, total_items=11)
    assert draw(first).endswith("1 s left\n")
    assert "left" not in draw(last)
    assert "left" not in draw(Progress(items_done=10))
    assert "left" not in draw(Progress(total_items=10))


def test_other_work_has_other_words() -> None:
    text = draw(Progress(items_done=1, total_items=1), verb="compacting", unit="files")
    assert "compacting  [############################]  1 of 1 files" in text
    assert "committed" not in text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "1 s"), (59, "59 s"), (60, "1 min 0 s"), (200, "3 min 20 s"), (7500, "2 h 5 min")],
)
def test_durations(seconds: float, text: str) -> None:
    assert _duration(seconds) == text
