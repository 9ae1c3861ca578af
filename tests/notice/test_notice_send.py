# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from unittest.mock import patch

import psycopg2

from odoo import fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from ...models.notice.sender import Sender
from .notice_common import NoticeCommon

# A Monday, at 9 in the morning where the customer lives.
MONDAY = "2026-03-02 08:00:00"
SEND_LOGGER = "odoo.addons.revenue_recovery.tools.jobs"
STEP_LOGGER = "odoo.addons.revenue_recovery.models.notice.recovery_policy_step"
MESSAGE_LOGGER = "odoo.addons.revenue_recovery.models.notice.recovery_notice"


@tagged("post_install", "-at_install")
class TestCoordination(NoticeCommon):
    """One e-mail a day; none when it would be wrong, late or useless."""

    NOW = MONDAY

    def test_message_waits_for_the_morning_of_the_next_working_day(self):
        self._set_steps({"hour_from": 8, "hour_to": 18, "working_days": True})
        with self._at("2026-03-06 18:00:00") as clock:  # A Friday evening.
            _invoice, case = self._fail_invoice()
            notice = self._get_notice(case)
            self.assertEqual(str(notice.planned_at), "2026-03-09 07:00:00")
            self.assertIn("working day", notice.sentence)
            self._follow_at(clock, "2026-03-08 12:00:00")
            self.assertFalse(self._new_mails)
            self._follow_at(clock, "2026-03-09 07:01:00")
            self.assertEqual(notice.state, "sent")

    def test_customer_is_left_alone_before_a_charge_that_will_probably_succeed(self):
        with self._at(MONDAY) as clock:
            _invoice, case = self._fail_invoice()
            case.sudo().next_attempt_id.write(
                {"probability": 0.8, "planned_at": "2026-03-03 08:00:00"}
            )
            self._follow_at(clock, "2026-03-02 11:00:00")
            notice = self._get_notice(case)
            self.assertEqual((notice.state, notice.status), ("planned", "held"))
            self.assertIn("will probably succeed (80", notice.sentence)
            line = case.timeline_ids.filtered(lambda line: line.kind == "notice")
            self.assertEqual(line.state, "held")
            self.assertIn("will probably succeed", line.sentence)

    def test_threshold_of_a_likely_charge_is_the_policys(self):
        self.policy.notice_likely = 0.9
        with self._at(MONDAY) as clock:
            _invoice, case = self._fail_invoice()
            case.sudo().next_attempt_id.write(
                {"probability": 0.8, "planned_at": "2026-03-03 08:00:00"}
            )
            self._follow_at(clock, "2026-03-02 11:00:00")
            self.assertEqual(self._get_notice(case).state, "sent")

    def test_payment_of_a_minute_ago_is_seen_before_the_case_followed_it(self):
        with self._at(MONDAY) as clock:
            invoice, case = self._fail_invoice()
            clock.move_to("2026-03-02 11:00:00")
            self._register_payment(invoice, 100.0)
            # The signal is lost, and the notice due: the sender looks for itself.
            self.env["recovery.invoice.queue"].sudo().search([]).unlink()
            self._run_cron("follow")
            notice = self._get_notice(case)
            self.assertEqual(notice.state, "skipped")
            self.assertIn("aid", notice.sentence)
            self.assertFalse(self._new_mails)

    def test_payment_on_its_way_holds_the_notice(self):
        with self._at(MONDAY) as clock:
            invoice, case = self._fail_invoice()
            clock.move_to("2026-03-02 10:30:00")
            self._create_portal_transaction(invoice)._set_pending()
            self._follow_at(clock, "2026-03-02 11:00:00")
            notice = self._get_notice(case)
            self.assertEqual(notice.status, "held")
            self.assertIn("under way", notice.sentence)

    def test_paused_case_holds_its_notices_and_sends_them_afterwards(self):
        with self._at(MONDAY) as clock:
            _invoice, case = self._fail_invoice()
            case.sudo()._pause(fields.Date.to_date("2026-03-04"), "Test")
            self._follow_at(clock, "2026-03-02 11:00:00")
            notice = self._get_notice(case)
            self.assertEqual(notice.status, "held")
            self.assertIn("paused until", notice.sentence)
            self._follow_at(clock, "2026-03-04 08:00:00")
            self._follow_at(clock, "2026-03-04 09:00:00")
            self.assertEqual(notice.state, "sent")

    def test_latest_step_takes_the_place_of_earlier_ones_that_are_due_too(self):
        self._set_steps({"name": "First"}, {"name": "Second", "delay_days": 1})
        with self._at(MONDAY) as clock:
            _invoice, case = self._fail_invoice()
            self._get_notice(case, "First").write({"state": "planned", "message_key": False})
            self._follow_at(clock, "2026-03-04 09:00:00")
            self.assertEqual(self._get_notice(case, "First").state, "skipped")
            self.assertIn("later step", self._get_notice(case, "First").sentence)
            self.assertEqual(self._get_notice(case, "Second").state, "sent")

    def test_message_names_the_customers_other_failing_invoices(self):
        with self._at(MONDAY) as clock:
            first, _case = self._fail_invoice()
            self._follow_at(clock, "2026-03-02 11:00:00")
            self.policy.step_ids = [self._prepare_step(name="Later", delay_days=2)]
            second, _other = self._fail_invoice()
            self._follow_at(clock, "2026-03-04 12:00:00")
            mail = self._new_mails.sorted("id")[-1:]
            self.assertIn(first.name, mail.body_html)
            self.assertIn(second.name, mail.body_html)

    def test_technical_trouble_is_silent(self):
        with self._at(MONDAY) as clock:
            _invoice, case = self._fail_invoice()
            case.first_attempt_id.sudo().decline_class = "technical"
            case.sudo().notice_ids.unlink()
            case.sudo().notices_outdated = True
            self._follow_at(clock, "2026-03-02 11:00:00")
            self.assertFalse(case.notice_ids)
            self.assertFalse(self._new_mails)

    def test_second_message_of_a_day_is_refused_by_the_database(self):
        with self._at(MONDAY) as clock:
            _invoice, case = self._fail_invoice()
            self._follow_at(clock, "2026-03-02 11:00:00")
            _invoice, other = self._fail_invoice()
            self._follow_at(clock, "2026-03-02 13:30:00")
            self.assertEqual(self._get_notice(other).status, "held")
            with (
                self.assertRaisesRegex(Exception, "message_key"),
                mute_logger("odoo.sql_db"),
                self.env.cr.savepoint(),
            ):
                self._get_notice(other).message_key = self._get_notice(case).message_key
                self.env.flush_all()

    def test_failing_customer_is_told_and_the_others_still_get_theirs(self):
        neighbour = self.env["res.partner"].create({"name": "N", "email": "n@example.com"})
        with self._at(MONDAY) as clock:
            _invoice, case = self._fail_invoice()
            card = self._create_card(partner_id=neighbour.id)
            _invoice, other = self._fail_invoice(token=card, partner_id=neighbour.id)
            cases = type(self.env["recovery.case"])
            get_facts = cases._get_notice_facts

            def fail(records):
                if case.id in records.ids:
                    raise ValueError("Broken facts")
                return get_facts(records)

            case.sudo().notices_outdated = False
            with (
                patch.object(cases, "_get_notice_facts", fail),
                mute_logger(SEND_LOGGER),
            ):
                self._follow_at(clock, "2026-03-02 11:00:00")
            self.assertEqual(self._get_notice(case).state, "failed")
            self.assertIn("Broken facts", case.attention)
            self.assertEqual(self._get_notice(other).state, "sent")
            self.assertIn(neighbour, self._new_mails.recipient_ids)
            self.assertNotIn(self.customer, self._new_mails.recipient_ids)

    def test_case_whose_notices_cannot_be_planned_is_told_and_the_others_are_planned(self):
        with self._at(MONDAY) as clock:
            _invoice, case = self._fail_invoice()
            _invoice, other = self._fail_invoice()
            (case + other).notice_ids.sudo().unlink()
            (case + other).sudo().notices_outdated = True
            cases = type(self.env["recovery.case"])
            get_facts = cases._get_notice_facts

            def fail(records):
                if case.id in records.ids:
                    raise ValueError("Broken facts")
                return get_facts(records)

            with (
                patch.object(cases, "_get_notice_facts", fail),
                mute_logger(SEND_LOGGER),
            ):
                self._follow_at(clock, "2026-03-02 08:30:00")
            self.assertIn("Broken facts", case.attention)
            self.assertFalse(case.notices_outdated)
            self.assertEqual(len(other.notice_ids), 1)

    def test_customer_served_by_another_worker_is_left_to_it(self):
        with self._at(MONDAY) as clock:
            _invoice, case = self._fail_invoice()
            clock.move_to("2026-03-02 11:00:00")
            customer = (self.env.company.id, self.customer.id)
            sender = Sender(self.env["recovery.notice"].sudo())
            self.assertEqual(sender._find_waiting([]), [customer])
            self.assertFalse(sender._find_waiting([customer]))
            with patch.object(Sender, "claim", return_value=[]):
                self._run_cron("follow")
            self.assertEqual(self._get_notice(case).state, "planned")
            self._run_cron("follow")
            self.assertEqual(self._get_notice(case).state, "sent")

    def test_reopened_case_has_notices_of_its_new_life(self):
        with self._at(MONDAY) as clock:
            invoice, case = self._fail_invoice()
            self._follow_at(clock, "2026-03-02 11:00:00")
            payment = self._register_payment(invoice, 100.0)
            self._run_cron("follow")
            self.assertEqual(case.state, "recovered")
            clock.move_to("2026-03-10 08:00:00")
            payment.action_draft()
            payment.action_cancel()
            self._run_cron("follow")
            self.assertEqual((case.state, case.life), ("in_recovery", 2))
            self.assertEqual(len(self._get_notice(case)), 1, msg="Nothing failed since.")
            self._charge_next(case)
            self._follow_at(clock, "2026-03-10 12:00:00")
            notices = self._get_notice(case)
            self.assertEqual(sorted(notices.mapped("life")), [1, 2])


