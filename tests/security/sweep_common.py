# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo import fields
from odoo.fields import Command
from odoo.tests import new_test_user

from odoo.addons.revenue_recovery.models.case.alerts import raise_alert

from ..common import RecoveryCommon

ACCOUNTANT = "account.group_account_invoice"
MANAGER = "account.group_account_manager"
SHARED = (
    "recovery.charge.minimum",
    "recovery.decline.code",
    "recovery.decline.reason",
    "recovery.network.rule",
)


class SecurityCommon(RecoveryCommon):
    """A failed invoice with a charge of unknown outcome, and people who may or may not see it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        template = cls.env.ref("revenue_recovery.mail_template_payment_failed")
        cls.policy.write(
            {
                "company_id": cls.env.company.id,
                "retry_ids": [Command.create({"delay_count": 1})],
                "step_ids": [Command.create({"name": "Failed", "mail_template_id": template.id})],
            }
        )
        cls.other_company = cls._create_company(name="Other")
        cls.accountant = cls._create_user("recovery accountant", ACCOUNTANT, cls.env.company)
        cls.stranger = cls._create_user("recovery stranger", MANAGER, cls.other_company)
        cls.clerk = cls._create_user("recovery clerk", "base.group_user", cls.env.company)
        cls.portal = new_test_user(cls.env, "recovery portal", "base.group_portal")
        cls.portal.partner_id = cls.customer
        cls.public = cls.env.ref("base.public_user")
        cls.branch = cls._create_company(name="Branch of all", parent_id=cls.env.company.id)
        own, internal = cls.env.company, "base.group_user,"
        cls.roles = {
            "A": cls.public,
            "P": cls.portal,
            "C": cls._create_user("role C", f"{internal}base.group_partner_manager", own),
            "I": cls.accountant,
            "U": cls._create_user("role U", f"{internal}revenue_recovery.group_recovery_user", own),
            "M": cls._create_user("role M", MANAGER, own),
            "O": cls.stranger,
            "B": cls._create_user("role B", MANAGER, cls.branch),
        }

        cls._keep_scene()

    @classmethod
    def _keep_scene(cls):
        """Make the scene once for all tests of the class, each of which goes back to it."""
        maker = cls()
        before = set(vars(maker))
        maker._make_scene()
        for name in set(vars(maker)) - before:
            setattr(cls, name, vars(maker)[name])
        cls.env.flush_all()

    @classmethod
    def _create_user(cls, login, group, company):
        return new_test_user(
            cls.env, login, group, company_id=company.id, company_ids=[Command.set(company.ids)]
        )

    def _make_scene(self):
        """Make a record of each of our models."""
        self.invoice, self.case = self._fail_invoice()
        self.attempt = self.case.first_attempt_id
        self.tag = self.env["recovery.case.tag"].create({"name": "Difficult"})
        self.reason = self.env["recovery.decline.reason"].create({"code": "moon", "name": "Moon"})
        self.code = self.env["recovery.decline.code"].create(
            {"scope": "demo", "code": "moon", "reason_id": self.reason.id}
        )
        self.rule = self.env["recovery.network.rule"].create(
            {"name": "Ours", "scopes": "visa", "limit": 5, "window_hours": 24}
        )
        self.minimum = self.env["recovery.charge.minimum"].create(
            {"provider_code": "x", "currency_id": self.env.company.currency_id.id, "amount": 1.0}
        )
        self.attempt.transaction_id.sudo().recovery_decline = {
            "unlisted": [["demo", "code", "full_moon"]]
        }
        self.signal = self.env["recovery.invoice.queue"].sudo().create({"move_id": self.invoice.id})
        self.pace = (
            self.env["recovery.provider.pace"]
            .sudo()
            .create({"provider_id": self.demo_provider.id, "free_at": 0.0})
        )
        self._create_automation()
        self.forecast_wizard = self.env["recovery.forecast.wizard"].create(
            {"move_id": self.invoice.id}
        )
        self.many_wizard = self.env["recovery.many.wizard"].create(
            {"act": "stop", "case_ids": [Command.set(self.case.ids)]}
        )
        self.plan_wizard = self.env["recovery.plan.wizard"].create(
            {"mode": "pause", "case_ids": [Command.set(self.case.ids)]}
        )
        self.part_plan = (
            self.env["recovery.part.plan"]
            .sudo()
            .create(
                {
                    "case_id": self.case.id,
                    "life": self.case.life,
                    "state": "cancelled",
                    "amount": 100.0,
                    "agreed_at": fields.Datetime.now(),
                    "agreed_by": "user",
                    "consent": "They agreed.",
                    "part_ids": [
                        Command.create({"day": fields.Date.today(), "amount": amount})
                        for amount in (40.0, 60.0)
                    ],
                }
            )
        ).sudo(False)
        self.parts_wizard = self.env["recovery.parts.wizard"].create(
            {"case_id": self.case.id, "agreement": "By phone"}
        )
        self.preview_wizard = self.env["recovery.preview.wizard"].create(
            {"policy_id": self.policy.id, "move_id": self.invoice.id}
        )
        self._create_products()
        self.write_off_wizard = self.env["recovery.write.off.wizard"].create(
            {
                "case_id": self.case.id,
                "account_id": self.company_data["default_account_expense"].id,
            }
        )

        self.taken_back = (
            self.env["recovery.return"]
            .sudo()
            .create(
                {
                    "company_id": self.env.company.id,
                    "kind": "dispute",
                    "state": "opened",
                    "currency_id": self.env.company.currency_id.id,
                    "move_ids": [Command.set(self.invoice.ids)],
                }
            )
        ).sudo(False)
        raise_alert(self.invoice, "Look.", "thing:1")
        self.todo = self.case.activity_ids
        self.mail = (
            self.env["mail.mail"].sudo().create({"model": "recovery.case", "res_id": self.case.id})
        )
        self.mail_notification = (
            self.env["mail.notification"]
            .sudo()
            .create(
                {
                    "mail_message_id": self.mail.mail_message_id.id,
                    "res_partner_id": self.customer.id,
                    "notification_type": "email",
                }
            )
        )
        self.clock_wizard = self.env["recovery.clock.wizard"].create({"case_id": self.case.id})
        self.policy_trial = self.env["recovery.policy.trial"].create({"policy_id": self.policy.id})
        self.audit = self.env["recovery.audit"].create({})
        self.audit.sudo().suggested_policy_id = self.policy
        self.timing = self.env["recovery.timing"]._get_row(self.env.company).with_env(self.env)
        self.return_wizard = self.env["recovery.return.wizard"].create(
            {
                "payment_id": self.env["account.payment"].create({"amount": 10.0}).id,
                "scheme": "sepa",
                "code": "AM04",
            }
        )

    def _create_products(self):
        """Create what the merchant's own product asks with, and is told by."""
        self.standing_key = self.env["recovery.standing.key"].create({"name": "Product"})
        self.standing_endpoint = self.env["recovery.standing.endpoint"].create(
            {"name": "Product", "url": "https://app.example.com"}
        )
        self.standing_message = (
            self.env["recovery.standing.message"]
            .sudo()
            .create(
                {
                    "identifier": "x",
                    "endpoint_id": self.standing_endpoint.id,
                    "partner_id": self.customer.id,
                    "standing": "failing",
                    "body": "{}",
                    "occurred_at": fields.Datetime.now(),
                }
            )
        ).sudo(False)

    def _create_automation(self):
        """Create what automation rules leave behind: an event, a planned action, a queue."""
        # An empty one is refused to nobody; any will do.
        self.automation = self.env["base.automation"].create(
            {
                "name": "Rule",
                "model_id": self.env["ir.model"]._get_id("recovery.case"),
                "trigger": "on_create",
                "active": False,
            }
        )
        self.event = (
            self.env["recovery.event"]
            .sudo()
            .create({"type": "attempt_failed", "sentence": "No", "company_id": self.env.company.id})
        )
        self.planned_action = (
            self.env["recovery.planned.action"]
            .sudo()
            .create(
                {
                    "name": "Call",
                    "res_model": "recovery.case",
                    "res_id": self.case.id,
                    "case_id": self.case.id,
                    "company_id": self.env.company.id,
                    "planned_at": fields.Datetime.now(),
                    "automation_id": self.automation.id,
                    "flow": "x",
                }
            )
        )
        self.flow_builder = self.env["recovery.flow.builder"].create(
            {
                "when": "case:opened",
                "step_ids": [Command.create({"kind": "recovery_resume"})],
            }
        )
        self.flow_version = self.env["recovery.flow.version"].search(
            [("automation_id", "=", self.flow_builder.automation_id.id)]
        )
        self.flow_trial = self.env["recovery.flow.trial"].create(
            {"automation_id": self.flow_builder.automation_id.id, "case_id": self.case.id}
        )
        self.trigger = (
            self.env["recovery.trigger"]
            .sudo()
            .create(
                {
                    "automation": 1,
                    "res_model": "recovery.case",
                    "res_id": self.case.id,
                    "occurred_at": fields.Datetime.now(),
                    "key": "x",
                    "depth": 0,
                }
            )
        )

    def _get_records(self):
        """Return one record of each of our models."""
        records = {
            "recovery.attempt": self.attempt,
            "recovery.audit": self.audit,
            "recovery.attempt.report": self.env["recovery.attempt.report"].browse(self.attempt.id),
            "recovery.case": self.case,
            "recovery.case.report": self.env["recovery.case.report"].browse(self.case.id),
            "recovery.case.tag": self.tag,
            "recovery.charge.minimum": self.minimum,
            "recovery.clock.wizard": self.clock_wizard,
            "recovery.decline.code": self.code,
            "recovery.decline.reason": self.reason,
            "recovery.decline.unlisted": self.env["recovery.decline.unlisted"].search(
                [("code", "=", "full_moon")]
            ),
            "recovery.event": self.event,
            "recovery.flow.builder": self.flow_builder,
            "recovery.flow.builder.step": self.flow_builder.step_ids,
            "recovery.flow.run": self.env["recovery.flow.run"].search([("flow", "=", "x")]),
            "recovery.flow.trial": self.flow_trial,
            "recovery.flow.version": self.flow_version,
            "recovery.forecast.wizard": self.forecast_wizard,
            "recovery.trigger": self.trigger,
            "recovery.network.rule": self.rule,
            "recovery.notice": self.case.notice_ids,
            "recovery.many.wizard": self.many_wizard,
            "recovery.part": self.part_plan.part_ids,
            "recovery.part.plan": self.part_plan,
            "recovery.parts.wizard": self.parts_wizard,
            "recovery.parts.wizard.line": self.parts_wizard.line_ids,
            "recovery.plan.wizard": self.plan_wizard,
            "recovery.policy": self.policy,
            "recovery.policy.retry": self.policy.retry_ids,
            "recovery.policy.step": self.policy.step_ids,
            "recovery.policy.trial": self.policy_trial,
            "recovery.preview.wizard": self.preview_wizard,
            "recovery.provider.pace": self.pace,
            "recovery.return": self.taken_back,
            "recovery.return.wizard": self.return_wizard,
            "recovery.revenue.report": self._get_revenue(),
            "recovery.settlement": self._get_settlement(),
            "recovery.standing.endpoint": self.standing_endpoint,
            "recovery.standing.key": self.standing_key,
            "recovery.standing.message": self.standing_message,
            "recovery.invoice.queue": self.signal,
            "recovery.planned.action": self.planned_action,
            "recovery.timeline": self.case.timeline_ids[:1],
            "recovery.timing": self.timing,
            "recovery.write.off.wizard": self.write_off_wizard,
        }
        self.assertEqual(
            set(records),
            self._get_own_models(),
            msg="A new model needs access lines, a company rule, and a record in this test.",
        )
        return records

    def _get_revenue(self):
        """Return the line of a payment of the invoice."""
        self._register_payment(self.invoice, 1.0)
        return self.env["recovery.revenue.report"].search([("move_id", "=", self.invoice.id)])[:1]

    def _get_settlement(self):
        """Return what that payment brought."""
        self.case.sudo()._fill_figures()
        return self.case.settlement_ids[:1]

    def _get_own_models(self):
        """Return the names of the models that this addon brings, mixins apart."""
        data = (
            self.env["ir.model.data"]
            .sudo()
            .search([("module", "=", "revenue_recovery"), ("model", "=", "ir.model")])
        )
        names = self.env["ir.model"].sudo().browse(data.mapped("res_id")).mapped("model")
        return {
            name for name in names if name.startswith("recovery.") and not self.env[name]._abstract
        }

    def _assert_is_in_table(self, found, table):
        """Compare what users can do with the reviewed table, name by name.

        :param dict found: the roles, by model and name
        """
        reviewed = {
            (model_name, name): roles
            for model_name, lines in table.items()
            for roles, names in lines.items()
            for name in names.split()
        }
        self.assertEqual(set(found) - set(reviewed), set(), msg="New: review it, and add it.")
        self.assertEqual(set(reviewed) - set(found), set(), msg="Gone: take it out of the table.")
        differing = {
            at: f"{found[at]}, not {roles}" for at, roles in reviewed.items() if found[at] != roles
        }
        self.assertEqual(differing, {}, msg="Who may do it has changed: review it.")

    def _make_unknown(self):
        """Let the next charge of the case have an unknown outcome."""
        attempt_sudo = self.case.sudo().next_attempt_id
        attempt_sudo.write({"token_id": self._create_card().id, "amount": 100.0})
        transaction = self.env["payment.transaction"].create(
            {
                "provider_id": self.demo_provider.id,
                "payment_method_id": self.payment_method_id,
                "reference": "unknown",
                "amount": 100.0,
                "currency_id": self.invoice.currency_id.id,
                "partner_id": self.customer.id,
                "token_id": attempt_sudo.token_id.id,
                "operation": "offline",
            }
        )
        attempt_sudo._set_state("running", transaction_id=transaction.id)
        attempt_sudo._set_state("unknown")
        return attempt_sudo
