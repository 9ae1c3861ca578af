# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What `docs/timing.md` names exists, with the value that it says."""

import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "timing.md").read_text(encoding="utf-8")
VALUES = [
    ("plan.slots", "REST", 15 * 60),
    ("plan.ladder", "EVEN_HOUR", 10.0),
    ("plan.choice", "_SPREAD_MARGIN", 0.01),
    ("plan.choice", "_HOURS_KNOWN", 2000),
    ("model.calibration", "_NEWEST", 3000),
    ("plan.choice", "_HOUR_MARGIN", 0.005),
    ("plan.choice", "_SAFE", 0.0004),
    ("plan.choice", "_CHEAP", 0.002),
    ("plan.choice", "_LEAST_WORTH", 0.001),
    ("plan.plan", "_RESENTED", 0.01),
    ("plan.plan", "_MOST_HYPOTHESES", 32),
    ("plan.plan", "_LEAST_WEIGHT", 0.002),
    ("model.odds", "_DRAWS", 24),
    ("model.training", "PAST_HALF_LIFE", 75.0),
    ("model.bins", "BIN_COUNT", 299),
    ("model.bins", "EFFECT_COUNT", 62),
    ("model.bins", "KIND_COUNT", 11),
    ("model.patterns", "COUNT", 143),
    ("model.fit", "_TILT_SD", 1.2),
    ("model.fit", "_COUNTRY_SD", 0.6),
    ("model.model", "_FIRST_FIT", 60),
    ("model.model", "_GROWTH", 0.35),
    ("stats.replay", "CLIP", 500.0),
    ("stats.replay", "ENOUGH", 200.0),
    ("stats.comparison", "FEWEST", 30),
]


@pytest.mark.parametrize(("module", "name", "value"), VALUES)
def test_constants_of_the_page_are_those_of_the_code(module, name, value):
    found = getattr(importlib.import_module(f"revenue_recovery.timing.{module}"), name)
    assert found == value, f"Say the new value in docs/timing.md, and here: {name}"


def test_names_and_files_of_the_page_exist():
    files = [*(ROOT / "timing").rglob("*.*"), *(ROOT / "report").glob("*.py")]
    text = "\n".join(
        file.read_text(encoding="utf-8")
        for file in (*files, *(ROOT / "models").rglob("*.py"))
        if file.suffix in {".py", ".json"}
    )
    simulated = {"memoryless", "hostile", "changing", "u_k"}
    for name in set(re.findall(r"`(?:[A-Z]\w+\.)?(_?[A-Za-z]\w{2,})`", PAGE)) - simulated:
        assert re.search(rf"\b{name}\b", text), name
    folders = [ROOT, ROOT / "timing", ROOT / "timing" / "plan"]
    for path in re.findall(r"`([\w/]+\.(?:py|json|csv|md))`", PAGE):
        assert any((folder / path).exists() for folder in folders), path
