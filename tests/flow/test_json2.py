# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
import json
import re
import shlex
from contextlib import nullcontext
from pathlib import Path
from string import Template

from dateutil.relativedelta import relativedelta

from odoo import fields
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from ..common import RecoveryCommon

DOCUMENT = Path(__file__).parents[2] / "docs" / "api.md"


@tagged("post_install", "-at_install")
class TestJson2(RecoveryCommon, HttpCase):
    """Another program does what the document of the interface shows, by the very calls in it."""

    def setUp(self):
        super().setUp()
        self.program = new_test_user(
            self.env,
            "program",
            groups="account.group_account_invoice,revenue_recovery.group_recovery_user",
        )
        self.key = self._create_key(self.program)
        _invoice, self.case = self._fail_invoice()
        self.day = fields.Date.today() + relativedelta(days=3)
        self.text = DOCUMENT.read_text()

    def _enter_job_mode(self):
        return nullcontext()

    def _create_key(self, user):
        tomorrow = fields.Datetime.now() + relativedelta(days=1)
        keys = self.env["res.users.apikeys"].with_user(user).sudo()
        return keys._generate(None, "Program", tomorrow)

    def _read_calls(self, heading):
        """Return the calls that one section of the document shows, as lists of words."""
        section = re.search(rf"^## {heading}$(.*?)(?=^## |\Z)", self.text, re.S | re.M)[1]
        blocks = re.findall(r"^```sh$(.*?)^```$", section, re.S | re.M)
        self.assertTrue(blocks, msg="The section shows how it is done.")
        return [shlex.split(block.replace("\\\n", " ")) for block in blocks]

    def _run_call(self, words, dialog=None):
        """Send a call as `curl` does, with the numbers and the day of this test."""
        command, url, *options = words
        self.assertEqual(command, "curl")
        names = {
            "ODOO": self.base_url(),
            "DB": self.env.cr.dbname,
            "KEY": self.key,
        }
        pairs = list(zip(options[::2], options[1::2], strict=True))
        headers = dict(
            Template(value).substitute(names).split(": ", 1)
            for name, value in pairs
            if name == "-H"
        )
        [body] = [value for name, value in pairs if name == "-d"]
        ours = {"42": str(self.case.id), "7": str(dialog), "2026-03-20": str(self.day)}
        # At once: what has been replaced may look like what is shown.
        body = re.sub(r"2026-03-20|\b(?:42|7)\b", lambda match: ours[match[0]], body)
        return self.opener.post(
            Template(url).substitute(names), data=body, headers=headers, timeout=30
        )

    def _run_section(self, heading):
        """Send the calls of a section, one after the other; return the answers."""
        answers = []
        for words in self._read_calls(heading):
            dialog = answers[-1][0] if answers and isinstance(answers[-1], list) else None
            response = self._run_call(words, dialog)
            self.assertEqual(response.status_code, 200, msg=response.text)
            answers.append(response.json())
        self.env.invalidate_all()
        return answers

    def test_list_is_what_the_document_shows(self):
        [rows] = self._run_section("List")
        [row] = [row for row in rows if row["id"] == self.case.id]
        shown = json.loads(re.search(r"^```json$(.*?)^```$", self.text, re.S | re.M)[1])
        self.assertEqual(row.keys(), shown[0].keys())
        self.assertEqual(row["state"], "in_recovery")

    def test_retry_makes_the_charge_due(self):
        self.assertGreater(self.case.next_attempt_at, fields.Datetime.now())
        self._run_section("Retry now")
        self.assertLessEqual(self.case.next_attempt_at, fields.Datetime.now())
        self.assertIn("program", self.case.sudo().next_attempt_id.sentence)

    def test_pause_and_resume(self):
        pause, apply, resume = self._read_calls("Pause and resume")
        dialog = self._run_call(pause).json()
        self._run_call(apply, dialog[0])
        self.env.invalidate_all()
        self.assertEqual((self.case.state, self.case.paused_until), ("paused", self.day))
        self.assertEqual(self._run_call(resume).status_code, 200)
        self.env.invalidate_all()
        self.assertEqual(self.case.state, "in_recovery")

    def test_promise(self):
        self._run_section("Promise")
        self.assertEqual(self.case.promise_date, self.day)
        self.assertFalse(self.case.promise_count, msg="The customer may still promise himself.")

    @mute_logger("odoo.http")
    def test_closed_case_is_refused_with_a_sentence(self):
        self.case.sudo()._close("lost", "Given up.")
        response = self._run_call(self._read_calls("Retry now")[0])
        self.assertEqual(response.status_code, 422)
        self.assertIn("is closed", response.json()["message"])

    @mute_logger("odoo.http")
    def test_who_may_not_is_refused(self):
        [retry] = self._read_calls("Retry now")
        self.key = self._create_key(new_test_user(self.env, "other"))
        refused = self._run_call(retry)
        self.assertEqual(refused.status_code, 403, msg=refused.text)
        self.key = "0" * 40
        self.assertEqual(self._run_call(retry).status_code, 401)
        self.assertGreater(self.case.next_attempt_at, fields.Datetime.now())

    @mute_logger("odoo.http")
    def test_only_public_methods_of_what_exists_can_be_called(self):
        [words] = self._read_calls("Retry now")
        for method, status in (("_close", 403), ("action_nothing", 404)):
            call = [words[0], words[1].replace("action_retry_now", method), *words[2:]]
            self.assertEqual(self._run_call(call).status_code, status)