@tagged("post_install", "-at_install")
class TestBadInput(NoticeCommon):
    """What is wrong is said in a sentence, and harms nobody else."""

    NOW = MONDAY

    def test_language_that_is_not_installed_is_replaced_by_the_companys(self):
        self.env.cr.execute(
            "UPDATE res_partner SET lang = 'xx_XX' WHERE id = %s", [self.customer.id]
        )
        self.env.invalidate_all()
        with self._at(MONDAY) as clock:
            _invoice, case = self._fail_invoice()
            self._follow_at(clock, "2026-03-02 11:00:00")
            notice = self._get_notice(case)
            self.assertEqual((notice.state, notice.lang), ("sent", "en_US"))

    def test_template_that_is_used_by_a_step_cannot_be_deleted(self):
        with (
            self.assertRaises(psycopg2.IntegrityError),
            mute_logger("odoo.sql_db"),
            self.env.cr.savepoint(),
        ):
            self.template.unlink()

    def test_text_by_reason_whose_template_was_deleted_falls_back_to_the_steps(self):
        step = self._set_steps({"by_class": True})
        with self._at(MONDAY):
            _invoice, case = self._fail_invoice()
        self.env["ir.model.data"].sudo().search(
            [("module", "=", "revenue_recovery"), ("name", "=", "mail_template_update_card")]
        ).unlink()
        case.sudo().decline_class = "fix_data"
        self.assertEqual(step._get_template(case), self.template)

    def test_deleted_step_takes_its_planned_notices_along(self):
        with self._at(MONDAY) as clock:
            _invoice, case = self._fail_invoice()
            self.policy.step_ids.unlink()
            self._follow_at(clock, "2026-03-02 11:00:00")
            notice = self._get_notice(case)
            self.assertEqual((notice.state, notice.name), ("skipped", "Payment failed"))
            self.assertFalse(self._new_mails)

    def test_archived_step_takes_its_planned_notices_along(self):
        with self._at(MONDAY) as clock:
            _invoice, case = self._fail_invoice()
            self.policy.step_ids.active = False
            self._follow_at(clock, "2026-03-02 11:00:00")
            self.assertEqual(self._get_notice(case).state, "skipped")

    def test_edited_step_moves_its_planned_notices(self):
        with self._at(MONDAY) as clock:
            _invoice, case = self._fail_invoice()
            self.policy.step_ids.delay_hours = 30
            self._follow_at(clock, "2026-03-02 11:00:00")
            notice = self._get_notice(case)
            self.assertEqual(
                (notice.state, str(notice.planned_at)[:13]), ("planned", "2026-03-03 14")
            )

    def test_new_step_is_not_for_what_has_long_been_over(self):
        with self._at(MONDAY) as clock:
            invoice, case = self._fail_invoice()
            self._register_payment(invoice, 100.0)
            self._follow_at(clock, "2026-03-02 09:00:00")
            clock.move_to("2026-04-02 09:00:00")
            self.policy.step_ids = [self._prepare_step(name="Thanks", trigger="recovered")]
            case.sudo().notices_outdated = True
            self._run_cron("follow")
            self.assertFalse(self._get_notice(case, "Thanks"))

    def test_conditions_that_went_wrong_leave_the_step_out_and_say_so(self):
        with self._at(MONDAY) as clock:
            step = self.policy.step_ids
            self.env.cr.execute(
                "UPDATE recovery_policy_step SET domain = %s WHERE id = %s",
                ["[('nonsense', '=', 1)]", step.id],
            )
            step.invalidate_recordset()
            with mute_logger(STEP_LOGGER):
                _invoice, case = self._fail_invoice()
                self._follow_at(clock, "2026-03-02 11:00:00")
            self.assertFalse(self._new_mails)
            self.assertIn("nonsense", step.domain_error)
            step.domain = "[]"
            self.assertFalse(step.domain_error)

    def test_archived_contact_is_replaced_by_another_one_for_invoices(self):
        other = self._create_contact()
        with self._at(MONDAY) as clock:
            _invoice, case = self._fail_invoice()
            self.customer.active = False
            self._follow_at(clock, "2026-03-02 11:00:00")
            self.assertEqual(self._get_notice(case).recipient_id, other)

    def test_merged_customer_gets_his_notices_once(self):
        double = self.env["res.partner"].create({"name": "Double", "email": "double@example.com"})
        card = self._create_card(partner_id=double.id)
        with self._at(MONDAY) as clock:
            _invoice, case = self._fail_invoice()
            _invoice, other = self._fail_invoice(token=card, partner_id=double.id)
            self.env["base.partner.merge.automatic.wizard"].create({})._merge(
                (self.customer + double).ids, self.customer
            )
            self.env.invalidate_all()
            self._follow_at(clock, "2026-03-02 11:00:00")
            self.assertEqual((case + other).notice_ids.mapped("state"), ["sent", "sent"])
            self.assertEqual(len(self._new_mails), 1)

    def test_case_without_a_responsible_asks_the_administrator(self):
        with self._at(MONDAY):
            _invoice, case = self._fail_invoice()
            case.sudo().write({"user_id": False})
            case.move_id.invoice_user_id = False
            user = self._get_notice(case)._get_responsible()
        self.assertTrue(user.active and not user.share)

    def _create_contact(self, **values):
        return self.env["res.partner"].create(
            {
                "name": "Bookkeeping",
                "email": "books@example.com",
                "type": "invoice",
                "parent_id": self.customer.id,
                **values,
            }
        )

    def test_customer_without_an_address_has_his_contact_for_invoices_written_to(self):
        contact = self._create_contact()
        self.customer.email = False
        with self._at(MONDAY) as clock:
            _invoice, case = self._fail_invoice()
            self._follow_at(clock, "2026-03-02 11:00:00")
            self.assertEqual(self._get_notice(case).recipient_id, contact)

    def test_own_conditions_of_an_invoice_keep_a_step_from_it(self):
        self._set_steps({"domain": "[('amount_total', '>', 500)]"})
        with self._at(MONDAY):
            _invoice, case = self._fail_invoice()
            _invoice, large = self._fail_invoice(amount=600.0)
            self.assertFalse(case.notice_ids)
            self.assertTrue(large.notice_ids)

    def test_answer_lands_in_the_chatter_of_the_case(self):
        with self._at(MONDAY) as clock:
            _invoice, case = self._fail_invoice()
            self._follow_at(clock, "2026-03-02 11:00:00")
            message = self._get_notice(case).mail_message_id
            self.assertEqual((message.model, message.res_id), ("recovery.case", case.id))
            self.assertIn(message, case.message_ids)
