import inspect

from psycopg2 import Error as DatabaseError

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.service.model import call_kw
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.revenue_recovery.models.case.alerts import raise_alert

from .common import RecoveryCommon
from .security.table import CALLS, READS, ROLES

ADDON = "odoo.addons.revenue_recovery."
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

    @classmethod
    def _create_user(cls, login, group, company):
        return new_test_user(
            cls.env, login, group, company_id=company.id, company_ids=[Command.set(company.ids)]
        )

    def setUp(self):
        super().setUp()
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
                }
            )
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
            "recovery.attempt.report": self.env["recovery.attempt.report"].browse(self.attempt.id),
            "recovery.case": self.case,
            "recovery.case.report": self.env["recovery.case.report"].browse(self.case.id),
            "recovery.case.tag": self.tag,
            "recovery.charge.minimum": self.minimum,
            "recovery.decline.code": self.code,
            "recovery.decline.reason": self.reason,
            "recovery.decline.unlisted": self.env["recovery.decline.unlisted"].search(
                [("code", "=", "full_moon")]
            ),
            "recovery.event": self.event,
            "recovery.forecast.wizard": self.forecast_wizard,
            "recovery.trigger": self.trigger,
            "recovery.network.rule": self.rule,
            "recovery.notice": self.case.notice_ids,
            "recovery.many.wizard": self.many_wizard,
            "recovery.plan.wizard": self.plan_wizard,
            "recovery.policy": self.policy,
            "recovery.policy.retry": self.policy.retry_ids,
            "recovery.policy.step": self.policy.step_ids,
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


