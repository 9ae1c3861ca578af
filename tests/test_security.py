# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
import inspect
from contextlib import ExitStack, contextmanager
from unittest.mock import patch

from psycopg2 import Error as DatabaseError

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.service.model import call_kw
from odoo.tests import tagged
from odoo.tools import mute_logger

from .security.sweep_common import SecurityCommon
from .security.table import CALLS, READS, ROLES

ADDON = "odoo.addons.revenue_recovery."


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
            ("account.move", "action_recovery_pay_in_parts"): (invoice, []),
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
            ("recovery.case", "action_cancel_parts"): (case, []),
            ("recovery.case", "action_change_date"): (case, []),
            ("recovery.case", "action_confirm_charged"): (case, []),
            ("recovery.case", "action_confirm_not_charged"): (case, []),
            ("recovery.case", "action_method_updated"): (case, []),
            ("recovery.case", "action_pause"): (case, []),
            ("recovery.case", "action_pay_in_parts"): (case, []),
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
            **self._get_flow_calls(),
            ("recovery.many.wizard", "action_apply"): (self.many_wizard, []),
            ("recovery.parts.wizard", "action_apply"): (self.parts_wizard, []),
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

    def _get_flow_calls(self):
        """Return the calls of what flows are built with."""
        builder = self.flow_builder
        model = "recovery.flow.builder"
        return {
            (model, "action_activate"): (builder, []),
            (model, "action_copy"): (builder, []),
            (model, "action_deactivate"): (builder, []),
            (model, "action_runs"): (builder, []),
            (model, "action_technical"): (builder, []),
            (model, "action_try"): (builder, []),
            (model, "create"): (None, [[{"when": "case:opened"}]]),
            (model, "write"): (builder, [{"name": "Mine"}]),
            ("recovery.flow.version", "action_restore"): (self.flow_version, []),
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
            ("base.automation", "action_recovery_edit"): (self.automation, []),
            ("base.automation", "action_recovery_runs"): (self.automation, []),
            ("base.automation", "action_recovery_technical"): (self.automation, []),
            ("base.automation", "create"): (None, [[{"name": "Mine"}]]),
            ("base.automation", "write"): (self.automation, [{"name": "Mine"}]),
            ("recovery.audit", "create"): (None, [[{"company_id": self.env.company.id}]]),
            ("recovery.audit", "write"): (self.audit, [{"file_name": "mine.csv"}]),
            **{
                ("recovery.audit", f"action_{act}"): (self.audit, [])
                for act in ("print", "reload", "run", "switch_on", "view_cards")
            },
            ("recovery.clock.wizard", "action_walk"): (self.clock_wizard, []),
            ("recovery.clock.wizard", "create"): (None, [[{"case_id": self.case.id}]]),
            ("recovery.clock.wizard", "write"): (self.clock_wizard, [{"days": 2}]),
            ("recovery.policy", "action_try"): (self.policy, []),
            ("recovery.policy", "action_view_trials"): (self.policy, []),
            ("recovery.policy.trial", "create"): (
                None,
                [[{"policy_id": self.policy.id, "company_id": self.env.company.id}]],
            ),
            ("recovery.policy.trial", "write"): (self.policy_trial, [{"note": "Mine"}]),
            **{
                ("recovery.policy.trial", f"action_{act}"): (self.policy_trial, [])
                for act in ("cancel", "reload", "try")
            },
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
        with self._refuse_in_short():
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

    @contextmanager
    def _refuse_in_short(self):
        """Let Odoo refuse without the sentence that says why, which it looks up each time."""
        models = self.registry["ir.rule"], self.registry["ir.model.access"]
        with ExitStack() as stack:
            for model in models:
                refusal = patch.object(
                    model, "_make_access_error", lambda *_args: AccessError("Refused")
                )
                stack.enter_context(refusal)
            yield

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
