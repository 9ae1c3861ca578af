# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Write the terms of the addon into `i18n`. Runs inside the virtual environment only."""

import io
import sys
from pathlib import Path

import polib

from .odoo_session import odoo_env
from .settings import ADDON, REPOSITORY

FOLDER = REPOSITORY / "i18n"
# They change with each export, and say nothing.
_DATES = ("POT-Creation-Date", "PO-Revision-Date")


def main() -> int:
    """Write the template and each language, and print what is to be translated."""
    with odoo_env(sys.argv[1]) as env:
        template = _export(env)
    template.save(FOLDER / f"{ADDON}.pot")
    for path in sorted(FOLDER.glob("*.po")):
        language, missing = _update(path, template)
        language.save(path)
        print(f"{path.name}: {len(language)} terms, {missing} to be translated")
    return 0


def _export(env) -> polib.POFile:
    """Return the terms of the addon as Odoo finds them."""
    from odoo.tools.translate import trans_export

    buffer = io.BytesIO()
    trans_export(None, [ADDON], buffer, "po", env)
    template = polib.pofile(buffer.getvalue().decode())
    for name in _DATES:
        template.metadata.pop(name, None)
    return template


def _update(path: Path, template: polib.POFile) -> tuple[polib.POFile, int]:
    """Return a language with the terms of the template, and how many have no translation."""
    before = polib.pofile(path)
    known = {entry.msgid: entry.msgstr for entry in before if not entry.obsolete}
    after = polib.POFile()
    after.header, after.metadata = before.header, before.metadata
    for entry in template:
        after.append(
            polib.POEntry(
                msgid=entry.msgid,
                msgstr=known.get(entry.msgid, ""),
                comment=entry.comment,
                occurrences=entry.occurrences,
                flags=entry.flags,
            )
        )
    return after, len(after.untranslated_entries())


if __name__ == "__main__":
    sys.exit(main())