@tagged("post_install", "-at_install")
class TestPublicMethods(SecurityCommon):
    """What anybody who is logged in can call, by the browser or by an API key."""

    def _get_calls(self):
        """Return the record and the arguments with which each of our public methods is called."""
        case, invoice, attempt = self.case, self.invoice, self.attempt
        line = invoice.line_ids.filtered(lambda line: line.display_type == "payment_term")
        partial = {"debit_move_id": line.id, "credit_move_id": line.id, "amount": 1.0}
        payment = self._register_payment(invoice, 10.0)
        self._make_unknown()
        return {
            **self._get_shipped_calls(),
            ("account.move", "action_open_recovery_case"): (invoice, []),
            ("account.move", "action_recovery_attention_done"): (invoice, []),
            ("account.move", "action_recovery_confirm_charged"): (invoice, []),
            ("account.move", "action_recovery_confirm_not_charged"): (invoice, []),
            ("account.move", "action_recovery_pause"): (invoice, []),
            ("account.move", "action_recovery_resume"): (invoice, []),
            ("account.move", "action_recovery_retry_now"): (invoice, []),
            ("account.move", "write"): (invoice, [{"collect_automatically": True}]),
            ("account.move.line", "write"): (line, [{"date_maturity": "2026-01-01"}]),
            ("account.partial.reconcile", "create"): (None, [[partial]]),
            ("account.partial.reconcile", "unlink"): (line.matched_credit_ids, []),
            ("account.payment", "write"): (payment, [{"state": "rejected"}]),
            ("payment.provider", "action_recovery_create_events_webhook"): (self.demo_provider, []),
            ("payment.provider", "action_recovery_pause_charges"): (self.demo_provider, []),
            ("payment.provider", "action_recovery_resume_charges"): (self.demo_provider, []),
            ("payment.provider", "action_recovery_try_again"): (self.demo_provider, []),
            ("payment.provider", "write"): (self.demo_provider, [{"company_id": False}]),
            ("mail.activity", "unlink"): (self.todo, []),
            ("mail.mail", "unlink"): (self.mail, []),
            ("mail.mail", "write"): (self.mail, [{"state": "cancel"}]),
            ("mail.notification", "write"): (
                self.mail_notification,
                [{"notification_status": "bounce"}],
            ),
            ("payment.token", "action_recovery_agree_backup"): (attempt.token_id, []),
            ("payment.token", "action_recovery_call_alive"): (attempt.token_id, []),
            ("payment.token", "action_recovery_withdraw_backup"): (attempt.token_id, []),
            ("payment.token", "create"): (None, [[{"partner_id": self.customer.id}]]),
            ("payment.token", "write"): (attempt.token_id, [{"active": False}]),
            ("payment.token", "get_linked_records_info"): (attempt.token_id, []),
            ("payment.transaction", "create"): (
                None,
                [[{"provider_id": self.demo_provider.id, "reference": "x", "amount": 1.0}]],
            ),
            ("recovery.attempt", "create"): (None, [[{"move_id": invoice.id}]]),
            ("recovery.attempt", "action_confirm_charged"): (attempt, []),
            ("recovery.attempt", "action_confirm_not_charged"): (attempt, []),
            ("recovery.attempt", "action_export_decisions"): (attempt, []),
            ("recovery.attempt", "action_view_transaction"): (attempt, []),
            ("recovery.case", "action_allow_promise"): (case, []),
            ("recovery.case", "action_attention_done"): (case, []),
            ("recovery.case", "action_change_date"): (case, []),
            ("recovery.case", "action_confirm_charged"): (case, []),
            ("recovery.case", "action_confirm_not_charged"): (case, []),
            ("recovery.case", "action_method_updated"): (case, []),
            ("recovery.case", "action_pause"): (case, []),
            ("recovery.case", "action_promise"): (case, []),
            ("recovery.case", "action_resume"): (case, []),
            ("recovery.case", "action_retry_now"): (case, []),
            ("recovery.case", "action_skip"): (case, []),
            ("recovery.case", "action_stop"): (case, []),
            ("recovery.case", "action_view_attempts"): (case, []),
            ("recovery.case", "action_view_move"): (case, []),
            ("recovery.case", "action_contest_stands"): (case, []),
            ("recovery.case", "action_withdraw_links"): (case, []),
            ("recovery.case", "action_withdraw_promise"): (case, []),
            ("recovery.case", "action_write_off"): (case, []),
            ("recovery.case", "set_retry_advice"): (case, ["now"]),
            ("recovery.case", "write"): (case, [{"state": "recovered"}]),
            ("recovery.decline.reason", "action_view_codes"): (self.reason, []),
            ("recovery.many.wizard", "action_apply"): (self.many_wizard, []),
            ("recovery.plan.wizard", "action_apply"): (self.plan_wizard, []),
            ("recovery.notice", "create"): (None, [[{"case_id": case.id}]]),
            ("recovery.policy", "action_preview_notices"): (self.policy, []),
            ("recovery.policy", "action_view_cases"): (self.policy, []),
            ("recovery.policy", "create"): (None, [[{"name": "Mine"}]]),
            ("recovery.policy", "write"): (self.policy, [{"name": "Mine"}]),
            ("recovery.policy.step", "create"): (
                None,
                [
                    [
                        {
                            "name": "Mine",
                            "policy_id": self.policy.id,
                            "mail_template_id": self.policy.step_ids.mail_template_id.id,
                        }
                    ]
                ],
            ),
            ("recovery.policy.step", "write"): (self.policy.step_ids, [{"name": "Mine"}]),
            ("recovery.policy.step", "unlink"): (self.policy.step_ids, []),
            ("recovery.return.wizard", "action_confirm"): (self.return_wizard, []),
            **self._get_product_calls(),
            ("recovery.write.off.wizard", "action_confirm"): (self.write_off_wizard, []),
            **self._get_report_calls(),
            **self._get_timing_calls(),
            ("res.partner", "action_recovery_withdraw_links"): (self.customer, []),
            ("res.partner", "write"): (self.customer, [{"collect_token_id": False}]),
        }

    def _get_product_calls(self):
        """Return the calls of what products ask with, and are told by."""
        key, endpoint = self.standing_key, self.standing_endpoint
        company = self.env.company.id
        url = "https://app.example.com"
        return {
            ("recovery.standing.endpoint", "action_make_secret"): (endpoint, []),
            ("recovery.standing.endpoint", "action_view_messages"): (endpoint, []),
            ("recovery.standing.endpoint", "create"): (
                None,
                [[{"name": "Mine", "company_id": company, "url": url}]],
            ),
            ("recovery.standing.endpoint", "write"): (endpoint, [{"name": "Mine"}]),
            ("recovery.standing.key", "action_make_secret"): (key, []),
            ("recovery.standing.key", "action_revoke"): (key, []),
            ("recovery.standing.key", "create"): (
                None,
                [[{"name": "Mine", "company_id": company}]],
            ),
            ("recovery.standing.key", "write"): (key, [{"name": "Mine"}]),
            ("recovery.standing.message", "action_send_again"): (self.standing_message, []),
        }

    def _get_report_calls(self):
        """Return the calls of the reports."""
        records = self._get_records()
        return {
            (name, method): (records[name], [])
            for name, method in (
                ("recovery.attempt.report", "action_open_attempt"),
                ("recovery.case.report", "action_open_case"),
                ("recovery.revenue.report", "action_open_entry"),
            )
        }

    def _get_timing_calls(self):
        """Return the calls of what has been learned."""
        timing = self.timing
        return {
            ("recovery.planned.action", "action_cancel"): (self.planned_action, []),
            ("recovery.timeline", "action_cancel"): (self.case.timeline_ids[:1], []),
            ("base.automation", "action_recovery_activate"): (self.automation, []),
            ("base.automation", "action_recovery_copy"): (self.automation, []),
            ("base.automation", "action_recovery_deactivate"): (self.automation, []),
            ("base.automation", "create"): (None, [[{"name": "Mine"}]]),
            ("base.automation", "write"): (self.automation, [{"name": "Mine"}]),
            ("recovery.timing", "create"): (None, [[{"company_id": self.other_company.id}]]),
            ("recovery.timing", "write"): (timing, [{"attempt_count": 0}]),
            ("recovery.timing", "unlink"): (timing, []),
            ("recovery.timing", "action_rebuild"): (timing, []),
            ("recovery.timing", "action_reset"): (timing, []),
            ("recovery.timing", "get_screen_data"): (None, [self.env.company.id]),
        }

    def _get_shipped_calls(self):
        """Return the calls of what the models of shipped rows have in common."""
        calls = {}
        for record in (self.reason, self.code, self.rule, self.minimum):
            values = record.copy_data()[0]
            calls |= {
                (record._name, "create"): (None, [[values]]),
                (record._name, "write"): (record, [{"active": False}]),
                (record._name, "unlink"): (record, []),
                (record._name, "action_restore_shipped"): (record, []),
            }
        return calls

    def _get_public_methods(self):
        """Return the model and the name of each method of ours that can be called from outside."""
        return {
            (model_name, name)
            for model_name, model_class in self.registry.items()
            if not model_class._abstract
            for definition in model_class.mro()
            if definition.__module__.startswith(ADDON)
            for name, value in vars(definition).items()
            if not name.startswith("_")
            and inspect.isroutine(value)
            and not getattr(value, "_api_private", False)
        }

    def test_every_public_method_is_among_those_tested_here(self):
        self.assertEqual(
            self._get_public_methods(),
            set(self._get_calls()),
            msg="Check access in a new public method and add it here, or let it start with “_”.",
        )

    @mute_logger("odoo.sql_db")
    def test_each_method_is_called_by_those_in_the_table_and_nobody_else(self):
        found = {}
        for (model_name, method), (record, arguments) in self._get_calls().items():
            allowed = [
                role
                for role, user in self.roles.items()
                if self._is_allowed(user, model_name, method, record, arguments)
            ]
            found[model_name, method] = "".join(allowed)
        self._assert_is_in_table(found, CALLS)

    def _is_allowed(self, user, model_name, method, record, arguments):
        """Return whether a call gets past all access rights, whatever becomes of it then."""
        ids = [] if record is None else [record.ids]
        model = self.env[model_name].with_user(user)
        self.env.invalidate_all()
        with self.env.cr.savepoint() as savepoint:
            try:
                call_kw(model, method, [*ids, *arguments], {})
                is_allowed = True
            except AccessError:
                is_allowed = False
            except (UserError, ValueError, DatabaseError):
                is_allowed = True  # What was wrong with it is another matter.
            self.env.transaction.clear()
            savepoint.rollback()
        return is_allowed

    def test_refused_calls_change_nothing(self):
        """Also where a user of another company may call a method, they reach no case by it."""
        before = (self.case.state, self.case.next_attempt_id, self.case.next_attempt_at)
        for user in (self.portal, self.clerk, self.stranger):
            for method in ("action_retry_now", "action_skip", "action_stop"):
                with self.assertRaises(AccessError):
                    call_kw(self.env["recovery.case"].with_user(user), method, [self.case.ids], {})
        self.env.invalidate_all()
        after = (self.case.state, self.case.next_attempt_id, self.case.next_attempt_at)
        self.assertEqual(after, before)

    def test_wizard_does_not_reach_the_cases_of_another_company(self):
        wizards = self.env["recovery.plan.wizard"].with_user(self.stranger)
        with self.assertRaises(AccessError):
            wizard = wizards.create(
                {"mode": "pause", "case_ids": [Command.set(self.case.ids)], "paused_until": False}
            )
            wizard.invalidate_recordset()
            wizard.action_apply()

    def test_manager_of_another_company_cannot_write_off(self):
        wizards = self.env["recovery.write.off.wizard"].with_user(self.stranger)
        account = self.company_data["default_account_expense"]
        with self.assertRaises(AccessError):
            wizards.create({"case_id": self.case.id, "account_id": account.id}).action_confirm()

    def test_customer_learns_which_of_his_invoices_his_card_pays(self):
        card = self._create_card()
        invoice = self._create_invoice(token=card)
        linked = call_kw(
            self.env["payment.token"].with_user(self.portal),
            "get_linked_records_info",
            [card.ids],
            {},
        )
        self.assertEqual([record["name"] for record in linked], [invoice.name])


