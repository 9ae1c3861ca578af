# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo import fields, models


class RecoveryNotice(models.Model):
    _inherit = "recovery.notice"

    action_type = fields.Selection(
        selection_add=[("call_list", "Put on the call list")],
        ondelete={"call_list": "cascade"},
    )

    def _hand_over_call_list(self, _envelope):
        """Do what a step of this kind does; the name is `_hand_over_` and the kind of step.

        It runs in a savepoint: when it raises, this notice fails, and nothing else does.
        """
        self.partner_id.call_about_payment = True
        self._note_done(self.env._("Somebody will call %(who)s.", who=self.partner_id.name))
