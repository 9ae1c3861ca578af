# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo import SUPERUSER_ID, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from .rights_common import RightsCommon


@tagged("post_install", "-at_install")
class TestServerActions(RightsCommon):
    """What runs in sudo mode is named by who may read it, and runs on what it is made for."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.on_users = cls._create_action("res.users")
        cls.on_cases = cls._create_action("recovery.case")
        cls.step = cls.env["recovery.policy.step"].create(
            {
                "name": "Step",
                "policy_id": cls.policy.id,
                "mail_template_id": cls.env.ref("revenue_recovery.mail_template_payment_failed").id,
            }
        )

    @classmethod
    def _create_action(cls, model, **values):
        return cls.env["ir.actions.server"].create(
            {
                "name": f"On {model}",
                "model_id": cls.env["ir.model"]._get_id(model),
                "state": "code",
                "code": "env.company.sudo().partner_id.write({'ref': 'it ran'})",
                **values,
            }
        )

    def _name_in(self, record, action):
        if record._name == "recovery.policy":
            record.write({"end_action": "server_action", "end_server_action_id": action.id})
        else:
            record.write({"action_type": "server_action", "server_action_id": action.id})

    def test_manager_names_no_action_that_he_may_not_read(self):
        self.assertFalse(self.on_cases.with_user(self.manager).has_access("read"))
        for record in (self.policy, self.step):
            for action in (self.on_users, self.on_cases):
                for named in (
                    record.with_user(self.manager),
                    record.with_user(self.manager).sudo(),
                ):
                    with (
                        self.subTest(model=record._name, action=action.name),
                        self.assertRaises(UserError),
                    ):
                        self._name_in(named, action)
        result = (
            self.env["recovery.policy"]
            .with_user(self.manager)
            .load(
                ["name", "end_action", "end_server_action_id/.id"],
                [["Mine", "server_action", str(self.on_users.id)]],
            )
        )
        self.assertFalse(result["ids"])

    def test_administrator_names_one_that_is_made_for_cases_and_no_other(self):
        for record in (self.policy, self.step):
            record = record.with_user(self.admin)
            with self.assertRaises(ValidationError):
                self._name_in(record, self.on_users)
            self._name_in(record, self.on_cases)

    def test_action_for_other_groups_is_not_named(self):
        self.on_cases.group_ids = self.env["res.groups"].create({"name": "Chosen few"})
        with self.assertRaisesRegex(AccessError, "for other groups"):
            self._name_in(self.policy.with_user(self.admin), self.on_cases)

    def test_manager_edits_what_is_around_an_action_that_an_administrator_named(self):
        for record in (self.policy, self.step):
            self._name_in(record.with_user(self.admin), self.on_cases)
        self.env.invalidate_all()
        self.policy.with_user(self.manager).write({"grace_days": 3, "end_action": "leave"})
        self.policy.with_user(self.manager).end_action = "server_action"
        self.step.with_user(self.manager).write({"trigger": "after_due", "delay_days": 2})

    def _write_behind(self, record, field, action):
        record.flush_recordset()
        query = f"UPDATE {record._table} SET {field} = %s WHERE id = %s"  # noqa: S608
        self.cr.execute(query, [action.id, record.id])
        self.env.invalidate_all()

    def test_stored_action_for_something_else_does_not_run_and_says_so(self):
        self._name_in(self.policy.with_user(self.admin), self.on_cases)
        _invoice, case = self._fail_invoice()
        self._write_behind(self.policy, "end_server_action_id", self.on_users)
        case.sudo()._cancel_planned("Test")
        case.sudo()._begin_grace("Test")
        case.sudo().grace_until = fields.Datetime.now()
        self._run_cron("follow")
        self.assertEqual(case.state, "lost")
        self.assertNotEqual(self.env.company.partner_id.ref, "it ran")
        self.assertIn("not made for recovery cases", case.attention)
        self.assertTrue(case.activity_ids)

    def test_action_that_was_checked_runs(self):
        self._name_in(self.policy.with_user(self.admin), self.on_cases)
        _invoice, case = self._fail_invoice()
        case.sudo()._cancel_planned("Test")
        case.sudo()._begin_grace("Test")
        case.sudo().grace_until = fields.Datetime.now()
        self._run_cron("follow")
        self.assertEqual(self.env.company.partner_id.ref, "it ran")


@tagged("post_install", "-at_install")
class TestOtherChoices(RightsCommon):
    """What a view does not offer can't be written past it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.portal = new_test_user(cls.env, "rights portal", "base.group_portal")
        cls.partner_template = cls.env["mail.template"].create(
            {"name": "For contacts", "model_id": cls.env["ir.model"]._get_id("res.partner")}
        )
        cls.partner_sms = cls.env["sms.template"].create(
            {
                "name": "For contacts",
                "model_id": cls.env["ir.model"]._get_id("res.partner"),
                "body": "x",
            }
        )

    def _create_step(self, **values):
        template = self.env.ref("revenue_recovery.mail_template_payment_failed")
        return (
            self.env["recovery.policy.step"]
            .with_user(self.manager)
            .create(
                {
                    "name": "Step",
                    "policy_id": self.policy.id,
                    "mail_template_id": template.id,
                    **values,
                }
            )
        )

    def test_step_names_nothing_of_another_kind_whatever_it_does(self):
        step = self._create_step()
        kinds = self.env["mail.activity.type"]
        for values in (
            {"mail_template_id": self.partner_template.id},
            {"sms_template_id": self.partner_sms.id},
            {"report_id": self.env.ref("account.account_invoices").id},
            {"activity_type_id": kinds.create({"name": "x", "res_model": "res.partner"}).id},
            {"activity_user_id": self.portal.id},
        ):
            with self.subTest(**values), self.assertRaises(ValidationError):
                self._create_step(**values)
            with self.subTest(**values), self.assertRaises(ValidationError):
                step.write(values)

    def test_loss_is_booked_on_no_account_of_another_kind(self):
        account = self.company_data["default_account_receivable"]
        with self.assertRaises(ValidationError):
            self.policy.with_user(self.manager).write_off_account_id = account
        _invoice, case = self._fail_invoice()
        with self.assertRaises(ValidationError):
            self.env["recovery.write.off.wizard"].with_user(self.manager).create(
                {"case_id": case.id, "account_id": account.id}
            )

    def test_actions_of_rules_name_nothing_of_another_kind(self):
        action = {
            "name": "Tell",
            "model_id": self.env["ir.model"]._get_id("recovery.case"),
            "state": "recovery_tell",
        }
        chat = self.env["discuss.channel"]._get_or_create_chat(self.manager.partner_id.ids)
        for values in (
            {"recovery_template_id": self.partner_template.id},
            {"recovery_sms_template_id": self.partner_sms.id},
            {"recovery_channel_id": chat.id},
            {"recovery_user_ids": [Command.set(self.portal.ids)]},
            {"recovery_user_id": self.portal.id},
        ):
            with self.subTest(**values), self.assertRaises(ValidationError):
                self.env["ir.actions.server"].create({**action, **values})

    def test_domain_of_a_field_that_decides_something_is_checked_when_it_is_saved(self):
        """A new field with a domain needs a check, and a line here."""
        steps = ("ir.actions.server", "recovery.flow.builder.step")
        names = (
            "recovery_activity_type_id",
            "recovery_channel_id",
            "recovery_sms_template_id",
            "recovery_template_id",
            "recovery_user_id",
            "recovery_user_ids",
        )
        checked = {
            ("recovery.policy", "end_server_action_id"),
            ("recovery.policy", "write_off_account_id"),
            ("recovery.policy.step", "activity_user_id"),
            ("recovery.policy.step", "mail_template_id"),
            ("recovery.policy.step", "report_id"),
            ("recovery.policy.step", "server_action_id"),
            ("recovery.policy.step", "sms_template_id"),
            ("recovery.write.off.wizard", "account_id"),
            *((model, name) for model in steps for name in names),
            # Saved methods: of the customer, and for invoices of the company.
            ("account.move", "collect_token_id"),
            ("res.partner", "collect_token_id"),
            # Which branch a step is in, the form's two lists say themselves.
            ("recovery.flow.builder", "otherwise_ids"),
            ("recovery.flow.builder", "step_ids"),
            # These decide nothing: an example to look at, and a payment whose return is checked.
            ("recovery.preview.wizard", "move_id"),
            ("recovery.return.wizard", "payment_id"),
        }
        found = {
            (name, field.name)
            for name, model in self.registry.items()
            if not model._abstract
            for field in model._fields.values()
            if field.relational
            and not field.related
            and "revenue_recovery" in field._modules
            and field.domain
        }
        self.assertEqual(found, checked)

    def test_card_of_another_company_is_not_chosen_for_a_customer(self):
        other = self._create_company(name="Other")
        provider = self.demo_provider.copy({"company_id": other.id, "state": "test"})
        card = self._create_card(provider_id=provider.id)
        with self.assertRaises(ValidationError):
            self.customer.with_user(self.worker).collect_token_id = card
        self.customer.with_company(other).collect_token_id = card


@tagged("post_install", "-at_install")
class TestNobodyInTheConditionOfAnAction(RightsCommon):
    def test_condition_looks_no_further_than_who_writes_it(self):
        action = self.env["ir.actions.server"].create(
            {
                "name": "Later",
                "model_id": self.env["ir.model"]._get_id("recovery.case"),
                "state": "code",
                "code": "pass",
            }
        )
        secret = "[('provider_id.stripe_secret_key', '=like', 's%')]"
        action.with_user(self.admin).recovery_condition = secret
        action.with_user(SUPERUSER_ID).recovery_condition = secret
        self.env["ir.model.access"].create(
            {
                "name": "Actions for managers",
                "model_id": self.env["ir.model"]._get_id("ir.actions.server"),
                "group_id": self.env.ref("revenue_recovery.group_recovery_manager").id,
                "perm_read": True,
                "perm_write": True,
            }
        )
        with self.assertRaisesRegex(ValidationError, "may not read"):
            action.with_user(self.manager).sudo().recovery_condition = secret