@tagged("post_install", "-at_install")
class TestFields(SecurityCommon):
    """Who reads which field of which model: of our own models all, of the others what we add."""

    def test_each_field_is_read_by_those_in_the_table_and_nobody_else(self):
        found = {}
        for record, names in self._get_fields():
            found |= {(record._name, name): "" for name in names}
            for role, user in self.roles.items():
                for name in self._find_readable(record.with_user(user), names):
                    found[record._name, name] += role
        self._assert_is_in_table(found, READS)

    def test_table_names_the_roles_in_their_order(self):
        self.assertEqual("".join(self.roles), "".join(ROLES))

    def _get_fields(self):
        """Return a record of each model with the names of the fields that are ours."""
        records = {
            **self._get_records(),
            "account.move": self.invoice,
            "account.payment": self.return_wizard.payment_id,
            "base.automation": self.automation,
            "ir.actions.server": self.env["ir.actions.server"].create(
                {"name": "x", "model_id": self.automation.model_id.id, "state": "code"}
            ),
            "mail.activity": self.todo[:1],
            "mail.mail": self.mail,
            "payment.provider": self.demo_provider,
            "payment.token": self.attempt.token_id,
            "payment.transaction": self.attempt.transaction_id,
            "res.company": self.env.company,
            "res.config.settings": self.env["res.config.settings"].create({}),
            "res.partner": self.customer,
        }
        own = self._get_own_models()
        for model_name, model in self.registry.items():
            names = [
                name
                for name, field in model._fields.items()
                if field._modules == ("revenue_recovery",)
                or ("revenue_recovery" in field._modules and model_name in own)
            ]
            if not names or model._abstract or not hasattr(model, "_table"):
                continue
            if model_name in records:
                yield records[model_name][:1], sorted(names)
            elif model_name not in ("res.users", "digest.digest"):
                self.fail(f"Give this test a record of {model_name}: it has {names}.")

    def _find_readable(self, record, names):
        """Return those fields that the user reads; all at once where nothing forbids it."""
        self.env.invalidate_all()
        if self._reads(record, names):
            return names
        return [name for name in names if self._reads(record, [name])]

    def _reads(self, record, names):
        try:
            record.read(names)
        except AccessError:
            return False
        return True


