# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
import json
import random
from contextlib import nullcontext
from datetime import datetime, timedelta, timezone
from unittest.mock import patch

from odoo import api
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from ...timing.model import bins
from ...timing.model.patterns import PATTERNS
from ...timing.plan.smart import Case, Failure, FinishedAttempt, Model
from ..common import RecoveryCommon

TABLES = ("hour", "weekday", "payday", "attempt", "gap", "reason")


class TimingScreenCommon(RecoveryCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = cls._create_user("manager", "account.group_account_manager")
        cls.accountant = cls._create_user("accountant", "account.group_account_invoice")

    @classmethod
    def _create_user(cls, login, group, company=None):
        company = company or cls.env.company
        return new_test_user(
            cls.env, login, group, company_id=company.id, company_ids=[Command.set(company.ids)]
        )

    def _teach(self, company=None, cases=90):
        """Let the company know some cases, with retries that pay a third of the time."""
        rng = random.Random(4)
        model = Model()
        for number in range(cases):
            at = datetime(2026, 5, 1, 9, tzinfo=timezone.utc) + timedelta(hours=13 * number)
            failures = [Failure(at, "insufficient_funds", "later")]
            for _retry in range(3):
                at += timedelta(days=rng.randrange(1, 5), hours=rng.randrange(8))
                is_paid = rng.random() < 0.33
                failure = Failure(at, "insufficient_funds", "later")
                case = Case(failures=tuple(failures), tz="Europe/Paris")
                model.learn(
                    FinishedAttempt(
                        f"case {number}", case, at, is_paid, None if is_paid else failure, 0.3
                    )
                )
                if is_paid:
                    break
                failures.append(failure)
        model.refresh(force=True)
        timings_sudo = self.env["recovery.timing"].sudo()
        row_sudo = timings_sudo._get_row(company or self.env.company)
        row_sudo.write(timings_sudo._prepare_model_vals(model))
        return model


@tagged("post_install", "-at_install")
class TestTimingScreenData(TimingScreenCommon):
    def _read(self, user, *args):
        return self.env["recovery.timing"].with_user(user).get_screen_data(*args)

    def test_screen_without_anything_learned_is_empty(self):
        data = self._read(self.accountant)
        self.assertEqual((data["attempts"], data["cases"]), (0, 0))
        self.assertFalse(data["learned_at"])

    def test_screen_says_what_it_rests_on(self):
        model = self._teach()
        data = self._read(self.accountant)
        self.assertEqual(data["attempts"], model.attempts)
        self.assertEqual(data["cases"], 90)
        self.assertEqual(data["company"]["id"], self.env.company.id)
        self.assertEqual(set(data["tables"]), set(TABLES))
        for name in TABLES:
            for row in data["tables"][name]:
                with self.subTest(table=name, row=row["name"]):
                    if row["seen"] is not None and row["low"] is not None:
                        self.assertLessEqual(row["low"], row["seen"])
                        self.assertGreaterEqual(row["high"], row["seen"])
        self.assertEqual(sum(part["count"] for part in data["calibration"]["bins"]), model.attempts)

    def test_reasons_have_their_names(self):
        self._teach()
        reason = self.env["recovery.decline.reason"]._find("insufficient_funds")
        names = [row["name"] for row in self._read(self.accountant)["tables"]["reason"]]
        self.assertIn(reason.name, names)

    def test_companies_do_not_see_what_others_learned(self):
        other = self._create_company(name="Other")
        stranger = self._create_user("stranger", "account.group_account_manager", other)
        self._teach()
        self.assertEqual(self._read(stranger)["attempts"], 0)
        with self.assertRaises(AccessError):
            self._read(stranger, self.env.company.id)

    def test_only_who_works_on_recovery_sees_the_screen(self):
        portal = new_test_user(self.env, "timing portal", "base.group_portal")
        clerk = self._create_user("timing clerk", "base.group_user")
        for user in (portal, clerk, self.env.ref("base.public_user")):
            with self.subTest(user=user.name), self.assertRaises(AccessError):
                self._read(user)

    def test_only_managers_rebuild_and_reset(self):
        self._teach()
        for method in ("action_rebuild", "action_reset"):
            with self.subTest(method=method), self.assertRaises(AccessError):
                getattr(self.env["recovery.timing"].with_user(self.accountant), method)()
        self.env["recovery.timing"].with_user(self.manager).action_reset()
        self.assertEqual(self._read(self.accountant)["attempts"], 0)


@tagged("post_install", "-at_install")
class TestTimingScreenTour(TimingScreenCommon, HttpCase):
    def _enter_job_mode(self):
        return nullcontext()

    def test_manager_reads_what_was_learned_and_may_reset_it(self):
        self._teach()
        self.start_tour("/odoo/recovery-today", "recovery_timing_screen", login="manager")

    def test_accountant_finds_an_empty_screen_before_anything_is_learned(self):
        self.start_tour("/odoo/recovery-timing", "recovery_timing_empty", login="accountant")

    def test_failure_to_load_is_told_and_can_be_tried_again(self):
        self._teach()
        timing_class = self.registry["recovery.timing"]
        original = timing_class.get_screen_data
        calls = []

        @api.model
        def fail_once(timings, *args):
            calls.append(args)
            if len(calls) == 1:
                raise UserError(timings.env._("The moon is full."))
            return original(timings, *args)

        with (
            patch.object(timing_class, "get_screen_data", fail_once),
            mute_logger("odoo.http"),
        ):
            self.start_tour("/odoo/recovery-timing", "recovery_timing_error", login="accountant")
        self.assertEqual(len(calls), 2)

    def test_company_is_chosen_on_the_screen_where_several_are_switched_on(self):
        other = self._create_company(name="Nothing Learned Here")
        self.manager.company_ids += other
        self._teach()
        companies = f"{self.env.company.id}-{other.id}"
        self.start_tour(
            "/odoo/recovery-timing",
            "recovery_timing_company",
            login="manager",
            cookies={"cids": companies},
        )

    def test_sentences_over_the_charts_claim_no_more_than_is_known(self):
        self._teach()
        self.start_tour("/odoo/recovery-timing", "recovery_timing_sentences", login="accountant")

    def test_accountant_asks_what_would_be_done_for_an_invoice(self):
        self.policy.retry_schedule = "smart"
        invoice = self._create_invoice(token=self._create_card())
        self.start_tour(
            f"/odoo/customer-invoices/{invoice.id}", "recovery_forecast", login="accountant"
        )

    def test_accountant_reads_probabilities_and_asks_how_a_case_goes_on(self):
        self.policy.write({"retry_schedule": "smart", "control_share": 0})
        self._fail_invoice()
        self.start_tour("/odoo/recovery-cases", "recovery_probability", login="accountant")


@tagged("post_install", "-at_install")
class TestTimingLabels(TimingScreenCommon, HttpCase):
    def _enter_job_mode(self):
        return nullcontext()

    def test_each_key_that_the_engine_knows_has_words(self):
        keys = {
            "habit": [pattern.id for pattern in PATTERNS],
            "payday": list(bins.AGES),
            "gap": list(bins.GAPS),
            "hour": list(bins.HOURS),
        }
        self._teach()
        code = """
            const { habitLabel, rowLabel } = odoo.loader.modules.get(
                "@revenue_recovery/timing_screen/timing_labels"
            );
            const wrong = [];
            for (const [table, names] of Object.entries(%s)) {
                for (const name of names) {
                    const isHabit = table === "habit";
                    const label = String(isHabit ? habitLabel(name) : rowLabel(table, name));
                    const isRaw = label === name && /[a-z_:]/.test(name.replace(/[dh]/g, ""));
                    if (isRaw || !label || /NaN|undefined|Invalid/.test(label)) {
                        wrong.push(`${name}: ${label}`);
                    }
                }
            }
            console.log(wrong.length ? `wrong: ${wrong.join("; ")}` : "test successful");
            if (wrong.length) { console.error(wrong.join("; ")); }
        """
        self.browser_js(
            "/odoo/recovery-timing",
            code % json.dumps(keys),
            ready="!!document.querySelector('.o_recovery_timing canvas')",
            login="accountant",
        )
