"""What a policy wants of its notices: when customers are left alone, and who is reminded."""

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...notices import Rules


class RecoveryPolicy(models.Model):
    _inherit = "recovery.policy"

    notice_likely = fields.Float(
        string="Likely to Succeed",
        default=0.5,
        help="A planned charge with at least this probability is worth waiting for: its customer "
        "is left alone before it. Over 100 %: never.",
    )
    notice_calm_hours = fields.Integer(
        string="Silence Before",
        default=24,
        help="Hours before such a charge in which its customer gets no message.",
    )
    remind_unpaid = fields.Boolean(
        string="Remind of Unpaid Invoices",
        help="Open a case for each overdue invoice that no saved payment method is charged for, "
        "too: its customer gets the notices with a link to pay, and nothing is charged.",
    )
    remind_since = fields.Date(
        string="Due Since",
        default=fields.Date.context_today,
        help="Only invoices that fall due on or after this day: older ones are left alone.",
    )

    # === CONSTRAINT METHODS === #

    @api.constrains("notice_likely", "notice_calm_hours")
    def _check_notice_rules(self):
        for policy in self:
            if policy.notice_likely < 0 or not 0 <= policy.notice_calm_hours <= 240:
                raise ValidationError(
                    self.env._(
                        "The silence before a charge of the policy “%(policy)s” must be between 0 "
                        "and 240 hours, and its probability can't be negative.",
                        policy=policy.name,
                    )
                )

    # === ACTION METHODS === #

    def action_preview_notices(self):
        """Show the whole calendar that an example would live through under this policy."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Preview"),
            "res_model": "recovery.preview.wizard",
            "view_mode": "form",
            "target": "new",
            "context": {"default_policy_id": self.id, "dialog_size": "extra-large"},
        }

    # === BUSINESS METHODS === #

    def _outdate_notices(self):
        """Let the job plan the notices of all open cases of these policies anew."""
        if not self.ids:
            return
        self.env.flush_all()
        # In SQL: there may be very many, and who may change a policy need not be able to write
        # cases.
        self.env.cr.execute(
            """
            UPDATE recovery_case SET notices_outdated = TRUE
             WHERE policy_id IN %s AND closed_at IS NULL AND notices_outdated IS NOT TRUE
            """,
            [tuple(self.ids)],
        )
        self.env["recovery.case"].invalidate_model(["notices_outdated"])

    # === GETTERS === #

    def _get_notice_rules(self):
        """Return what a company wants of its messages; of several policies the most patient.

        :rtype: timing.notices.Rules
        """
        if not self:
            return Rules()
        return Rules(
            likely=min(self.mapped("notice_likely")),
            calm=float(max(self.mapped("notice_calm_hours"))),
        )
