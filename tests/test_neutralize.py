from datetime import timedelta

import requests

from odoo import fields
from odoo.fields import Command
from odoo.modules.neutralize import get_neutralization_queries, neutralize_database
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import RecoveryCommon

JOBS = ("collect", "charge", "follow")


@tagged("post_install", "-at_install")
class TestNeutralize(RecoveryCommon):
    """A database with work of every kind that is due, copied, and its jobs switched on by hand."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        template = cls.env.ref("revenue_recovery.mail_template_payment_failed")
        cls.policy.step_ids = [
            Command.create(
                {
                    "name": "Failed",
                    "delay_hours": 0,
                    "mail_template_id": template.id,
                    "hour_from": 0,
                    "hour_to": 24,
                    "working_days": False,
                }
            )
        ]

    # === SCENE === #

    def _open_case(self, **values):
        """Return a case whose next charge and whose notice are due."""
        _invoice, case = self._fail_invoice(**values)
        case.notice_ids.sudo().write(
            {"state": "planned", "mail_message_id": False, "message_key": False}
        )
        self._make_due(case)
        return case

    def _create_due_invoice(self):
        """Return an invoice of a collecting customer for which no charge is planned yet."""
        self.customer.write(
            {"collect_automatically": True, "collect_token_id": self._create_card("done").id}
        )
        return self._create_invoice()

    def _lose_answer(self, state):
        """Return an attempt at a provider that is asked again for a charge whose answer is lost."""
        provider = self._prepare_stripe_provider()
        card = self._create_stripe_card(provider)
        self._create_invoice(token=card)
        with (
            self._patch_requests(side_effect=requests.ReadTimeout("Lost")),
            mute_logger("odoo.addons.revenue_recovery.models.charge"),
        ):
            self._run_cron("collect")
            self._run_cron("charge")
        attempt = self.env["recovery.attempt"].sudo().search([("token_id", "=", card.id)])
        self.assertEqual(attempt.state, "unknown")
        now = fields.Datetime.now()
        attempt.write({"state": state, "resolve_at": now, "started_at": now - timedelta(minutes=1)})
        return attempt

    def _raise_signal(self):
        """Return an invoice whose payment in the portal failed a moment ago."""
        invoice = self._create_invoice(collect_automatically=False)
        self._create_transaction(
            "direct",
            reference="failed in the portal",
            amount=100.0,
            currency_id=invoice.currency_id.id,
            partner_id=self.customer.id,
            invoice_ids=[Command.set(invoice.ids)],
        )._set_error("Declined")
        self.assertTrue(
            self.env["recovery.invoice.queue"].sudo().search([("move_id", "=", invoice.id)])
        )
        return invoice

    # === THE COPY === #

    def _neutralize(self):
        self.env.flush_all()
        for query in get_neutralization_queries(["revenue_recovery"]):
            self.cr.execute(query)
        self.env.invalidate_all()
        # Whoever tests in a copy allows this first; it must not let old work loose.
        self.env.company.recovery_charge_test_providers = True

    def _count_acts(self):
        """Return what tells that somebody was charged or written to."""
        self.env.invalidate_all()
        transactions = self.env["payment.transaction"].sudo().search([])
        return {
            "transactions": len(transactions),
            "open transactions": len(transactions.filtered(lambda tx: tx.state == "draft")),
            "payments": self.env["account.payment"].search_count([]),
            "mails": self.env["mail.mail"].sudo().search_count([]),
            "planned": self.env["recovery.attempt"].search_count([("state", "=", "planned")]),
        }

    def _run_jobs(self):
        """Return what the jobs do in two turns, and the calls of a provider."""
        before = self._count_acts()
        with self._patch_requests(side_effect=requests.ReadTimeout("Lost")) as request:
            for job in JOBS * 2:
                self._run_cron(job)
        after = self._count_acts()
        acts = {name: after[name] - before[name] for name in before if after[name] != before[name]}
        if request.called:
            acts["calls"] = request.call_count
        return acts

    def _assert_only_the_original_acts(self, *expected):
        """Check that the jobs of a copy do nothing, where those of the original would."""
        with self.subTest(database="copy"), self.env.cr.savepoint() as copy:
            self._neutralize()
            self.assertEqual(self._run_jobs(), {})
            copy.rollback()
        self.env.invalidate_all()
        with (
            self.subTest(database="original"),
            mute_logger("odoo.addons.revenue_recovery.models.charge"),
        ):
            acts = self._run_jobs()
            self.assertFalse(set(expected) - acts.keys(), msg=f"The scene is no use: {acts}")

    # === TESTS === #

    def test_planned_charge_and_notice_of_a_case_never_happen_in_a_copy(self):
        self._open_case()
        self._assert_only_the_original_acts("transactions", "mails")

    def test_due_invoice_is_not_collected_in_a_copy(self):
        self._create_due_invoice()
        self._assert_only_the_original_acts("transactions", "payments")

    def test_planned_first_charge_never_happens_in_a_copy(self):
        self._create_due_invoice()
        self._run_cron("collect")
        self._assert_only_the_original_acts("transactions", "payments")

    def test_charge_of_unknown_outcome_is_not_sent_again_from_a_copy(self):
        self._lose_answer("unknown")
        self._assert_only_the_original_acts("calls")

    def test_charge_that_ran_while_the_copy_was_made_is_not_sent_again_from_it(self):
        self._lose_answer("running")
        self._assert_only_the_original_acts("calls")

    def test_failed_payment_that_was_to_be_followed_opens_no_case_in_a_copy(self):
        self._raise_signal()
        self._assert_only_the_original_acts("mails")

    def test_pause_does_not_end_by_itself_in_a_copy(self):
        case = self._open_case()
        case.notice_ids.sudo().state = "sent"
        case.sudo()._pause(fields.Date.today() - timedelta(days=1), "Test")
        self._assert_only_the_original_acts("planned")

    def test_grace_period_does_not_end_in_a_copy(self):
        self.policy.end_action = "block"
        case = self._open_case()
        case.sudo()._cancel_planned("Test")
        case.sudo()._begin_grace("Test")
        case.sudo().grace_until = fields.Datetime.now() - timedelta(minutes=1)
        self._neutralize()
        self._run_jobs()
        self.assertEqual((case.state, case.move_id.payment_state), ("paused", "not_paid"))

    def test_suspended_case_does_not_go_on_in_a_copy(self):
        case = self._open_case()
        case.move_id.action_toggle_block_payment()
        self._run_cron("follow")
        self.assertEqual(case.state, "suspended")
        self._neutralize()
        self.assertEqual(case.state, "paused")

    def test_new_invoice_is_not_collected_in_a_copy_by_old_settings(self):
        self._create_due_invoice()
        for model in ("res.partner", "account.move"):
            self.env["ir.default"].set(model, "collect_automatically", True)
        self._neutralize()
        self.assertFalse(self.customer.collect_automatically)
        draft = self.env["account.move"].create(
            {"move_type": "out_invoice", "partner_id": self.customer.id}
        )
        self.assertFalse(draft.collect_automatically)

    def test_test_providers_are_not_charged_in_a_copy_unless_allowed_again(self):
        self.env.flush_all()
        for query in get_neutralization_queries(["revenue_recovery"]):
            self.cr.execute(query)
        self.env.invalidate_all()
        self._create_invoice(token=self._create_card("done"))
        acts = self._run_jobs()
        self.assertNotIn("transactions", acts)

    def test_copy_says_why_its_cases_stand_still(self):
        case = self._open_case()
        charge, notice = case.next_attempt_id, case.notice_ids
        self._neutralize()
        self.assertEqual((charge.state, notice.state), ("cancelled", "skipped"))
        for sentence in (charge.sentence, notice.sentence, case.end_reason):
            self.assertIn("this database is a copy", sentence)
        self.assertLessEqual(abs(charge.finished_at - fields.Datetime.now()), timedelta(minutes=10))

    def test_what_was_done_before_the_copy_stays_as_it_was(self):
        case = self._open_case()
        first = case.first_attempt_id
        paid = self._create_invoice(token=self._create_card("done"))
        self._collect()
        self._neutralize()
        self.assertEqual(first.state, "declined")
        self.assertEqual(paid.payment_state, paid._get_invoice_in_payment_state())
        self.assertEqual(paid.recovery_attempt_ids.state, "paid")

    @mute_logger("odoo.modules.neutralize")
    def test_whole_database_can_be_neutralized(self):
        self._open_case()
        self._create_due_invoice()
        self._lose_answer("unknown")
        self._raise_signal()
        self.env.flush_all()
        neutralize_database(self.cr)
        self.env.invalidate_all()
        self.env["ir.cron"].search([("active", "=", False)]).active = True
        self.assertEqual(self._run_jobs(), {})
