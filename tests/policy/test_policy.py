# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from unittest.mock import patch

from psycopg2 import IntegrityError
from psycopg2.errors import SerializationFailure

from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from ..common import RecoveryCommon

LOGGER = "odoo.addons.revenue_recovery.models.policy.recovery_policy"


@tagged("post_install", "-at_install")
class TestPolicyMatch(RecoveryCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.invoice = cls._create_invoice()

    def _match(self, invoice=None):
        return self.env["recovery.policy"]._match(invoice or self.invoice)

    def test_first_policy_of_the_sequence_wins(self):
        first = self._create_policy(sequence=1)
        self._create_policy(sequence=2)
        self.assertEqual(self._match(), first)
        first.sequence = 99
        self.assertEqual(self._match().sequence, 2)

    def test_of_two_policies_with_one_sequence_the_older_wins(self):
        self._create_policy(sequence=self.policy.sequence)
        self.assertEqual(self._match(), self.policy)

    def test_archived_policy_matches_nothing(self):
        self.policy.active = False
        self.assertFalse(self._match())

    def test_policy_matches_only_invoices_that_fulfil_its_conditions(self):
        self.policy.domain = "[('amount_total', '>', 500)]"
        large = self._create_invoice(amount=501.0)
        self.assertFalse(self._match())
        self.assertEqual(self._match(large), self.policy)

    def test_conditions_are_tried_in_order_until_one_fits(self):
        self._create_policy(sequence=1, domain="[('amount_total', '>', 500)]")
        second = self._create_policy(sequence=2, domain="[('amount_total', '>', 50)]")
        self._create_policy(sequence=3, domain="[]")
        self.assertEqual(self._match(), second)

    def test_conditions_may_speak_of_today_as_the_domain_editor_writes_it(self):
        self.policy.domain = (
            "[('invoice_date', '>=', context_today() - relativedelta(days=1)),"
            " ('create_date', '<=', datetime.datetime.now() + relativedelta(days=1)),"
            " ('write_uid', '!=', uid + 100000)]"
        )
        self.assertEqual(self._match(), self.policy)

    def test_conditions_see_every_invoice_whoever_matches(self):
        """A portal payment that fails opens the same case as one that an accountant makes."""
        self.policy.domain = "[('line_ids.account_id.account_type', '=', 'asset_receivable')]"
        policies = self.env["recovery.policy"].with_user(self.portal_user).sudo()
        self.assertEqual(policies._match(self.invoice), self.policy)

    def test_policy_of_another_company_does_not_match(self):
        self.policy.company_id = self._create_company(name="Other")
        self.assertFalse(self._match())

    def test_policy_of_the_parent_company_serves_its_branches(self):
        self.policy.company_id = self.env.company
        branch = self._create_company(name="Branch", parent_id=self.env.company.id)
        self.cr.precommit.run()  # Load the chart of accounts of the branch.
        invoice = self._create_invoice(company_id=branch.id, post=False)
        self.assertEqual(self._match(invoice), self.policy)

    def test_policy_of_a_branch_does_not_serve_its_parent(self):
        self.policy.company_id = self._create_company(name="Branch", parent_id=self.env.company.id)
        self.assertFalse(self._match())

    def test_conditions_that_break_later_are_noted_and_the_next_policy_is_used(self):
        broken = self._create_policy(sequence=1)
        self._write_domain(broken, "[('field_of_an_addon_that_is_gone', '=', 1)]")
        with self.assertLogs(LOGGER, "WARNING"):
            self.assertEqual(self._match(), self.policy)
        self.assertIn("field_of_an_addon_that_is_gone", broken.domain_error)

    def test_conditions_that_only_the_database_refuses_are_noted_too(self):
        broken = self._create_policy(sequence=1)
        self._write_domain(broken, "[('amount_total', '=', 'much')]")
        with mute_logger("odoo.sql_db"), self.assertLogs(LOGGER, "WARNING"):
            self.assertEqual(self._match(), self.policy)
        self.assertIn("much", broken.domain_error)

    def test_conditions_are_not_blamed_for_a_lost_race(self):
        policies = type(self.env["recovery.policy"])
        with (
            patch.object(policies, "_evaluate", side_effect=SerializationFailure()),
            self.assertRaises(SerializationFailure),
        ):
            self._match()
        self.assertFalse(self.policy.domain_error)

    @mute_logger(LOGGER)
    def test_policy_with_a_broken_condition_recovers_nothing_by_itself(self):
        self._write_domain(self.policy, "[('gone', '=', 1)]")
        self.assertFalse(self._match())

    @mute_logger(LOGGER)
    def test_mended_conditions_are_no_error_any_more(self):
        self._write_domain(self.policy, "[('gone', '=', 1)]")
        self._match()
        self.assertTrue(self.policy.domain_error)
        self.policy.domain = "[]"
        self.assertFalse(self.policy.domain_error)
        self.assertEqual(self._match(), self.policy)

    @mute_logger(LOGGER)
    def test_failing_invoice_gets_the_next_policy_when_one_is_broken(self):
        broken = self._create_policy(sequence=1)
        self._write_domain(broken, "[(")
        _invoice, case = self._fail_invoice()
        self.assertEqual(case.policy_id, self.policy)

    def test_invoice_without_a_policy_gets_no_case(self):
        self.policy.domain = "[('amount_total', '>', 500)]"
        _invoice, case = self._fail_invoice()
        self.assertFalse(case)

    def _write_domain(self, policy, domain):
        """Break conditions behind the ORM's back, as an uninstalled addon does."""
        policy.flush_recordset()
        self.cr.execute("UPDATE recovery_policy SET domain = %s WHERE id = %s", [domain, policy.id])
        policy.invalidate_recordset()


@tagged("post_install", "-at_install")
class TestPolicySetup(RecoveryCommon):
    def _assert_refused(self, sentence, **values):
        with self.assertRaisesRegex(ValidationError, sentence):
            self._create_policy(name="Mine", **values)

    def test_malformed_conditions_are_refused_with_the_name_of_the_policy(self):
        for domain in (
            "[(",
            "5",
            "uid",
            "[('state', '=', 'posted'), '|']",
            "[('no_such_field', '=', 1)]",
            "[('partner_id.no_such_field', '=', 1)]",
            "[('invoice_date', '>', 'nonsense')]",
            "[('name', 'no such operator', 1)]",
            "[('name', '=', __import__('os'))]",
        ):
            with self.subTest(domain=domain):
                self._assert_refused("“Mine” can't be read", domain=domain)

    @mute_logger("odoo.sql_db")
    def test_conditions_that_only_the_database_refuses_are_refused(self):
        self._assert_refused("“Mine” can't be read", domain="[('amount_total', '=', 'much')]")

    def test_malformed_conditions_are_refused_when_they_are_changed(self):
        with self.assertRaisesRegex(ValidationError, "can't be read"):
            self.policy.domain = "[("

    def test_policy_of_own_waits_without_a_wait_is_refused(self):
        self._assert_refused("“Mine” has no waits", spread_evenly=False)

    def test_last_wait_cannot_be_taken_away(self):
        policy = self._create_policy(
            spread_evenly=False, retry_ids=[Command.create({"delay_count": 1})]
        )
        with self.assertRaisesRegex(ValidationError, "has no waits"):
            policy.retry_ids = [Command.clear()]

    def test_waits_longer_than_the_window_are_refused(self):
        waits = [Command.create({"delay_count": days}) for days in (3, 5)]
        self._assert_refused(
            "don't fit into its window of 7 days",
            spread_evenly=False,
            window_days=7,
            retry_ids=waits,
        )
        self.assertTrue(self._create_policy(spread_evenly=False, window_days=8, retry_ids=waits).id)

    def test_window_cannot_be_made_shorter_than_the_waits(self):
        policy = self._create_policy(
            spread_evenly=False, retry_ids=[Command.create({"delay_count": 10})]
        )
        with self.assertRaisesRegex(ValidationError, "don't fit into its window"):
            policy.window_days = 9

    def test_more_tries_than_the_window_has_hours_are_refused(self):
        self._assert_refused("don't fit into its window", tries=25, window_days=1)

    def test_policy_without_tries_is_refused(self):
        for tries in (0, -1):
            with self.subTest(tries=tries):
                self._assert_refused("“Mine” needs at least one try", tries=tries)

    def test_policy_that_never_charges_needs_no_tries(self):
        policy = self._create_policy(retry_schedule="none", tries=0)
        self.assertEqual(policy.tries, 0)

    def test_charge_hours_that_leave_no_time_are_refused(self):
        for start, end in ((8, 8), (20, 8), (-1, 8), (8, 25)):
            with self.subTest(start=start, end=end):
                self._assert_refused(
                    "charge hours of the policy “Mine”", charge_hour_from=start, charge_hour_to=end
                )

    def test_windows_and_waits_of_no_length_are_refused(self):
        wait = {"spread_evenly": False, "retry_ids": [Command.create({"delay_count": 0})]}
        step = {"step_ids": [Command.create({"name": "Hello", "delay_hours": -1})]}
        for model, values, sentence in (
            ("recovery.policy", {"window_days": 0}, "between 1 and 365 days"),
            ("recovery.policy", {"window_days": 366}, "between 1 and 365 days"),
            ("recovery.policy", {"grace_days": -1}, "grace period of a policy can't be negative"),
            ("recovery.policy.retry", wait, "must be at least one hour or day"),
            ("recovery.policy.step", step, "can't lie before its trigger"),
        ):
            with self.subTest(values=values), mute_logger("odoo.sql_db"):
                with self.assertRaises(IntegrityError) as caught:
                    self._create_policy(**values)
                self.assertIn(sentence, self.env[model]._sql_error_to_message(caught.exception))

    def test_write_off_without_an_account_is_refused(self):
        self._assert_refused(
            "Choose the account on which the policy “Mine”", end_action="write_off"
        )

    def test_write_off_account_of_another_company_is_refused(self):
        other = self._create_company(name="Other")
        account = self.env["account.account"].create(
            {
                "name": "Losses",
                "code": "699999",
                "account_type": "expense",
                "company_ids": [Command.set(other.ids)],
            }
        )
        with self.assertRaises(UserError):
            self._create_policy(
                company_id=self.env.company.id,
                end_action="write_off",
                write_off_account_id=account.id,
            )

    def test_ending_by_a_server_action_without_one_is_refused(self):
        self._assert_refused("Choose the server action that ends", end_action="server_action")

    def test_server_action_of_a_policy_cannot_be_deleted(self):
        action = self.env["ir.actions.server"].create(
            {
                "name": "End",
                "model_id": self.env["ir.model"]._get_id("recovery.case"),
                "state": "code",
                "code": "pass",
            }
        )
        self._create_policy(end_action="server_action", end_server_action_id=action.id)
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            action.unlink()

    def test_step_without_a_template_is_refused(self):
        self._assert_refused(
            "Choose what the step “Hello” sends or does",
            step_ids=[Command.create({"name": "Hello"})],
        )

    def test_step_with_a_template_for_something_else_is_refused(self):
        template = self.env["mail.template"].create(
            {"name": "Other", "model_id": self.env["ir.model"]._get_id("res.partner")}
        )
        self._assert_refused(
            "is about Recovery Case",
            step_ids=[Command.create({"name": "Hello", "mail_template_id": template.id})],
        )

    def test_copy_has_its_own_waits_and_steps(self):
        policy = self._create_policy(
            spread_evenly=False,
            retry_ids=[Command.create({"delay_count": 2}), Command.create({"delay_count": 3})],
            step_ids=[
                Command.create(
                    {
                        "name": "Hello",
                        "mail_template_id": self.env.ref(
                            "revenue_recovery.mail_template_payment_failed"
                        ).id,
                    }
                )
            ],
        )
        copy = policy.copy()
        self.assertEqual(copy.retry_ids.mapped("delay_count"), [2, 3])
        self.assertEqual(copy.step_ids.mapped("name"), ["Hello"])
        self.assertFalse(copy.retry_ids & policy.retry_ids)

    def test_waits_charge_in_the_order_in_which_they_are_dragged(self):
        policy = self._create_policy(
            spread_evenly=False,
            retry_ids=[
                Command.create({"delay_count": 3, "sequence": 2}),
                Command.create({"delay_count": 6, "delay_unit": "hours", "sequence": 1}),
            ],
        )
        self.assertEqual(policy._get_ladder().waits, (6, 72))

    def test_policy_can_be_set_up_in_its_form(self):
        form = Form(self.env["recovery.policy"])
        form.name = "Typed"
        form.tries = 4
        policy = form.save()
        self.assertEqual((policy._get_ladder().tries, policy._get_ladder().window), (4, 14))
