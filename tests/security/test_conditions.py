# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from .rights_common import MANAGER, RightsCommon

SECRET = "stripe_secret_key"
# Each reads something of a model or a field that a manager of recovery may not read.
FORBIDDEN = {
    "path": f"[('transaction_ids.provider_id.{SECRET}', '=like', 's%')]",
    "any": f"[('transaction_ids', 'any', [('provider_id.{SECRET}', '=like', 's%')])]",
    "not any": f"[('transaction_ids.provider_id', 'not any', [('{SECRET}', '=like', 's%')])]",
    "negation": f"['!', ('transaction_ids.provider_id.{SECRET}', '=like', 's%')]",
    "branch": f"['|', ('state', '=', 'x'), ('transaction_ids.provider_id.{SECRET}', '!=', False)]",
    "sub-domain of id": f"[('id', 'any', [('transaction_ids.provider_id.{SECRET}', '!=', 'x')])]",
    "constant": f"[(1, '=', 1), ('transaction_ids.provider_id.{SECRET}', '!=', 'x')]",
    "name": "[('transaction_ids.provider_id', 'ilike', 'x')]",
    "equal name": "[('transaction_ids.provider_id', '=', 'x')]",
    "one of names": "[('transaction_ids.provider_id', 'in', [1, 'x'])]",
    "hierarchy": "[('transaction_ids.provider_id', 'child_of', 1)]",
    "parents": "[('transaction_ids.provider_id', 'parent_of', [1])]",
    "part of a date": "[('transaction_ids.provider_id.create_date.month_number', '=', 1)]",
    "related relation": f"[('recovery_case_id.provider_id.{SECRET}', '=like', 's%')]",
    "relation of ours": f"[('recovery_attempt_ids.provider_id.{SECRET}', '=like', 's%')]",
    "saved method": f"[('collect_token_id.provider_id.{SECRET}', '=like', 's%')]",
    "computed relation": f"[('collect_token_ids.provider_id.{SECRET}', '=like', 's%')]",
    "field without a reader": "[('invoice_user_id.password', '!=', 'x')]",
    "field for others": "[('recovery_case_id.partner_id.user_ids.totp_secret', '!=', 'x')]",
    "far away": "[('company_id.partner_id.payment_token_ids.provider_id.code', '=', 'x')]",
    "properties": "[('transaction_ids.provider_id.properties.x', '=', 'x')]",
}
ALLOWED = (
    "[('amount_total', '>', 5)]",
    "[('transaction_ids.provider_id', '=', 1)]",
    "[('transaction_ids.provider_id', 'in', [1, 2])]",
    "[('transaction_ids.provider_id', '!=', False)]",
    "[('partner_id', 'ilike', 'customer')]",
    "[('partner_id', 'child_of', 1)]",
    "[('partner_id.country_id.code', '=', 'FR')]",
    "[('line_ids', 'any', [('product_id.name', '=', 'x')])]",
    "[('line_ids', 'not any', [('product_id.name', '=', 'x')])]",
    "[('invoice_date.month_number', '=', 1)]",
    "[('invoice_date', '>', context_today())]",
    "[('recovery_case_id.state', '=', 'lost')]",
    "[('recovery_attention', '!=', False)]",
    "[('invoice_user_id', '=', uid)]",
)


