# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
import io
from pathlib import Path

import polib

from odoo.tests import TransactionCase, tagged
from odoo.tools.translate import trans_export

TEMPLATE = Path(__file__).resolve().parents[1] / "i18n" / "revenue_recovery.pot"


@tagged("post_install", "-at_install")
class TestTerms(TransactionCase):
    def test_template_has_all_terms_and_no_others(self):
        buffer = io.BytesIO()
        trans_export(None, ["revenue_recovery"], buffer, "po", self.env)
        found = {entry.msgid for entry in polib.pofile(buffer.getvalue().decode())}
        kept = {entry.msgid for entry in polib.pofile(TEMPLATE)}
        self.assertEqual(found - kept, set(), msg="Bring the terms up to date with dev/terms.")
        self.assertEqual(kept - found, set(), msg="Bring the terms up to date with dev/terms.")