@tagged("post_install", "-at_install")
class TestAccess(SecurityCommon):
    def test_every_model_has_access_lines(self):
        access = self.env["ir.model.access"].sudo()
        for model in self._get_own_models():
            lines = access.search([("model_id.model", "=", model)])
            self.assertTrue(lines, msg=model)
            self.assertTrue(all(line.group_id for line in lines), msg=f"{model}: for everybody")

    def test_every_model_has_a_company_rule(self):
        without = {
            "recovery.case.tag",  # Labels are shared, as those of contacts are.
            *SHARED,
            "recovery.trigger",  # Another one.
            "recovery.invoice.queue",  # The queue of a job: only administrators may look at it.
            "recovery.provider.pace",  # A counter of jobs: another one.
            # These are for who made them; what they do is checked on the cases.
            "recovery.forecast.wizard",
            "recovery.many.wizard",
            "recovery.plan.wizard",
            "recovery.preview.wizard",
            "recovery.return.wizard",
            "recovery.write.off.wizard",
        }
        rules = self.env["ir.rule"].sudo().search([("domain_force", "like", "company_ids")])
        ruled = set(rules.filtered(lambda rule: not rule.groups).model_id.mapped("model"))
        self.assertEqual(self._get_own_models() - ruled, without)

    def test_dialog_is_only_for_who_opened_it(self):
        colleague = self._create_user("recovery colleague", MANAGER, self.env.company)
        for wizard in (
            self.forecast_wizard,
            self.many_wizard,
            self.plan_wizard,
            self.return_wizard,
            self.write_off_wizard,
        ):
            self.assertTrue(wizard.has_access("read"))
            self.assertFalse(wizard.with_user(colleague).has_access("read"), msg=wizard._name)

    def test_portal_and_public_users_and_clerks_reach_no_record(self):
        for user in (self.public, self.portal, self.clerk):
            for model, record in self._get_records().items():
                with self.subTest(user=user.name, model=model):
                    self._assert_closed(record.with_user(user))

    def _assert_closed(self, record):
        with self.assertRaises(AccessError):
            record.search([])
        with self.assertRaises(AccessError):
            record.search_count([])
        with self.assertRaises(AccessError):
            record.read(["display_name"])
        with self.assertRaises(AccessError):
            record.formatted_read_group([], [], ["__count"])
        for operation in ("read", "write", "create", "unlink"):
            self.assertFalse(record.has_access(operation), msg=operation)

    def test_portal_user_reads_nothing_of_the_recovery_on_his_own_invoice(self):
        self.invoice.message_subscribe(self.customer.ids)
        invoice = self.invoice.with_user(self.portal)
        self.assertEqual(invoice.read(["name"])[0]["name"], self.invoice.name)
        for name, field in invoice._fields.items():
            if name.startswith("recovery_"):
                with self.subTest(field=name), self.assertRaises(AccessError):
                    invoice.read([name])
                self.assertIn("revenue_recovery.group_recovery_user", field.groups or "")

    def test_manager_of_another_company_sees_no_record(self):
        shared = {"recovery.case.tag", *SHARED}
        for model, record in self._get_records().items():
            if model in shared:
                continue
            with self.subTest(model=model):
                foreign = record.with_user(self.stranger)
                self.env.invalidate_all()
                for operation in ("read", "write", "unlink"):
                    self.assertFalse(foreign.has_access(operation), msg=operation)
                if foreign.browse().has_access("read"):
                    self.assertFalse(foreign.search([("id", "in", record.ids)]))
                with self.assertRaises(AccessError):
                    foreign.read(["display_name"])

    def test_user_of_two_companies_sees_the_cases_of_those_he_has_switched_on(self):
        self.stranger.company_ids += self.env.company
        cases = self.env["recovery.case"].with_user(self.stranger)
        only_other = cases.with_context(allowed_company_ids=self.other_company.ids)
        both = cases.with_context(allowed_company_ids=(self.other_company + self.env.company).ids)
        self.assertFalse(only_other.search([("id", "=", self.case.id)]))
        self.assertEqual(both.search([("id", "=", self.case.id)]), self.case)

    def test_case_cannot_be_moved_to_the_policy_of_another_company(self):
        policy = self._create_policy(company_id=self.other_company.id)
        with self.assertRaisesRegex(Exception, "compan"):
            self.case.policy_id = policy