class ConditionsCommon(RightsCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stripe = cls._prepare_stripe_provider()
        cls.step = cls._create_step(cls.env, "Step")

    @classmethod
    def _create_step(cls, env, name, **values):
        template = env.ref("revenue_recovery.mail_template_payment_failed")
        values = {"policy_id": cls.policy.id, "mail_template_id": template.id, **values}
        return env["recovery.policy.step"].create({"name": name, **values})

    def _write_domain(self, record, domain):
        """Store conditions behind the ORM's back, as they were stored before they were checked."""
        record.flush_recordset()
        query = f"UPDATE {record._table} SET domain = %s WHERE id = %s"  # noqa: S608
        self.cr.execute(query, [domain, record.id])
        record.invalidate_recordset()


@tagged("post_install", "-at_install")
class TestWhatIsSaved(ConditionsCommon):
    def test_manager_may_not_read_what_the_conditions_are_about(self):
        providers = self.env["payment.provider"].with_user(self.manager)
        self.assertFalse(providers.has_access("read"), msg="Else this class tests nothing.")

    def test_conditions_on_what_the_manager_may_not_see_are_refused(self):
        for record in (self.policy, self.step):
            for name, domain in FORBIDDEN.items():
                with self.subTest(model=record._name, domain=name), self.assertRaises(UserError):
                    record.with_user(self.manager).domain = domain

    def test_refusal_names_the_path_the_document_and_the_user(self):
        with self.assertRaisesRegex(
            UserError, "“transaction_ids.provider_id.stripe_secret_key” looks into .*rights manager"
        ):
            self.policy.with_user(self.manager).domain = FORBIDDEN["path"]

    def test_conditions_on_what_the_manager_may_see_are_saved(self):
        for record in (self.policy, self.step):
            for domain in ALLOWED:
                with self.subTest(model=record._name, domain=domain):
                    record.with_user(self.manager).domain = domain
                    self.assertEqual(record.domain_user_id, self.manager)

    def test_administrator_may_look_further(self):
        self.policy.with_user(self.admin).domain = FORBIDDEN["path"]
        self.assertEqual(self.policy.domain_user_id, self.admin)

    def test_they_are_refused_when_they_are_created_imported_or_written_in_sudo_mode(self):
        policies = self.env["recovery.policy"].with_user(self.manager)
        domain = FORBIDDEN["path"]
        with self.assertRaises(UserError):
            policies.create({"name": "Mine", "domain": domain})
        with self.assertRaises(UserError):
            self.policy.with_user(self.manager).sudo().domain = domain
        with self.assertRaises(UserError):
            self._create_step(self.env(user=self.manager), "Mine", domain=domain)
        with self.assertRaises(UserError):
            self.policy.with_user(self.manager).write(
                {"step_ids": [Command.update(self.step.id, {"domain": domain})]}
            )
        result = policies.load(["name", "domain"], [["Mine", domain]])
        self.assertFalse(result["ids"])
        self.assertIn("may not read", result["messages"][0]["message"])

    def test_nobody_else_can_be_named_as_the_author(self):
        root = self.env.ref("base.user_root")
        policy = self.policy.with_user(self.manager)
        with self.assertRaises(UserError):
            policy.write({"domain": FORBIDDEN["path"], "domain_user_id": root.id})
        policy.write({"domain": "[]", "domain_user_id": root.id})
        self.assertEqual(policy.domain_user_id, self.manager)
        policy.write({"domain_user_id": root.id})
        self.assertEqual(policy.domain_user_id, self.manager)
        own = policy.create({"name": "Mine", "domain_user_id": root.id})
        self.assertEqual(own.domain_user_id, self.manager)

    def test_copy_is_that_of_whoever_copies(self):
        self.policy.with_user(self.admin).domain = FORBIDDEN["path"]
        with self.assertRaises(UserError):
            self.policy.with_user(self.manager).copy()
        self.assertEqual(self.policy.with_user(self.admin).copy().domain_user_id, self.admin)


@tagged("post_install", "-at_install")
class TestWhatIsStored(ConditionsCommon):
    def setUp(self):
        super().setUp()
        self.invoice = self._create_invoice()
        self._create_portal_transaction(self.invoice, provider_id=self.stripe.id)

    def _match(self):
        return self.env["recovery.policy"].sudo()._match(self.invoice)

    def test_author_with_the_rights_reads_the_secret(self):
        """Else the next tests show nothing."""
        self.policy.with_user(self.admin).domain = FORBIDDEN["path"]
        self.assertEqual(self._match(), self.policy)

    @mute_logger("odoo.addons.revenue_recovery.models.policy.recovery_policy")
    def test_stored_conditions_hold_for_nothing_when_their_author_may_not_see_it(self):
        self.policy.with_user(self.manager).domain = "[]"
        self._write_domain(self.policy, FORBIDDEN["path"])
        self.assertFalse(self._match())
        self.assertIn("may not read", self.policy.domain_error)

    @mute_logger("odoo.addons.revenue_recovery.models.policy.recovery_policy")
    def test_they_stop_when_their_author_loses_the_right(self):
        self.policy.with_user(self.admin).domain = FORBIDDEN["path"]
        self.admin.group_ids -= self.env.ref("base.group_system")
        self.assertFalse(self._match())
        self.assertRegex(self.policy.domain_error, "rights admin .*may not read")

    @mute_logger("odoo.addons.revenue_recovery.models.policy.recovery_policy")
    def test_they_stop_when_nobody_knows_any_more_who_wrote_them(self):
        self.policy.domain = "[('amount_total', '>', 5)]"
        self.assertEqual(self._match(), self.policy)
        self.cr.execute("UPDATE recovery_policy SET domain_user_id = NULL")
        self.env.invalidate_all()
        self.assertFalse(self._match())
        self.assertIn("Save them anew", self.policy.domain_error)
        self.policy.with_user(self.manager).domain = "[('amount_total', '>', 6)]"
        self.assertFalse(self.policy.domain_error)
        self.assertEqual(self._match(), self.policy)

    @mute_logger("odoo.addons.revenue_recovery.models.notice.recovery_policy_step")
    def test_stored_conditions_of_a_step_leave_it_out_and_say_so(self):
        self.step.with_user(self.manager).domain = "[]"
        self._write_domain(self.step, FORBIDDEN["path"])
        barred = self.step.sudo()._find_barred(self.invoice)
        self.assertEqual(barred, {self.invoice.id: frozenset(self.step.ids)})
        self.assertIn("may not read", self.step.domain_error)

    def test_forecast_tells_nothing_of_the_secret(self):
        for pattern in ("s%", "x%"):
            with self.assertRaises(UserError):
                self.policy.with_user(
                    self.manager
                ).domain = f"[('transaction_ids.provider_id.{SECRET}', '=like', '{pattern}')]"
        self.assertEqual(self.policy.domain, "[]")


@tagged("post_install", "-at_install")
class TestOtherCompanies(ConditionsCommon):
    """A customer is shared by the companies; what they owe to one of them is not."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls._create_company(name="Other")
        cls.foreign = cls.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "company_id": cls.other.id,
                "partner_id": cls.customer.id,
                "invoice_line_ids": [
                    Command.create({"name": "Far", "price_unit": 77.0, "tax_ids": []})
                ],
            }
        )
        cls.invoice = cls._create_invoice()

    def test_conditions_see_nothing_of_another_company(self):
        for field, wanted in (("name", "Far"), ("price_unit", 77.0)):
            domain = [("partner_id.invoice_ids.invoice_line_ids." + field, "=", wanted)]
            self.policy.with_user(self.manager).domain = str(domain)
            self.assertFalse(self.policy.sudo()._match(self.invoice), msg=field)
        domain = [("partner_id.invoice_ids.invoice_line_ids.name", "=", "Service")]
        self.policy.with_user(self.manager).domain = str(domain)
        self.assertEqual(self.policy.sudo()._match(self.invoice), self.policy)

    @mute_logger("odoo.addons.revenue_recovery.models.policy.recovery_policy")
    def test_shared_conditions_look_no_further_where_their_author_does_not_work(self):
        """What they are to leave out would not be found there, and be charged."""
        policy = self.policy.with_user(self.manager)
        policy.domain = "[('invoice_line_ids', 'not any', [('name', '=', 'Far')])]"
        self.assertFalse(self.policy.sudo()._match(self.foreign))
        self.assertIn("does not work for Other", self.policy.domain_error)
        policy.domain = "[('amount_total', '>', 1)]"
        self.assertEqual(self.policy.sudo()._match(self.foreign), self.policy)

    def test_manager_gives_no_policy_to_a_company_that_is_not_theirs(self):
        with self.assertRaises(AccessError):
            self.policy.with_user(self.manager).company_id = self.other
        with self.assertRaises(AccessError):
            self.policy.with_user(self.manager).sudo().company_id = self.other
        with self.assertRaises(AccessError):
            self.env["recovery.policy"].with_user(self.manager).create(
                {"name": "Mine", "company_id": self.other.id}
            )

    def test_manager_of_a_branch_reads_the_policy_of_the_parent_and_leaves_it_alone(self):
        branch = self._create_company(name="Branch", parent_id=self.env.company.id)
        in_branch = self._create_user("rights branch", MANAGER, branch)
        self.policy.company_id = self.env.company
        for record in (self.policy, self.step):
            record = record.with_user(in_branch)
            self.assertTrue(record.has_access("read"))
            for operation in ("write", "unlink"):
                self.assertFalse(record.has_access(operation), msg=operation)
        with self.assertRaises(AccessError):
            self._create_step(self.env(user=in_branch), "Mine")
