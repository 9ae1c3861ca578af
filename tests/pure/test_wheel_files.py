# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What ships in the wheel: all that the manifest names, and nothing that is for developers."""

import ast

from environment import wheel
from environment.settings import REPOSITORY


def test_what_the_manifest_names_ships():
    shipped = set(wheel.list_shipped())
    manifest = ast.literal_eval((REPOSITORY / "__manifest__.py").read_text())
    assert set(manifest["data"]) <= shipped
    assert {"LICENSE", "README.md", "__init__.py", "hooks.py", "i18n/fr.po"} <= shipped
    assert any(name.startswith("declines/data/") for name in shipped)


def test_nothing_for_developers_ships():
    shipped = wheel.list_shipped()
    assert not [name for name in shipped if name.split("/")[0] in ("dev", "docs", "tests", ".ci")]
    assert not [name for name in shipped if name.startswith("static/tests")]


def test_readme_has_no_link_that_leads_nowhere():
    text = wheel.write_readme((REPOSITORY / "README.md").read_text())
    assert "](" not in text.replace("](http", "")
    assert "user guide" in text
    assert "dev/demo" not in text
    assert wheel.write_readme(
        "![A picture](a.png)\n\nSee [this](docs/a.md), [that](https://b.c)."
    ) == ("See this, [that](https://b.c).")
