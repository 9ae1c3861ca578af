from datetime import timedelta

from odoo import fields, models
from odoo.exceptions import UserError


class RecoveryPlanWizard(models.TransientModel):
    _name = "recovery.plan.wizard"
    _description = "Recovery: Pause or Change Date"

    mode = fields.Selection(
        selection=[("pause", "Pause"), ("date", "Change Date")], required=True, readonly=True
    )
    case_ids = fields.Many2many(comodel_name="recovery.case", string="Cases", required=True)
    planned_at = fields.Datetime(
        string="Charge At",
        default=lambda self: fields.Datetime.now() + timedelta(days=1),
        help="When the next charge goes out, in your time zone. Quiet hours don't hold it back.",
    )
    paused_until = fields.Date(
        string="Pause Until",
        help="The cases go on by themselves on this day. Empty: until somebody resumes them.",
    )

    def action_apply(self):
        """Pause the cases, or plan their next charge for the chosen time."""
        self.ensure_one()
        cases_sudo = self.case_ids._check_may_act()
        user = {"user": self.env.user.name}
        if self.mode == "pause":
            self._check_future(self.paused_until and self.paused_until > fields.Date.today())
            for case_sudo in cases_sudo:
                case_sudo._check_not_in_flight()
            cases_sudo._pause(self.paused_until, self.env._("Paused by %(user)s.", **user))
            return True
        self._check_future(self.planned_at and self.planned_at > fields.Datetime.now(), True)
        for case_sudo in cases_sudo:
            case_sudo._check_not_in_flight()
            if case_sudo.state in ("paused", "suspended"):
                raise UserError(
                    self.env._("Resume the case of %(case)s first.", case=case_sudo.display_name)
                )
            case_sudo._plan_by_user(self.planned_at, self.env._("Time chosen by %(user)s.", **user))
        return True

    def _check_future(self, is_future, is_required=False):
        if not is_future and (is_required or self.paused_until):
            raise UserError(self.env._("Choose a time in the future."))
