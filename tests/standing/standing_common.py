# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from contextlib import nullcontext

from odoo import fields
from odoo.tests import HttpCase

from odoo.addons.revenue_recovery.controllers.standing_limit import BUCKETS
from odoo.addons.revenue_recovery.models.standing.memory import ANSWERS, KEYS
from odoo.addons.revenue_recovery.models.standing.tokens import make_token
from odoo.addons.revenue_recovery.tools.instants import to_seconds

from ..common import RecoveryCommon

PATH = "/recovery/v1/standing"
ORIGIN = "https://app.example.com"


class StandingCommon(RecoveryCommon, HttpCase):
    """A product with a key, and a customer whose payment may fail."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer.ref = "C-1"
        cls.key, cls.secret = cls._create_key(origins=ORIGIN)

    @classmethod
    def _create_key(cls, **values):
        key = cls.env["recovery.standing.key"].create({"name": "Product", **values})
        return key, key.action_make_secret()["context"]["default_secret"]

    def setUp(self):
        super().setUp()
        self._forget()

    def _enter_job_mode(self):
        return nullcontext()

    def _forget(self):
        """Let the worker forget what it remembers for some seconds."""
        for memory in (ANSWERS, KEYS, BUCKETS):
            memory.forget()

    def _ask(self, customer="C-1", key=None, method="GET", **headers):
        """Ask as a program does; an underscore in the name of a header is a hyphen."""
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        key = self.secret if key is None else key
        if key:
            headers.setdefault("Authorization", f"Bearer {key}")
        params = {"customer": customer} if customer is not None else {}
        return self.url_open(PATH, params=params, headers=headers, method=method)

    def _ask_anew(self, *args, **kwargs):
        """Return what is answered once nothing is remembered any more."""
        self._forget()
        response = self._ask(*args, **kwargs)
        self.assertEqual(response.status_code, 200, msg=response.text)
        return response.json()

    def _sign(self, customer="C-1", seconds=600, secret=None):
        expires = to_seconds(fields.Datetime.now()) + seconds
        return make_token(secret or self.secret, customer, expires)
