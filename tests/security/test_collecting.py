# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo.exceptions import AccessError
from odoo.tests import Form, tagged

from .rights_common import RightsCommon

FIELDS = ("collect_automatically", "collect_token_id", "recovery_blocked")


@tagged("post_install", "-at_install")
class TestCollecting(RightsCommon):
    """Whoever edits contacts does not decide whose card is charged by itself."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.card = cls._create_card()
        cls.contacts = cls.env["res.partner"].with_user(cls.editor)

    def _get_values(self):
        return {
            "collect_automatically": True,
            "collect_token_id": self.card.id,
            "recovery_blocked": True,
        }

    def test_contact_editor_writes_contacts_but_none_of_this(self):
        customer = self.customer.with_user(self.editor)
        customer.phone = "+32 1"
        for name, value in self._get_values().items():
            with self.subTest(field=name):
                with self.assertRaises(AccessError):
                    customer.write({name: value})
                with self.assertRaises(AccessError):
                    customer.write({name: False})
                with self.assertRaises(AccessError):
                    self.contacts.create({"name": "New", name: value})
                with self.assertRaises(AccessError):
                    self.contacts.with_context(**{f"default_{name}": value}).create({"name": "New"})
        result = self.contacts.load(["name", "collect_automatically"], [["New", "1"]])
        self.assertFalse(result["ids"])
        self.assertFalse(self.customer.collect_automatically or self.customer.recovery_blocked)

    def test_form_shows_them_as_not_to_be_edited(self):
        for user, is_readonly in ((self.editor, True), (self.worker, False)):
            described = self.env["res.partner"].with_user(user).fields_get(FIELDS, ["readonly"])
            for name in FIELDS:
                self.assertEqual(described[name]["readonly"], is_readonly, msg=name)

    def test_administrator_of_access_rights_does_not_get_there_by_a_user(self):
        keeper = self._create_user(
            "rights keeper", "base.group_erp_manager,base.group_partner_manager"
        )
        colleague = self.env["res.users"].with_user(keeper).browse(self.worker.id)
        with self.assertRaises(AccessError):
            colleague.collect_automatically = True
        with self.assertRaises(AccessError):
            colleague.write({"recovery_blocked": True})

    def test_who_makes_invoices_and_who_recovers_may(self):
        invoicer = self._create_user(
            "rights invoicer", "account.group_account_invoice,base.group_partner_manager"
        )
        recoverer = self._create_user(
            "rights recoverer",
            "base.group_user,base.group_partner_manager,revenue_recovery.group_recovery_user",
        )
        for user in (invoicer, recoverer, self.worker, self.manager):
            with self.subTest(user=user.name):
                self.customer.with_user(user).write(self._get_values())
                self.customer.with_user(user).write(dict.fromkeys(self._get_values(), False))

    def test_contacts_of_a_collecting_company_are_still_edited_by_everybody(self):
        self.customer.is_company = True
        self.customer.write(self._get_values())
        child = self.contacts.create({"name": "Child", "parent_id": self.customer.id})
        self.assertTrue(child.collect_automatically)
        with Form(self.contacts) as form:
            form.name = "Later"
        later = form.save()
        later.parent_id = self.customer
        self.assertTrue(later.sudo().collect_automatically)
        self.customer.with_user(self.editor).write({"name": "Renamed", "street": "Here"})
        later.parent_id = False

    def test_invoice_is_collected_by_those_who_make_invoices_only(self):
        invoice = self._create_invoice(collect_automatically=False)
        self.env["ir.model.access"].create(
            {
                "name": "Bills for buyers",
                "model_id": self.env["ir.model"]._get_id("account.move"),
                "group_id": self.env.ref("base.group_partner_manager").id,
                "perm_read": True,
                "perm_write": True,
            }
        )
        foreign = invoice.with_user(self.editor)
        foreign.check_access("write")
        for name in ("collect_automatically", "collect_token_id"):
            with self.assertRaises(AccessError):
                foreign.write({name: self._get_values()[name]})
        invoice.with_user(self.worker).write(
            {"collect_automatically": True, "collect_token_id": self.card.id}
        )
