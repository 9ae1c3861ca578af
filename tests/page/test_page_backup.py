# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from .page_common import PageCommon


@tagged("post_install", "-at_install")
class TestPageBackup(PageCommon):
    """Where customers say that a saved method may be used when another fails."""

    def setUp(self):
        super().setUp()
        self.policy.use_backup_methods = True

    def _save(self, **values):
        return self._simulate(self._save_method(**values)).token_id

    def test_tick_beside_a_new_method_is_kept(self):
        self.assertIn("o_recovery_backup_checkbox", self._get(f"{self.path}/method").text)
        self.assertFalse(self._save().recovery_backup_at, msg="Nobody ticked it.")
        self.assertTrue(self._save(recovery_backup=True).recovery_backup_at)

    def test_tick_beside_a_payment_is_kept_with_the_method(self):
        self.assertIn("o_recovery_backup_checkbox", self._get().text)
        transaction = self._simulate(self._pay(tokenization_requested=True, recovery_backup=True))
        self.assertTrue(transaction.token_id.recovery_backup_at)

    def test_nobody_is_asked_where_no_policy_uses_it(self):
        self._create_card("done")
        self.policy.use_backup_methods = False
        page = self._get(f"{self.path}/method").text
        self.assertNotIn("o_recovery_backup_checkbox", page)
        self.assertNotIn('name="backups"', page)

    def test_customer_arranges_his_own_methods_on_the_page(self):
        colleague = self.env["res.partner"].create({"name": "C", "parent_id": self.customer.id})
        theirs = self._create_card("done", partner_id=colleague.id)
        first, second = self._create_card("done"), self._create_card("done")
        page = self._get(f"{self.path}/method").text
        self.assertIn(f"o_recovery_backup_{first.id}", page)
        self.assertNotIn(f"o_recovery_backup_{theirs.id}", page)
        values = {f"place_{first.id}": "2", f"place_{second.id}": "1"}
        answer = self._post_backup([first.id, second.id, theirs.id, "x"], **values)
        self.assertIn("We keep to this", answer.text)
        self.assertEqual((first.recovery_backup_order, second.recovery_backup_order), (2, 1))
        self.assertFalse(theirs.recovery_backup_at)
        self._post_backup([second.id])
        self.assertFalse(first.recovery_backup_at)
        self.assertTrue(second.recovery_backup_at)

    def _post_backup(self, ids, **values):
        return self._post("backup", f"{self.path}", backup=ids, **values)

    def test_user_arranges_methods_in_the_portal(self):
        user = new_test_user(
            self.env,
            "page backup",
            "base.group_portal",
            company_id=self.env.company.id,
            company_ids=[Command.set(self.env.company.ids)],
        )
        card = self._create_card("done", partner_id=user.partner_id.id)
        strangers = self._create_card("done")
        self.authenticate("page backup", "page backup")
        page = self.url_open("/my/payment_method").text
        self.assertIn("o_recovery_backup_checkbox", page)
        self.assertIn(f"o_recovery_backup_{card.id}", page)
        self.assertNotIn(f"o_recovery_backup_{strangers.id}", page)
        token = page[page.index('csrf_token" value="') + len('csrf_token" value="') :].split('"')[0]
        data = {"csrf_token": token, "backup": [card.id, strangers.id]}
        self.url_open("/my/payment_method/backup", data=data)
        self.assertTrue(card.recovery_backup_at)
        self.assertFalse(strangers.recovery_backup_at)
