# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from unittest.mock import patch

from lxml import html

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged

from ...models.figures import recovery_policy_trial
from ...trial import play
from ...trial.player import Player
from ..snapshot import find_changed, read_tables
from .test_audit import AuditCommon

# What the trial itself writes, and what notes the runs of jobs.
JOBS = ("recovery_policy_trial", "ir_cron", "ir_cron_trigger", "ir_cron_progress")


class TrialCommon(AuditCommon):
    """A company whose payments failed, and two policies."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls._create_policy(name="Short", tries=2, window_days=5, sequence=50)
        cls.policy.write({"tries": 8, "window_days": 14})

    def _try(self, **values):
        trial = self.env["recovery.policy.trial"].create({"policy_id": self.policy.id, **values})
        trial.action_try()
        self._run_cron("trial")
        return trial


@tagged("post_install", "-at_install")
class TestPolicyTrial(TrialCommon):
    """A policy is played over the cases of a period, and nothing but the result is written."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls()._create_past()

    def test_policies_are_played_beside_each_other_and_nothing_else_is_written(self):
        before = read_tables(self.env, JOBS)
        trial = self._try()
        self.assertEqual((trial.state, trial.error), ("done", False))
        self.assertEqual(find_changed(before, read_tables(self.env, JOBS)), set())
        self.assertEqual(trial.beside_id, self.other)
        result = trial.result
        self.assertEqual((result["count"], result["played"], result["retries"]), (40, 40, 40))
        long, short = result["sides"]
        self.assertGreater(long["share"][1], short["share"][1])
        self.assertTrue(0 < long["share"][0] < long["share"][1] < long["share"][2] < 1)
        self.assertGreater(long["tries"][1], short["tries"][1])
        self.assertTrue(0 < long["known"] < 1)
        back = [one[1] for one in long["curve"]]
        self.assertEqual(back, sorted(back))
        self.assertAlmostEqual(trial.share, back[-1])
        text = " ".join(html.fromstring(trial.page).text_content().split())
        self.assertIn("40 cases that began from", text)
        self.assertIn("held against: 40.", text)

    def test_processes_play_beside_the_job_and_tell_the_same(self):
        alone = self._try().result
        with patch.object(play, "_FEWEST", 1), patch.object(Player, "work", None):
            self.assertEqual(self._try().result, alone)

    def test_job_that_has_to_play_alone_ends_before_odoo_ends_it(self):
        with patch.object(recovery_policy_trial, "_MOST_PROCESSOR_SECONDS", 0.0):
            self.assertEqual(self._try().result["played"], 1)

    def test_simulated_customers_know_no_answers(self):
        trial = self._try(source="customers", customer_count=50)
        self.assertEqual((trial.result["count"], trial.result["sides"][0]["known"]), (50, 0.0))
        self.assertIn("50 simulated customers", trial.page)

    def test_cases_that_the_policy_is_not_for_are_left_out(self):
        self.policy.domain = "[('amount_total', '>', 80)]"
        self.assertEqual(self._try().result["count"], 9)

    def test_period_without_cases_says_so(self):
        trial = self._try(date_from="2020-01-01", date_to="2020-02-01")
        self.assertEqual(trial.state, "failed")
        self.assertIn("No payment failed in this period", trial.error)

    def test_bad_questions_are_refused(self):
        trials = self.env["recovery.policy.trial"]
        for values, sentence in (
            ({"date_from": "2026-05-01", "date_to": "2026-04-01"}, "must end after it begins"),
            ({"date_from": "2020-05-01", "date_to": "2026-04-01"}, "at most 800 days"),
            ({"source": "customers", "customer_count": 0}, "Choose 1 to 5000"),
        ):
            with self.assertRaisesRegex(ValidationError, sentence), self.env.cr.savepoint():
                trials.create({"policy_id": self.policy.id, **values})

    def test_trial_is_cancelled_while_it_is_played_and_tells_how_far_it_was(self):
        trial = self.env["recovery.policy.trial"].create({"policy_id": self.policy.id})
        trial.action_try()
        told = []

        def cancel(record, percent, start=False):
            told.append(percent)
            if len(told) == 3:
                record.action_cancel()
            return tell(record, percent, start)

        tell = type(trial)._note_progress
        with (
            patch.object(type(trial), "_note_progress", cancel),
            patch.object(recovery_policy_trial, "_TELL_SECONDS", 0.0),
        ):
            self._run_cron("trial")
        self.assertEqual((trial.state, trial.result, len(told)), ("cancelled", False, 3))
        self.assertTrue(0 < told[1] < told[2] < 100)

    def test_what_is_not_played_in_time_is_left_out_and_said(self):
        with patch.object(recovery_policy_trial, "MOST_SECONDS", 0.0):
            trial = self._try()
        self.assertEqual((trial.result["played"], trial.result["count"]), (1, 40))
        self.assertIn("1 of them, drawn by chance", trial.page)

    def test_trial_stays_as_it_was_made(self):
        trial = self._try()
        with self.assertRaisesRegex(UserError, "stays as it is"):
            trial.with_user(self.manager).date_from = "2026-01-01"
        trial.with_user(self.manager).note = "Longer is better"
        trial.with_user(self.manager).write({"share": 1.0})
        self.assertLess(trial.share, 1.0)

    def test_managers_only(self):
        trial = self.env["recovery.policy.trial"].create({"policy_id": self.policy.id})
        for user in (self.accountant, self.stranger):
            with self.assertRaises(AccessError):
                trial.with_user(user).action_try()
            with self.assertRaises(AccessError):
                trial.with_user(user).read(["result"])
        with self.assertRaises(AccessError):
            self.policy.with_user(self.accountant).action_try()

    def test_whole_way_through_the_form(self):
        policy = self.policy.with_user(self.manager)
        action = policy.action_try()
        trials = self.env["recovery.policy.trial"].with_user(self.manager)
        with Form(trials.with_context(**action["context"])) as form:
            self.assertEqual(form.beside_id, self.other)
            form.note = "Longer?"
        trial = form.record
        trial.action_try()
        self.assertEqual(trial.state, "waiting")
        with self.assertRaisesRegex(UserError, "already"):
            trial.action_try()
        self._run_cron("trial")
        self.assertEqual(trial.state, "done")
        self.assertEqual(policy.trial_count, 1)
        self.assertIn(trial, trials.search(policy.action_view_trials()["domain"]))


@tagged("post_install", "-at_install")
class TestPolicyTrialOfCases(TrialCommon):
    """What recovery has done already is played, too."""

    def test_cases_of_recovery_are_played_with_their_messages(self):
        _invoice, case = self._fail_invoice()
        self.freeze_time.move_to("2026-11-23 12:00:00")
        self._charge_next(case)
        self.freeze_time.move_to("2026-12-20 12:00:00")
        trial = self._try(beside_id=False)
        result = trial.result
        self.assertEqual((result["count"], result["retries"], result["why"]), (1, 1, "few"))
        self.assertEqual(trial.verdict, "unknown")
        self.assertEqual(trial.messages, round(result["sides"][0]["messages"][1]))
        text = html.fromstring(trial.page).text_content()
        self.assertIn("Can't tell: too few cases", text)
