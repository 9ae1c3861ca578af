# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
import csv
import io
import json
from contextlib import nullcontext
from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from ...models.schedule.learner import Learner
from ...timing.plan.smart import Model
from ..charge.test_decline import NOW
from .test_smart import SmartCommon

JOBS = "odoo.addons.revenue_recovery.tools.jobs"
LEARN = "odoo.addons.revenue_recovery.models.schedule.learner"


class LearningCommon(SmartCommon):
    """Finished charges to learn from."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.timing = cls.env["recovery.timing"].sudo()

    def _learn(self):
        """Run the job ten minutes later: what has just finished may not be committed yet."""
        with freeze_time(fields.Datetime.now() + timedelta(minutes=10)):
            self._run_cron("learn")
        return self.timing._get_row(self.env.company)

    def _get_reservoir(self, row):
        return json.loads(row.model_json)["reservoir"]

    def _get_sequence(self, row):
        (sequence,) = row._read_model().reservoir.cases.values()
        return sequence

    def _create_history(self, turns=3):
        """Let a case fail some times and pay in the end; return it."""
        with freeze_time(NOW) as clock:
            case = self._decline_first_charge()
            for _turn in range(turns):
                self._decline_next(case, clock)
        return case

    def _copy_finished(self, case, company=None, **values):
        """Add a finished charge to a case without going through a provider."""
        at = values.pop("at", fields.Datetime.now())
        values = {
            "source": "user",
            "planned_at": at,
            "started_at": at,
            "finished_at": at,
            "due_date": case.due_date,
            "case_id": case.id,
            "state": "declined",
            "decline_class": "later",
            **values,
        }
        return (
            self.env["recovery.attempt"].sudo().create(case.move_id._prepare_attempt_vals(**values))
        )


@tagged("post_install", "-at_install")
class TestLearning(LearningCommon):
    """Every finished charge of a case teaches; the one that opened it is where it begins."""

    def test_finished_charges_are_learned_once(self):
        self._create_history(turns=2)
        with freeze_time("2026-12-20 03:00:00"):
            row = self._learn()
            self.assertEqual((row.attempt_count, row.case_count), (2, 1))
            self.assertTrue(row.learned_at and row.version)
            before = row.model_json
            row = self._learn()
        self.assertEqual((row.attempt_count, row.model_json), (2, before))

    def test_what_is_not_finished_teaches_nothing(self):
        case = self._create_history(turns=1)
        with freeze_time("2026-12-20 03:00:00"):
            self._get_planned(case).sudo()._set_state("cancelled")
            for state in ("refused", "cancelled", "pending"):
                self._copy_finished(case, state=state)
            self.assertEqual(self._learn().attempt_count, 1)

    def test_control_and_fixed_cases_teach_as_well(self):
        for values in ({"control_share": 1.0}, {"retry_schedule": "fixed"}):
            self.policy.write(values)
            self._create_history(turns=1)
        with freeze_time("2026-12-20 03:00:00"):
            self.assertEqual(self._learn().attempt_count, 2)

    def test_control_group_is_held_against_what_the_odds_would_have_promised(self):
        self.policy.control_share = 1.0
        with freeze_time(NOW) as clock:
            case = self._decline_first_charge()
            for _turn in range(2):
                self._decline_next(case, clock)
                row = self._learn()
        for charge in self._get_sequence(row).observations[1:]:
            self.assertEqual(charge.predicted, -1)
            self.assertGreater(charge.believed, 0)
        row.action_rebuild()
        with freeze_time("2026-12-20 03:00:00"):
            row = self._learn()
        for charge in self._get_sequence(row).observations[1:]:
            self.assertEqual(charge.believed, -1, "What was believed then is not known any more.")

    def test_promise_is_remembered_with_the_outcome(self):
        case = self._create_history(turns=1)
        with freeze_time("2026-12-20 03:00:00"):
            row = self._learn()
        attempt = case.attempt_ids.filtered("probability").sorted("id")[0]
        (sequence,) = row._read_model().reservoir.cases.values()
        self.assertEqual(
            [one.predicted for one in sequence.observations],
            [-1, round(1000 * attempt.probability)],
        )
        self.assertEqual(sequence.observations[0].reason, "insufficient_funds")

    def test_learning_bit_by_bit_is_learning_everything_again(self):
        with freeze_time(NOW) as clock:
            case = self._decline_first_charge()
            for _turn in range(3):
                self._decline_next(case, clock)
                row = self._learn()
        bit_by_bit = self._get_reservoir(row)
        self.assertEqual(row.attempt_count, 3)
        row.action_rebuild()
        self.assertTrue(row.rebuild_pending)
        with freeze_time("2026-12-20 03:00:00"):
            row = self._learn()
        self.assertFalse(row.rebuild_pending)
        self.assertEqual(row.attempt_count, 3)
        self.assertEqual(self._get_reservoir(row), bit_by_bit)

    def test_cases_are_read_from_the_columns_where_no_record_was_kept(self):
        case = self._create_history(turns=2)
        with freeze_time("2026-12-20 03:00:00"):
            kept = self._get_sequence(self._learn())
            case.attempt_ids.sudo().write({"decision": False, "probability": 0.0})
            self.timing._get_row(self.env.company).action_rebuild()
            read = self._get_sequence(self._learn())
        self.assertEqual(read.born, kept.born)
        # What a decision had promised is only in its record.
        self.assertEqual(
            [one._replace(predicted=-1, believed=-1, left=0) for one in read.observations],
            [one._replace(predicted=-1, believed=-1, left=0) for one in kept.observations],
        )

    def test_batches_end_where_the_next_one_begins(self):
        self._create_history(turns=3)
        with patch(f"{LEARN}.BATCH", 1), freeze_time("2026-12-20 03:00:00"):
            self.assertEqual(self._learn().attempt_count, 3)

    def test_job_that_fails_on_one_company_goes_on(self):
        self._create_history(turns=1)
        with (
            patch.object(Learner, "prepare_finished", side_effect=RuntimeError("broken")),
            mute_logger(JOBS),
            freeze_time("2026-12-20 03:00:00"),
        ):
            self.assertEqual(self._learn().attempt_count, 0)
        with freeze_time("2026-12-20 03:00:00"):
            self.assertEqual(self._learn().attempt_count, 1)

    def test_reset_forgets_and_learns_only_what_comes(self):
        case = self._create_history(turns=2)
        with freeze_time("2026-12-20 03:00:00"):
            row = self._learn()
            row.action_reset()
            self.assertEqual(self._learn().attempt_count, 0)
        with freeze_time("2026-12-21 03:00:00"):
            self._copy_finished(case)
            self.assertEqual(self._learn().attempt_count, 1)

    def test_model_of_another_version_is_learned_anew(self):
        self._create_history(turns=2)
        with freeze_time("2026-12-20 03:00:00"):
            row = self._learn()
            row.model_json = json.dumps({"version": 0})
            self.assertEqual(self.timing._get_model(self.env.company).attempts, 0)
            self.assertEqual(self._learn().attempt_count, 2)
        self.assertEqual(row._read_model().attempts, 2)

    def test_model_is_read_once_by_a_process_and_again_when_it_has_learned(self):
        self._create_history(turns=1)
        model = self.timing._get_model(self.env.company)
        self.assertIs(self.timing._get_model(self.env.company), model)
        with freeze_time("2026-12-20 03:00:00"):
            self._learn()
        self.assertEqual(self.timing._get_model(self.env.company).attempts, 1)

    def test_companies_do_not_mix(self):
        self._create_history(turns=1)
        other = self._create_company(name="Other")
        with freeze_time("2026-12-20 03:00:00"):
            self._learn()
        self.assertEqual(self.timing._get_model(self.env.company).attempts, 1)
        self.assertEqual(self.timing._get_model(other).attempts, 0)

    def test_companies_that_share_decide_by_one_model(self):
        self._create_history(turns=1)
        other = self._create_company(name="Other")
        (self.env.company + other).recovery_share_timing = True
        with freeze_time("2026-12-20 03:00:00"):
            self._learn()
        self.assertEqual(self.timing._get_model(other).attempts, 1)
        other.recovery_share_timing = False
        self.assertEqual(self.timing._get_model(other).attempts, 0)
        self.env.company.recovery_share_timing = False
        with freeze_time("2026-12-20 04:00:00"):
            self._learn()
        self.assertFalse(self.timing.search([("company_id", "=", False)]))

    def test_screen_shows_what_was_learned(self):
        self._create_history(turns=2)
        with freeze_time("2026-12-20 03:00:00"):
            self._learn()
        data = self.env["recovery.timing"].get_screen_data()
        self.assertEqual((data["attempts"], data["cases"]), (2, 1))
        self.assertEqual(
            set(data["tables"]), {"hour", "weekday", "payday", "attempt", "gap", "reason"}
        )
        (row,) = data["tables"]["reason"]
        self.assertEqual((row["name"], row["count"], row["seen"]), ("Not enough money", 2, 0.0))
        self.assertEqual(sum(part["count"] for part in data["calibration"]["bins"]), 2)
        self.assertTrue(data["habits"])
        self.assertEqual(json.loads(json.dumps(data)), data, msg="Plain values only.")

    def test_only_managers_may_rebuild_and_reset(self):
        accountant = new_test_user(self.env, "timing accountant", "account.group_account_invoice")
        timing = self.env["recovery.timing"].with_user(accountant)
        self.assertIn("tables", timing.get_screen_data())
        for method in ("action_rebuild", "action_reset"):
            with self.assertRaises(AccessError):
                getattr(timing, method)()

    def test_screen_of_another_company_is_refused(self):
        other = self._create_company(name="Other")
        accountant = new_test_user(self.env, "timing accountant", "account.group_account_invoice")
        with self.assertRaises(AccessError):
            self.env["recovery.timing"].with_user(accountant).get_screen_data(other.id)

    def test_stored_model_goes_on(self):
        row = self.timing._get_row(self.env.company)
        row.write(row._prepare_model_vals(Model()))
        self.assertEqual(row._read_model().attempts, 0)


EXPORTER = "account.group_account_invoice,base.group_allow_export"


@tagged("post_install", "-at_install")
class TestRecord(LearningCommon, HttpCase):
    """The decisions can be taken away as CSV, with what became of them."""

    def setUp(self):
        super().setUp()
        self.case = self._create_history(turns=1)
        self.env.flush_all()

    def _enter_job_mode(self):
        """Override because an HTTP test is in that mode anyway."""
        return nullcontext()

    def _download(self, login, query=""):
        self.authenticate(login, login)
        response = self.url_open(f"/recovery/decisions.csv{query}")
        return response, list(csv.DictReader(io.StringIO(response.text)))

    def test_decisions_are_exported_with_their_outcomes(self):
        new_test_user(self.env, "record accountant", EXPORTER)
        response, rows = self._download("record accountant")
        self.assertIn("text/csv", response.headers["Content-Type"])
        self.assertIn("attachment", response.headers["Content-Disposition"])
        attempts = self.case.attempt_ids.filtered("decision").sorted("id")
        self.assertEqual([int(row["attempt"]) for row in rows], attempts.ids)
        self.assertEqual([row["state"] for row in rows], ["declined", "planned"])
        first = rows[0]
        self.assertAlmostEqual(float(first["probability"]), attempts[0].probability)
        self.assertEqual((first["arm"], first["company"]), ("smart", self.env.company.name))
        self.assertEqual(first["decline_reason"], "insufficient_funds")
        self.assertEqual(first["charged_at"], attempts[0].started_at.isoformat())
        facts = json.loads(first["facts"])
        self.assertEqual(facts["policy"]["tries"], 8)

    def test_chosen_attempts_are_exported(self):
        new_test_user(self.env, "record accountant", EXPORTER)
        attempts = self.case.attempt_ids.filtered("decision").sorted("id")
        url = attempts[0].action_export_decisions()["url"]
        _response, rows = self._download("record accountant", url[url.index("?") :])
        self.assertEqual([int(row["attempt"]) for row in rows], attempts[0].ids)
        with (
            patch(
                "odoo.addons.revenue_recovery.models.schedule.recovery_attempt.EXPORT_LIMIT",
                0,
            ),
            self.assertRaises(UserError),
        ):
            attempts.action_export_decisions()

    def test_who_may_not_export_gets_none(self):
        manager = new_test_user(self.env, "record manager", "account.group_account_manager")
        manager.group_ids -= self.env.ref("base.group_allow_export")
        self.assertFalse(manager.has_group("base.group_allow_export"))
        for query in ("", f"?ids={self.case.attempt_ids[0].id}"):
            response, _rows = self._download("record manager", query)
            self.assertEqual(response.status_code, 403)
            self.assertIn("may not export", response.text)

    def test_nobody_else_gets_them(self):
        other = self._create_company(name="Other")
        new_test_user(
            self.env,
            "record stranger",
            "account.group_account_manager,base.group_allow_export",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        _response, rows = self._download("record stranger")
        self.assertEqual(rows, [])
        new_test_user(self.env, "record clerk", "base.group_user,base.group_allow_export")
        with mute_logger("odoo.http"):
            response, _rows = self._download("record clerk")
        self.assertEqual(response.status_code, 403)
