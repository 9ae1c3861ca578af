# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from ..models.case.states import OPEN_STATES
from ..models.schedule.recovery_timing import MANAGER_GROUP
from ..tools.clock import rehearse
from ..tools.errors import describe_error
from .clock_walk import ClockWalk

MOST_DAYS = 120
ANSWERS = [
    ("funds", "Declined: not enough money"),
    ("paid", "Paid"),
    ("returned", "Paid, and returned by the bank after three days"),
    ("expired", "Declined: the card has expired"),
    ("stolen", "Declined: the card is stolen"),
    ("technical", "The bank can't be reached"),
    ("unknown", "No answer"),
    ("replaced", "Before it, the customer replaces the card"),
]
_FIELDS = ("answer_1", "answer_2", "answer_3", "answer_4", "answer_5")


class RecoveryClockWizard(models.TransientModel):
    """A test clock: a case lives through some days in a minute, and then nothing has happened."""

    _name = "recovery.clock.wizard"
    _description = "Recovery: Test Clock"

    case_id = fields.Many2one(
        comodel_name="recovery.case",
        required=True,
        readonly=True,
        ondelete="cascade",
        default=lambda self: self._default_case_id(),
    )
    days = fields.Integer(default=30, required=True, help="So many days from now.")
    answer_1 = fields.Selection(
        selection=ANSWERS, string="First Charge", default="funds", required=True
    )
    answer_2 = fields.Selection(selection=ANSWERS, string="Second Charge")
    answer_3 = fields.Selection(selection=ANSWERS, string="Third Charge")
    answer_4 = fields.Selection(selection=ANSWERS, string="Fourth Charge")
    answer_5 = fields.Selection(
        selection=ANSWERS,
        string="Fifth Charge",
        help="What is left empty is answered as the one before, and so are all further charges.",
    )
    page = fields.Html(readonly=True, sanitize=False)

    @api.model
    def _default_case_id(self):
        if self.env.context.get("active_model") != "recovery.case":
            return False
        return self.env.context.get("active_id")

    @api.constrains("days")
    def _check_days(self):
        for wizard in self:
            if not 1 <= wizard.days <= MOST_DAYS:
                raise ValidationError(self.env._("Choose 1 to %(most)s days.", most=MOST_DAYS))

    # === ACTION METHODS === #

    def action_walk(self):
        """Walk the case through the days, and show what happens.

        :raise AccessError: for whoever is no manager
        :raise UserError: for a case that is over, or that somebody is at work on
        """
        self.ensure_one()
        self._check_manager()
        self.case_id.check_access("read")
        if self.case_id.state not in OPEN_STATES:
            raise UserError(self.env._("The case is over. Choose one that is still open."))
        lines = self._walk()
        page = self.env["ir.qweb"]._render("revenue_recovery.recovery_clock_page", {"lines": lines})
        # In sudo mode: nobody writes it by hand.
        self.sudo().page = page
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Test Clock"),
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
            "target": "new",
            "context": {**self.env.context, "dialog_size": "extra-large"},
        }

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Take from a form what a form has, and no page."""
        return super().create([self._filter_own(vals) for vals in vals_list])

    def write(self, vals):
        """Take from a form what a form has, and no page."""
        return super().write(self._filter_own(vals))

    # === BUSINESS METHODS === #

    @api.model
    def _filter_own(self, vals):
        return vals if self.env.su else {key: vals[key] for key in vals if key != "page"}

    def _check_manager(self):
        self.check_access("write")
        if not (self.env.su or self.env.user.has_group(MANAGER_GROUP)):
            raise AccessError(self.env._("Only managers of recovery may do that."))

    def _walk(self):
        """Return what happens, as rows of words; nothing of it is left.

        :raise UserError: when it could not be walked
        """
        self.env.flush_all()
        context = {
            "lang": self.env.context.get("lang") or self.env.user.lang,
            "tz": self.env.user.tz,
            "mail_notify_force_send": False,
        }
        try:
            with rehearse(self.env.registry, context) as rehearsal:
                return ClockWalk(rehearsal, self.case_id.id, self._get_answers(), self.days).go()
        except UserError:
            raise
        except Exception as error:
            raise UserError(
                self.env._(
                    "The case could not be walked through; nothing has happened. %(error)s",
                    error=describe_error(error),
                )
            ) from error

    def _get_answers(self):
        return [self[name] for name in _FIELDS if self[name]]
