# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from contextlib import contextmanager
from unittest.mock import patch

from odoo.tests import tagged

from .notice_common import NoticeCommon

MONDAY = "2026-03-02 08:00:00"


@tagged("post_install", "-at_install")
class TestOnce(NoticeCommon):
    """What is known is not asked again."""

    NOW = MONDAY

    @contextmanager
    def _count(self, method):
        """Give the ids of the cases for which a method is called, one for each call."""
        cases = type(self.env["recovery.case"])
        origin = getattr(cases, method)
        asked = []

        def count(records):
            asked.extend(records.ids)
            return origin(records)

        with patch.object(cases, method, count):
            yield asked

    def test_text_looks_once_for_the_cases_that_it_names(self):
        with self._at(MONDAY) as clock:
            _invoice, case = self._fail_invoice()
            _invoice, other = self._fail_invoice()
            with self._count("_get_cases_of_notice") as asked:
                self._follow_at(clock, "2026-03-02 11:00:00")
            mail = self._new_mails
            self.assertEqual(len(mail), 1)
            self.assertIn("+1", mail.subject)
            self.assertEqual(len(asked), 1)
            self.assertIn(asked[0], (case + other).ids)

    def test_letter_looks_once_for_the_cases_of_its_customer(self):
        report = self.env.ref("revenue_recovery.action_report_recovery_letter")
        self._set_steps(
            {
                "mail_template_id": False,
                "action_type": "letter",
                "report_id": report.id,
                "delay_hours": 2,
            }
        )
        with self._at(MONDAY) as clock:
            _invoice, case = self._fail_invoice()
            with self._count("_get_cases_of_notice") as asked:
                self._follow_at(clock, "2026-03-02 11:00:00")
            self.assertEqual(self._get_notice(case).state, "sent")
            self.assertEqual(asked, case.ids)

    def test_customer_who_is_written_to_is_planned_for_once_in_a_run(self):
        with self._at(MONDAY) as clock:
            _invoice, case = self._fail_invoice()
            clock.move_to("2026-03-02 11:00:00")
            case.sudo().notices_outdated = True
            with self._count("_get_notice_facts") as asked:
                self._run_cron("follow")
            self.assertEqual(self._get_notice(case).state, "sent")
            self.assertEqual(asked, case.ids)
            self.assertFalse(case.notices_outdated)

    def test_closed_case_of_a_customer_who_is_written_to_has_its_thanks_planned(self):
        self._set_steps({"delay_hours": 2}, {"name": "Thanks", "trigger": "recovered"})
        with self._at(MONDAY) as clock:
            paid, closed = self._fail_invoice()
            _invoice, case = self._fail_invoice()
            clock.move_to("2026-03-02 11:00:00")
            self._register_payment(paid, 100.0)
            self._run_cron("follow")
            self.assertEqual(self._get_notice(case, "Payment failed").state, "sent")
            self.assertEqual(len(self._get_notice(closed, "Thanks")), 1)
            self.assertFalse(closed.notices_outdated)

    def test_outdated_case_of_a_customer_with_nothing_due_is_planned_too(self):
        with self._at(MONDAY) as clock:
            _invoice, case = self._fail_invoice()
            notice = self._get_notice(case)
            clock.move_to("2026-03-02 11:00:00")
            case.sudo().notices_outdated = True
            notice.held_until = "2026-03-02 12:00:00"
            with self._count("_get_notice_facts") as asked:
                self._run_cron("follow")
            self.assertEqual(asked, case.ids)
