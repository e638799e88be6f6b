"""The check of the layering itself."""

import pytest
from check_layers import SOURCES, STAGES, allowed, wrong_includes


@pytest.mark.parametrize(
    ("stage", "other", "fine"),
    [
        ("fetch", "base", True),
        ("fetch", "fetch", True),
        ("fetch", "item", False),
        ("base", "io", False),
        ("ingest", "catalog", True),
        ("ingest", "jobs", False),
        ("synthetic", "io", True),
        ("synthetic", "item", False),
    ],
)
def test_a_stage_sees_earlier_stages_only(stage: str, other: str, fine: bool) -> None:
    assert (other in allowed(stage)) == fine
    text = f'// A file.\n#include <string>\n#include "earthcatalog/{other}/x.h"\n'
    wrong = wrong_includes(SOURCES / stage / "x.cc", text)
    assert wrong == (
        [] if fine else [f"src/earthcatalog/{stage}/x.cc:3: '{stage}' may not include '{other}'"]
    )


def test_a_folder_that_is_no_stage_is_reported() -> None:
    assert "is no stage" in wrong_includes(SOURCES / "misc" / "x.cc", "")[0]


def test_the_stages_are_those_of_the_build() -> None:
    text = (SOURCES / "CMakeLists.txt").read_text()
    assert " ".join(STAGES) in text
