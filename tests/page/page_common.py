# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
import re
from contextlib import nullcontext
from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.tests import HttpCase
from odoo.tools import mute_logger

from ...controllers.recovery_page_limit import limiter
from ...tools.links import Link
from ..common import RecoveryCommon


class PageCommon(RecoveryCommon, HttpCase):
    """A failed invoice and the link to the page of its customer."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.demo_provider.is_published = True  # Unpublished ones are for employees only.

    def _enter_job_mode(self):
        return nullcontext()

    def setUp(self):
        super().setUp()
        limiter._seen.clear()
        self.customer.lang = "en_US"
        self.invoice, self.case = self._fail_invoice()
        self.path = self._get_path(self.case)

    def _get_path(self, cases, **kwargs):
        """Return the path of the link to the page of these cases, as a message has it."""
        link = cases._get_recovery_link(**kwargs)
        return link[link.index("/recovery/pay/") :]

    def _expire(self, cases):
        """Return the path of a page whose link was made more than 30 days ago."""
        with freeze_time(fields.Datetime.now() - timedelta(days=31)):
            return self._get_path(cases)

    def _get(self, path=None, **kwargs):
        return self.url_open(path or self.path, **kwargs)

    def _lead(self, path):
        """Return where an address leads to."""
        return self.url_open(path, allow_redirects=False).headers["Location"]

    def _post(self, part, path=None, **values):
        """Send one of the forms of the page, and follow where it leads."""
        path = path or self.path
        data = {"csrf_token": self._read_form_token(path), **values}
        return self.url_open(f"{path}/{part}", data=data)

    def _read_form_token(self, path):
        """Return the token of the forms of a page, if it has any."""
        found = re.search(r'csrf_token" value="(\w+)"', self.url_open(path).text)
        return found and found[1]

    def _pay(self, cases=None, path=None, amount=100.0, **values):
        """Start a payment as Odoo's form does; return the processing values or the error."""
        params = {
            "provider_id": self.demo_provider.id,
            "payment_method_id": self.payment_method_id,
            "token_id": None,
            "amount": amount,
            "flow": "direct",
            "tokenization_requested": False,
            "landing_route": "/my",
            "is_validation": False,
            "access_token": "",
            "csrf_token": "x",
            **values,
        }
        path = path or self.path
        if cases is None:  # What the link names.
            numbers = Link.parse(self.env, path.split("/")[3]).ids[0]
        else:
            numbers = cases if isinstance(cases, str) else "-".join(map(str, cases.ids))
        return self._call(f"{path}/transaction/{numbers}", **params)

    def _save_method(self, path=None, **values):
        """Start the validation of a new method as Odoo's form does."""
        params = {
            "provider_id": self.demo_provider.id,
            "payment_method_id": self.payment_method_id,
            "token_id": None,
            "amount": None,
            "flow": "direct",
            "tokenization_requested": True,
            "landing_route": "/my",
            "is_validation": True,
            "access_token": "",
            "csrf_token": "x",
            **values,
        }
        return self._call(f"{path or self.path}/method/transaction", **params)

    def _call(self, path, **params):
        with mute_logger("odoo.http"):  # It writes each refusal to the log.
            answer = self.url_open(path, json={"jsonrpc": "2.0", "params": params}).json()
        return answer.get("result") or answer.get("error", {}).get("data", {}).get("message")

    def _simulate(self, values, state="done"):
        """Let the demo provider answer, as its form asks it to."""
        self._call(
            "/payment/demo/simulate_payment",
            reference=values["reference"],
            payment_details="1111",
            simulated_state=state,
        )
        transaction = self.env["payment.transaction"].search(
            [("reference", "=", values["reference"])]
        )
        transaction._post_process()
        return transaction
