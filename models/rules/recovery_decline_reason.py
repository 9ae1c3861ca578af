# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
import logging

from odoo import api, fields, models, tools
from odoo.exceptions import ValidationError

from ...declines.taxonomy import is_reason_id, load_reasons, read_rows
from . import recovery_shipped_mixin  # noqa: F401 (its model has to be there first)

_logger = logging.getLogger(__name__)

DECLINE_CLASSES = [
    ("later", "Try Later"),
    ("technical", "Technical Trouble"),
    ("fix_data", "Update Needed"),
    ("customer_action", "Customer Must Confirm"),
    ("never", "Method Is Dead"),
    ("merchant", "Own Set-Up"),
]
CONCERNS = [
    ("provider", "All charges through the provider"),
    ("currency", "Charges in the same currency"),
    ("method", "Charges of the same payment method"),
    ("smaller", "Charges of this amount or less"),
    ("larger", "Charges of this amount or more"),
    ("charge", "The invoice alone"),
]


class RecoveryDeclineReason(models.Model):
    """Why a payment failed, whatever provider or bank says it."""

    _name = "recovery.decline.reason"
    _description = "Recovery Decline Reason"
    _inherit = ["recovery.shipped.mixin"]
    _order = "name, id"
    _rec_names_search = ["name", "code"]

    _shipped_fields = (
        "name",
        "decline_class",
        "generic",
        "concerns",
        "accountant",
        "customer",
    )
    _shipped_identity = ("code",)

    code = fields.Char(
        required=True,
        copy=False,
        help="The technical name of the reason: small letters, digits and underscores.",
    )
    name = fields.Char(required=True, translate=True)
    decline_class = fields.Selection(
        selection=DECLINE_CLASSES,
        string="Class",
        default="later",
        required=True,
        help="Try Later: charged again by the retry schedule.\n"
        "Technical Trouble: charged again soon and silently; the customer hears nothing.\n"
        "Update Needed: not charged until the payment method changes; the customer is asked to "
        "update it.\n"
        "Customer Must Confirm: not charged by itself; the customer is sent a link to confirm and "
        "pay.\n"
        "Method Is Dead: not charged any more; the customer is asked for another one, and never "
        "told why.\n"
        "Own Set-Up: nothing is charged and the customer hears nothing until somebody has mended "
        "the provider and tries again there.",
    )
    generic = fields.Boolean(
        string="Says Little",
        help="When a provider's code means this, the bank's own code is asked for a better reason.",
    )
    concerns = fields.Selection(
        selection=CONCERNS,
        string="What Waits",
        help="Which other charges through the same provider wait, too, until the trouble is "
        "mended. For the class “Own Set-Up” only; empty: the invoice alone.",
    )
    accountant = fields.Text(
        string="For the Accountant",
        translate=True,
        help="What happened and what helps. Customers never read it.",
    )
    customer = fields.Text(
        string="For the Customer",
        translate=True,
        help="What the customer reads. Keep it neutral: it must not tell a thief that a card is "
        "known to be lost or stolen.",
    )
    code_count = fields.Integer(compute="_compute_code_count")

    _code_uniq = models.Constraint("UNIQUE(code)", "A reason with this code exists already.")

    # === COMPUTE METHODS === #

    def _compute_code_count(self):
        groups = self.env["recovery.decline.code"]._read_group(
            [("reason_id", "in", self.ids)], ["reason_id"], ["__count"]
        )
        counts = {reason.id: count for reason, count in groups}
        for reason in self:
            reason.code_count = counts.get(reason.id, 0)

    # === CONSTRAINT METHODS === #

    @api.constrains("code")
    def _check_code(self):
        for reason in self:
            if not is_reason_id(reason.code):
                raise ValidationError(
                    self.env._(
                        "The code “%(code)s” of a reason must be made of small letters, digits "
                        "and underscores, such as “account_closed”.",
                        code=reason.code,
                    )
                )

    # === ACTION METHODS === #

    def action_view_codes(self):
        """Open the codes that mean this reason."""
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "revenue_recovery.action_recovery_decline_code"
        )
        return {
            **action,
            "domain": [("reason_id", "=", self.id)],
            "context": {"default_reason_id": self.id},
        }

    # === GETTERS === #

    @api.model
    def _find(self, code):
        """Return the reason with this code, archived or not; empty when there is none."""
        return self.browse(self._find_id(code))

    @api.model
    @tools.ormcache("code")
    def _find_id(self, code):
        # In sudo mode because whoever pays has no rights on reasons.
        reasons_sudo = self.sudo().with_context(active_test=False)
        return reasons_sudo.search([("code", "=", code)], limit=1).id

    @api.model
    def _get_reasons(self):
        """Return the reasons as values of `declines`, archived ones too: codes may name them."""
        # In sudo mode because whoever pays has no rights on reasons.
        reasons_sudo = (
            self.sudo().with_context(active_test=False, lang=None).search([("code", "!=", False)])
        )
        reasons = []
        for reason_sudo in reasons_sudo:
            try:
                reasons += load_reasons([reason_sudo._to_row()])
            except ValueError as error:
                _logger.warning("Decline reason %s is left out: %s", reason_sudo.id, error)
        return reasons

    def _to_row(self):
        """Return the reason as a row of the data file."""
        self.ensure_one()
        return {
            "id": self.code,
            "name": self.name or "",
            "class": self.decline_class,
            "generic": "1" if self.generic else "",
            "concerns": self.concerns or "",
            "accountant": self.accountant or "",
            "customer": self.customer or "",
        }

    @api.model
    def _get_shipped_rows(self):
        """Fill the hook: read the data file."""
        return {
            (row["id"],): {
                "code": row["id"],
                "name": row["name"],
                "decline_class": row["class"],
                "generic": bool(row["generic"]),
                "concerns": row["concerns"] or False,
                "accountant": row["accountant"],
                "customer": row["customer"],
            }
            for row in read_rows("reasons")
        }

    def _get_shipped_xmlid(self):
        """Fill the hook: reasons have texts."""
        self.ensure_one()
        return f"recovery_decline_reason_{self.code}"