@tagged("post_install", "-at_install")
class TestPolicyAccess(SecurityCommon):
    def _can_read(self, user, policy):
        self.env.invalidate_all()
        policies = self.env["recovery.policy"].with_user(user)
        found = policies.search([("id", "=", policy.id)])
        self.assertEqual(bool(found), policy.with_user(user).has_access("read"))
        return bool(found)

    def test_policy_of_no_company_is_shared(self):
        self.policy.company_id = False
        self.assertTrue(self._can_read(self.accountant, self.policy))
        self.assertTrue(self._can_read(self.stranger, self.policy))

    def test_policy_of_a_company_is_its_own(self):
        self.assertTrue(self._can_read(self.accountant, self.policy))
        self.assertFalse(self._can_read(self.stranger, self.policy))

    def test_policy_of_the_parent_company_is_read_in_its_branch(self):
        branch = self._create_company(name="Branch", parent_id=self.env.company.id)
        in_branch = self._create_user("recovery branch", ACCOUNTANT, branch)
        self.assertTrue(self._can_read(in_branch, self.policy))
        for line in (self.policy.retry_ids, self.policy.step_ids):
            self.assertTrue(line.with_user(in_branch).has_access("read"))

    def test_policy_of_a_branch_is_not_read_in_another_branch(self):
        one, two = (
            self._create_company(name=name, parent_id=self.env.company.id)
            for name in ("One", "Two")
        )
        self.policy.company_id = one
        in_two = self._create_user("recovery branch", ACCOUNTANT, two)
        self.assertFalse(self._can_read(in_two, self.policy))
        for line in (self.policy.retry_ids, self.policy.step_ids):
            self.assertFalse(line.with_user(in_two).has_access("read"))

    def test_accountant_cannot_change_policies(self):
        for record in (self.policy, self.policy.retry_ids, self.policy.step_ids):
            for operation in ("write", "create", "unlink"):
                with self.subTest(model=record._name, operation=operation):
                    self.assertFalse(record.with_user(self.accountant).has_access(operation))

    def test_accounting_manager_can_change_policies(self):
        manager = self._create_user("recovery manager", MANAGER, self.env.company)
        self.policy.with_user(manager).name = "Mine"
        self.assertEqual(self.policy.name, "Mine")


