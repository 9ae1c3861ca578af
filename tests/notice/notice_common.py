# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from contextlib import contextmanager

from odoo import Command, fields
from odoo.tests import freeze_time

from odoo.addons.mail.tests.common import MailCase

from ..common import RecoveryCommon


class NoticeCommon(MailCase, RecoveryCommon):
    """A policy whose one step writes at once, at any time of the day."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.template = cls.env.ref("revenue_recovery.mail_template_payment_failed")
        cls.policy.step_ids = [cls._prepare_step(delay_hours=2)]
        cls.env.company.partner_id.write(
            {"tz": "Europe/Paris", "country_id": cls.env.ref("base.fr").id}
        )

    @classmethod
    def _prepare_step(cls, **values):
        """Return the command that creates a step whose messages may go out at any time."""
        return Command.create(cls._prepare_step_vals(**values))

    @classmethod
    def _prepare_step_vals(cls, **values):
        return {
            "name": "Payment failed",
            "delay_hours": 0,
            "mail_template_id": cls.template.id,
            "hour_from": 0,
            "hour_to": 24,
            "working_days": False,
            **values,
        }

    @classmethod
    def _set_steps(cls, *steps):
        """Let the policy have these steps only."""
        cls.policy.step_ids = [Command.clear(), *(cls._prepare_step(**step) for step in steps)]
        return cls.policy.step_ids

    @contextmanager
    def _at(self, instant):
        """Be at a UTC instant; e-mails are caught, and the clock given can be moved."""
        with freeze_time(instant) as clock, self.mock_mail_gateway():
            yield clock

    def _follow_at(self, clock, instant):
        clock.move_to(instant)
        self._run_cron("follow")

    def _get_notice(self, case, name=None):
        notices = case.notice_ids.sudo()
        return notices.filtered(lambda notice: not name or notice.name == name)

    def _create_template(self, model="recovery.case", **values):
        return self.env["mail.template"].create(
            {
                "name": "Ours",
                "model_id": self.env["ir.model"]._get_id(model),
                "subject": "About it",
                "body_html": "<p>Hello</p>",
                "use_default_to": False,
                "partner_to": "{{ object.partner_id.id }}",
                **values,
            }
        )

    def _create_action(self, code, model="recovery.case"):
        return self.env["ir.actions.server"].create(
            {
                "name": "Act",
                "model_id": self.env["ir.model"]._get_id(model),
                "state": "code",
                "code": code,
            }
        )

    def _send_queue(self):
        self.env["mail.mail"].sudo().search([("state", "=", "outgoing")]).send()

    def _hours_ago(self, hours):
        return fields.Datetime.subtract(fields.Datetime.now(), hours=hours)
