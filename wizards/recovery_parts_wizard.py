# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools import format_date

from ..models.schedule.part_offer import PartOffer
from ..tools.parts import FEWEST, MOST


class RecoveryPartsWizard(models.TransientModel):
    _name = "recovery.parts.wizard"
    _description = "Recovery: Pay in Parts"

    case_id = fields.Many2one(comodel_name="recovery.case", required=True, readonly=True)
    currency_id = fields.Many2one(related="case_id.currency_id")
    amount_owed = fields.Monetary(compute="_compute_bounds", help="What the parts add up to.")
    bounds = fields.Char(
        string="Within", compute="_compute_bounds", help="What the policy of the case allows."
    )
    part_count = fields.Integer(string="Parts", default=3, help="From 2 to 6.")
    first_day = fields.Date(
        compute="_compute_first_day",
        store=True,
        precompute=True,
        readonly=False,
        required=True,
        help="On which the first part is charged, where the customer lives.",
    )
    step = fields.Selection(
        selection=[("week", "A week"), ("fortnight", "Two weeks"), ("month", "A month")],
        string="Between Two Parts",
        default="month",
        required=True,
    )
    line_ids = fields.One2many(
        comodel_name="recovery.parts.wizard.line",
        inverse_name="wizard_id",
        string="Dated Parts",
        compute="_compute_line_ids",
        store=True,
        readonly=False,
        help="Days and amounts may be changed; they must add up to what is owed.",
    )
    agreement = fields.Char(
        string="How They Agreed",
        required=True,
        help="When, and by which way, the customer agreed to be charged so: kept with the parts.",
    )

    # === COMPUTE METHODS === #

    @api.depends("case_id")
    def _compute_bounds(self):
        for wizard in self:
            wizard.amount_owed, wizard.bounds = 0.0, False
            if not wizard.case_id:
                continue
            offer = wizard._get_offer()
            wizard.bounds = offer.find_reason()
            limits = offer.get_bounds()
            wizard.amount_owed = limits.owed
            if not wizard.bounds:
                wizard.bounds = wizard.env._(
                    "%(fewest)s to %(most)s parts of %(least)s or more, the last one on %(last)s "
                    "at the latest",
                    fewest=FEWEST,
                    most=limits.most,
                    least=wizard.currency_id.format(limits.least),
                    last=format_date(wizard.env, limits.last),
                )

    @api.depends("case_id")
    def _compute_first_day(self):
        for wizard in self:
            wizard.first_day = wizard.case_id and wizard.case_id.move_id._get_recovery_today()

    @api.depends("case_id", "part_count", "first_day", "step")
    def _compute_line_ids(self):
        for wizard in self:
            wizard.line_ids = [Command.clear()]
            count = wizard.part_count
            if not wizard.case_id or not wizard.first_day or not FEWEST <= count <= MOST:
                continue
            parts = wizard._get_offer().propose(count, wizard.first_day, wizard.step)
            wizard.line_ids = [
                Command.create({"day": day, "amount": amount}) for day, amount in parts
            ]

    # === ACTION METHODS === #

    def action_apply(self):
        """Keep the parts; each is charged on its day."""
        self.ensure_one()
        self.check_access("write")
        case_sudo = self.case_id._check_may_act()
        parts = [(line.day, line.amount) for line in self.line_ids.sorted("day")]
        offer = PartOffer(case_sudo)
        if error := offer.find_error(parts):
            raise UserError(error)
        consent = self.env._(
            "%(agreement)s (written down by %(user)s)\n%(terms)s",
            agreement=self.agreement,
            user=self.env.user.name,
            terms=offer.describe(parts),
        )
        if error := case_sudo._begin_parts(parts, consent):
            raise UserError(error)
        return {"type": "ir.actions.act_window_close"}

    # === GETTERS === #

    def _get_offer(self):
        """Return what may be agreed."""
        # In sudo mode: the charges of a method may be of invoices that the user can't see.
        return PartOffer(self.case_id._origin.sudo())