@tagged("post_install", "-at_install")
class TestAccountant(SecurityCommon):
    """Who may make invoices has all it takes to work on cases."""

    def test_accountant_has_no_rights_on_payment_providers(self):
        providers = self.env["payment.provider"].with_user(self.accountant)
        self.assertFalse(providers.has_access("read"), msg="Else this class tests nothing.")

    def test_accountant_reads_every_field_of_case_attempt_notice_and_timeline(self):
        self._make_unknown()
        self.env.invalidate_all()
        for record in (
            self.case,
            self.case.attempt_ids,
            self.case.notice_ids,
            self.case.timeline_ids,
            self.policy,
            self.reason,
            self.code,
            self.rule,
            self._get_records()["recovery.decline.unlisted"],
        ):
            with self.subTest(model=record._name):
                self.assertTrue(record)
                self.assertEqual(len(record.with_user(self.accountant).read()), len(record))

    def test_accountant_sees_the_name_of_the_saved_method(self):
        self.env.invalidate_all()
        self.assertIn("4242", self.case.with_user(self.accountant).method_label)
        self.assertIn("4242", self.attempt.with_user(self.accountant).method_label)

    def test_accountant_opens_the_form_and_writes_his_own_fields(self):
        with Form(self.case.with_user(self.accountant)) as form:
            form.user_id = self.accountant
            form.tag_ids.add(self.tag)
        self.assertEqual((self.case.user_id, self.case.tag_ids), (self.accountant, self.tag))

    def test_accountant_chooses_the_card_of_an_invoice(self):
        card = self._create_card("done")
        invoice = self.invoice.with_user(self.accountant)
        self.assertIn(card, invoice.collect_token_ids)
        invoice.write({"collect_automatically": True, "collect_token_id": card.id})
        self.assertEqual(self.invoice.collect_token_id, card)

    def test_accountant_uses_every_button_of_a_case(self):
        case = self.case.with_user(self.accountant)
        for button in (
            "action_retry_now",
            "action_skip",
            "action_pause",
            "action_change_date",
            "action_resume",
            "action_attention_done",
            "action_view_move",
            "action_view_attempts",
            "action_stop",
        ):
            with self.subTest(button=button):
                self.env.invalidate_all()
                self.assertTrue(getattr(case, button)())
        self.assertEqual(self.case.state, "lost")

    def test_accountant_uses_every_recovery_button_of_an_invoice(self):
        invoice = self.invoice.with_user(self.accountant)
        for button in (
            "action_open_recovery_case",
            "action_recovery_retry_now",
            "action_recovery_pause",
            "action_recovery_resume",
            "action_recovery_attention_done",
        ):
            with self.subTest(button=button):
                self.env.invalidate_all()
                self.assertTrue(getattr(invoice, button)())

    def test_accountant_pauses_and_resumes(self):
        wizards = self.env["recovery.plan.wizard"].with_user(self.accountant)
        action = self.case.with_user(self.accountant).action_pause()
        Form(wizards.with_context(**action["context"])).save().action_apply()
        self.assertEqual(self.case.state, "paused")
        self.case.with_user(self.accountant).action_resume()
        self.assertEqual(self.case.state, "in_recovery")

    def test_accountant_confirms_that_an_unknown_charge_was_made(self):
        attempt = self._make_unknown()
        self.env.invalidate_all()
        self.case.with_user(self.accountant).action_confirm_charged()
        self.assertEqual((attempt.state, attempt.transaction_id.state), ("paid", "done"))
        self.assertIn(
            "recovery accountant", attempt.sentence + attempt.transaction_id.state_message
        )

    def test_accountant_confirms_that_an_unknown_charge_was_not_made(self):
        attempt = self._make_unknown()
        self.env.invalidate_all()
        attempt.with_user(self.accountant).action_confirm_not_charged()
        self.assertEqual((attempt.state, attempt.transaction_id.state), ("not_sent", "cancel"))

    def test_accountant_looks_at_the_transaction_of_a_charge(self):
        action = self.attempt.with_user(self.accountant).action_view_transaction()
        transaction = self.env["payment.transaction"].browse(action["res_id"])
        self.assertEqual(
            transaction.with_user(self.accountant).read(["state"])[0]["state"], "error"
        )

    def test_accountant_cannot_write_or_delete_what_is_evidence(self):
        records = (
            self.attempt,
            self.case.notice_ids,
            self.case.timeline_ids,
            self.reason,
            self.code,
            self.rule,
            self._get_records()["recovery.decline.unlisted"],
        )
        for record in records:
            for operation in ("write", "create", "unlink"):
                with self.subTest(model=record._name, operation=operation):
                    self.assertFalse(record.with_user(self.accountant).has_access(operation))
        for operation in ("create", "unlink"):
            self.assertFalse(self.case.with_user(self.accountant).has_access(operation))
        with self.assertRaises(AccessError):
            self.attempt.with_user(self.accountant).planned_at = fields.Datetime.now()

    def test_accountant_may_not_look_into_the_queue_of_the_job(self):
        self.assertFalse(self.signal.with_user(self.accountant).has_access("read"))

    def test_reader_of_the_books_sees_no_case(self):
        reader = self._create_user(
            "recovery reader", "account.group_account_readonly", self.env.company
        )
        self.assertFalse(self.case.with_user(reader).has_access("read"))
