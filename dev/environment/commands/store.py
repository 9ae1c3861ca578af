# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""`dev/store`: write the page of Odoo's store and Apps menu, from the README and others."""

from .. import store
from ..errors import SetupError


def main(arguments: list[str]) -> int:
    if arguments:
        raise SetupError("dev/store takes no arguments")
    text = store.write_page()
    store.PAGE.write_text(text)
    print(f"{store.PAGE}: {len(text) / 1024:.0f} KB, {len(store.read_screens())} screens")
    return 0
