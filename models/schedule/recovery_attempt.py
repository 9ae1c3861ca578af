# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The decision behind a planned charge: its odds, and the record to learn from and to judge it."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ...tools.instants import naive
from ...tools.said import say
from ..rules.block import Block
from .facts import SMART_SOURCES, find_cool_down_end
from .planner import BACKUP_NOTICE

EXPORT_LIMIT = 1000


class RecoveryAttempt(models.Model):
    _inherit = "recovery.attempt"

    probability = fields.Float(
        readonly=True,
        copy=False,
        aggregator="avg",
        help="That the charge succeeds, as the smart schedule expected it. 0: it was not asked.",
    )
    probability_low = fields.Float(
        readonly=True,
        copy=False,
        aggregator=None,
        help="The probability lies above this with a certainty of 95 %.",
    )
    probability_high = fields.Float(
        readonly=True,
        copy=False,
        aggregator=None,
        help="The probability lies below this with a certainty of 95 %.",
    )
    arm = fields.Selection(related="case_id.arm", string="Group")
    propensity = fields.Float(
        readonly=True,
        copy=False,
        aggregator=None,
        help="How probable it was that this time was chosen: some choices are drawn, to learn.",
    )
    # Not read with the other columns: the job that charges has no use for it.
    decision = fields.Json(
        readonly=True,
        copy=False,
        prefetch=False,
        help="The case as it stood when the charge was planned, and what was weighed.",
    )

    # What has been learned is found by the time it ended: attempts don't end in order.
    _learn_idx = models.Index(
        "(company_id, finished_at, id) WHERE state IN ('paid', 'declined', 'returned')"
    )

    # === ACTION METHODS === #

    def action_export_decisions(self):
        """Download the decisions of these attempts, or of all, with what became of them, as CSV."""
        self.check_access("read")
        if len(self) > EXPORT_LIMIT:
            raise UserError(
                self.env._(
                    "Choose at most %(limit)s attempts, or export all decisions from the menu.",
                    limit=EXPORT_LIMIT,
                )
            )
        chosen = f"?ids={','.join(map(str, self.ids))}" if self else ""
        return {
            "type": "ir.actions.act_url",
            "url": f"/recovery/decisions.csv{chosen}",
            "target": "self",
        }

    # === BUSINESS METHODS === #

    def _get_cool_down_block(self, history):
        """Fill the hook: rest when another invoice has just been refused on the card.

        Only smart cases rest: the fixed schedule is what they are compared with.
        """
        if block := super()._get_cool_down_block(history):
            return block
        if self.case_id.arm != "smart" or self.source not in SMART_SOURCES:
            return None
        until = find_cool_down_end(history, self.move_id)
        if not until:
            return None
        sentence = say(self.env, "cool_down")
        return Block("cool_down", sentence, naive(until) + timedelta(seconds=1))

    @api.model
    def _get_chance(self):
        """Fill the hook: the smart schedule has estimated it."""
        return SQL("NULLIF(attempt.probability, 0)")

    def _get_backup_block(self):
        """Fill the hook: a backup is charged with the customer's agreement, announced before."""
        if block := super()._get_backup_block():
            return block
        token = self.token_id
        method = token._recovery_get_label()
        if not token.recovery_backup_at:
            sentence = say(
                self.env,
                "backup_not_agreed",
                method=method,
            )
            return Block("method", sentence, moot=True)
        told_at, now = token.recovery_backup_told_at, fields.Datetime.now()
        if told_at and told_at + BACKUP_NOTICE <= now:
            return None
        if not told_at:
            self.case_id._announce_backup(token)
        sentence = say(self.env, "backup_told_first", method=method)
        return Block("backup", sentence, (told_at or now) + BACKUP_NOTICE)

    def _tell_siblings(self):
        """Fill the hook: let the customer's other smart cases plan anew: the method has money."""
        result = super()._tell_siblings()
        self.ensure_one()
        cases = self.env["recovery.case"].search(
            [
                ("partner_id", "=", self.move_id.commercial_partner_id.id),
                ("company_id", "=", self.company_id.id),
                ("move_id", "!=", self.move_id.id),
                ("state", "=", "in_recovery"),
                ("arm", "=", "smart"),
            ]
        )
        self.env["recovery.invoice.queue"]._add(cases.move_id)
        return result
