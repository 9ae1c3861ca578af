# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
import logging

from odoo import api, fields, models, tools
from odoo.exceptions import UserError, ValidationError

from ...declines import Advice, Taxonomy
from ...declines.patterns import MIN_PIECE, parse_pattern
from ...declines.taxonomy import load_codes, normalize, read_rows
from . import recovery_shipped_mixin  # noqa: F401 (its model has to be there first)

_logger = logging.getLogger(__name__)


class RecoveryDeclineCode(models.Model):
    """What one code of a provider, card network or bank scheme means."""

    _name = "recovery.decline.code"
    _description = "Recovery Decline Code"
    _inherit = ["recovery.shipped.mixin"]
    _order = "scope, kind, code, id"
    _rec_name = "code"

    _shipped_fields = ("reason_id", "category", "advice", "source", "date")
    _shipped_identity = ("scope", "kind", "code")

    scope = fields.Char(
        required=True,
        help="Whose code it is: a provider, card network or bank scheme by its technical name, "
        "such as stripe, visa or sepa.",
    )
    kind = fields.Selection(
        selection=[
            ("code", "Provider's code"),
            ("text", "Provider's wording"),
            ("pattern", "Words in the provider's wording"),
            ("response", "Network's code"),
            ("advice", "Advice"),
        ],
        default="code",
        required=True,
        help="Provider's code: what the provider calls the failure.\n"
        "Provider's wording: a sentence of the provider that stands for a code.\n"
        "Words in the provider's wording: what is in such a sentence; * stands for any text "
        "between, as in “was detached*may not be used again”.\n"
        "Network's code: what the bank answered through a card network or bank scheme.\n"
        "Advice: a code that says what to do next.",
    )
    code = fields.Char(
        required=True, help="As its owner spells it; capitals, blanks and full stops don't matter."
    )
    # What `declines` compares. PostgreSQL folds other capitals than Python.
    key = fields.Char(compute="_compute_key", store=True, precompute=True)
    reason_id = fields.Many2one(
        comodel_name="recovery.decline.reason",
        required=True,
        index=True,
        ondelete="restrict",
    )
    decline_class = fields.Selection(related="reason_id.decline_class", string="Class")
    category = fields.Selection(
        selection=[
            ("1", "1: the bank will never approve"),
            ("2", "2: the bank cannot approve now"),
            ("3", "3: the data are wrong"),
            ("4", "4: any other"),
        ],
        string="Visa Category",
        help="Visa's rules count tries by the category of the bank's answer.",
    )
    advice = fields.Char(
        help="What to do after this code: never, update_data, customer_action, or a wait such as "
        "wait:30m, wait:24h or wait:4d. Empty: what the class of the reason says.",
    )
    source = fields.Char(help="Where the meaning is written down.")
    date = fields.Date(help="Of the edition that was read, or of the comparison with it.")

    _code_uniq = models.Constraint(
        "UNIQUE(scope, kind, key)", "This code is listed already, perhaps among the archived ones."
    )

    # === COMPUTE METHODS === #

    @api.depends("code")
    def _compute_key(self):
        for code in self:
            code.key = normalize(code.code or "")

    @api.depends("scope", "code")
    def _compute_display_name(self):
        for code in self:
            code.display_name = f"{code.scope}: {code.code}"

    # === CONSTRAINT METHODS === #

    @api.constrains("code")
    def _check_code(self):
        for code in self:
            if not code.key:
                raise ValidationError(self.env._("A code needs at least one letter or digit."))

    @api.constrains("kind", "code")
    def _check_pattern(self):
        for code in self.filtered(lambda code: code.kind == "pattern"):
            try:
                parse_pattern(code.code)
            except ValueError as error:
                raise ValidationError(
                    self.env._(
                        "“%(pattern)s” can't be looked for. Write words of the provider's sentence "
                        "with at least %(count)s letters in a row, and * for what is between them.",
                        pattern=code.code,
                        count=MIN_PIECE,
                    )
                ) from error

    @api.constrains("scope")
    def _check_scope(self):
        for code in self:
            if code.scope != "".join(code.scope.split()).lower():
                raise ValidationError(
                    self.env._(
                        "The scope “%(scope)s” must be a technical name in small letters without "
                        "blanks, such as stripe, visa or sepa.",
                        scope=code.scope,
                    )
                )

    @api.constrains("advice")
    def _check_advice(self):
        for code in self:
            try:
                Advice.parse(code.advice or "")
            except ValueError as error:
                raise ValidationError(
                    self.env._(
                        "“%(advice)s” is no advice. Write never, update_data, customer_action, or "
                        "a wait in minutes, hours or days such as wait:30m, wait:24h or wait:4d.",
                        advice=code.advice,
                    )
                ) from error

    # === CRUD METHODS === #

    def write(self, vals):
        """Keep the categories that the network's rules count by.

        :raise UserError: when a shipped code would be counted less strictly
        """
        if not self._is_loading() and vals.keys() & {"category", "active"}:
            self.check_access("write")
            self._check_category(vals)
        return super().write(vals)

    def _check_category(self, vals):
        """Refuse to take a shipped code out of its category, but to where no charge follows."""
        rows = self._get_shipped_rows()
        for code in self.filtered("shipped"):
            category = rows.get(code._get_shipped_key(), {}).get("category")
            if not category:
                continue
            if vals.get("category", category) not in (category, "1") or not vals.get(
                "active", True
            ):
                raise UserError(
                    self.env._(
                        "“%(code)s” has the category %(category)s, and the network's rules count "
                        "by it: it can't be archived, and its category only be made 1.",
                        code=code.display_name,
                        category=category,
                    )
                )

    # === GETTERS === #

    @api.model
    @tools.ormcache()
    def _get_taxonomy(self):
        """Return the database's reasons and codes as a value of `declines`.

        A row that can't be read is left out and logged: reading a refused charge must not fail.
        """
        reasons = self.env["recovery.decline.reason"]._get_reasons()
        known = {reason.id for reason in reasons}
        # In sudo mode because whoever pays has no rights on codes.
        codes_sudo = self.sudo().with_context(lang=None).search([("active", "=", True)])
        codes = []
        for code_sudo in codes_sudo:
            try:
                code = load_codes([code_sudo._to_row()])[0]
            except ValueError as error:
                _logger.warning("Decline code %s is left out: %s", code_sudo.id, error)
                continue
            if code.reason in known:
                codes.append(code)
            else:
                _logger.warning("Decline code %s has a reason that is left out", code_sudo.id)
        return Taxonomy(reasons, codes)

    @api.model
    def _find_code(self, scope, kind, code):
        """Return the row of a code, compared as `declines` does."""
        return self.search(
            [("scope", "=", scope), ("kind", "=", kind), ("key", "=", normalize(code))], limit=1
        )

    def _to_row(self):
        """Return the code as a row of the data file."""
        self.ensure_one()
        return {
            "scope": self.scope,
            "kind": self.kind,
            "code": self.code,
            "reason": self.reason_id.code,
            "category": self.category or "",
            "advice": self.advice or "",
            "source": self.source or "",
            "date": self.date.isoformat() if self.date else "",
        }

    def _get_shipped_key(self):
        """Fill the hook: compare codes as `declines` does."""
        self.ensure_one()
        return self.scope, self.kind, self.key

    @api.model
    def _get_shipped_rows(self):
        """Fill the hook: read the data file."""
        # In sudo mode for the archived ones and whoever restores.
        reasons_sudo = self.env["recovery.decline.reason"].sudo().with_context(active_test=False)
        reasons = {
            reason.code: reason.id for reason in reasons_sudo.search([("code", "!=", False)])
        }
        return {
            (row["scope"], row["kind"], normalize(row["code"])): {
                "scope": row["scope"],
                "kind": row["kind"],
                "code": row["code"],
                "reason_id": reasons[row["reason"]],
                "category": row["category"] or False,
                "advice": row["advice"] or False,
                "source": row["source"] or False,
                "date": fields.Date.to_date(row["date"]) or False,
            }
            for row in read_rows("codes")
        }
