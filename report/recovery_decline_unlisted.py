# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..declines import Decline


class RecoveryDeclineUnlisted(models.Model):
    """Codes that refused payments brought and nobody knew, with how often they were seen.

    Once classified, a code stays here with its record: the list that asks for a meaning leaves it
    out, but a row that is being edited does not vanish under the user's hands.
    """

    _name = "recovery.decline.unlisted"
    _description = "Unknown Decline Code"
    _auto = False
    _rec_name = "code"
    _order = "transaction_count desc, last_seen desc, id"
    _depends = {
        "payment.transaction": ["company_id", "last_state_change", "recovery_decline"],
        "recovery.decline.code": ["scope", "kind", "code", "key"],
    }

    company_id = fields.Many2one(comodel_name="res.company", readonly=True)
    scope = fields.Char(
        readonly=True, help="The provider, card network or bank scheme whose code it is."
    )
    kind = fields.Selection(selection=lambda self: self._get_kinds(), readonly=True)
    code = fields.Char(readonly=True)
    transaction_count = fields.Integer(
        string="Seen", readonly=True, help="Refused payments that brought this code."
    )
    first_seen = fields.Datetime(readonly=True)
    last_seen = fields.Datetime(readonly=True)
    transaction_id = fields.Many2one(
        comodel_name="payment.transaction",
        string="Example",
        readonly=True,
        help="The latest payment that brought it.",
    )
    message = fields.Char(
        string="Provider's Words", compute="_compute_example", help="Of the example."
    )
    excerpt = fields.Text(
        compute="_compute_example", help="What else the provider's answer said about the example."
    )
    code_id = fields.Many2one(
        comodel_name="recovery.decline.code", string="Classified As", readonly=True
    )
    reason_id = fields.Many2one(
        comodel_name="recovery.decline.reason",
        compute="_compute_classification",
        inverse="_inverse_classification",
        readonly=False,
        help="Choose what this code means: from the next refused payment on it is understood.",
    )
    advice = fields.Char(
        compute="_compute_classification",
        inverse="_inverse_classification",
        readonly=False,
        help="Only where the code itself says what to do: never, update_data, customer_action, "
        "or a wait such as wait:24h or wait:4d.",
    )

    @property
    def _table_query(self):
        # A provider may put several codes into one answer: their places keep the ids apart. The
        # first payment of a code gives the id, so that it stays when further ones arrive.
        # Codes are compared folded, as `declines` does, and as they are, because PostgreSQL folds
        # the letters of some languages otherwise.
        return SQL(
            r"""
            WITH met AS (
                SELECT transaction.id AS transaction_id,
                       transaction.company_id,
                       transaction.last_state_change AS at,
                       entry.position,
                       entry.value ->> 0 AS scope,
                       entry.value ->> 1 AS kind,
                       entry.value ->> 2 AS code
                  FROM payment_transaction transaction
            CROSS JOIN LATERAL jsonb_path_query(
                           transaction.recovery_decline, '$.unlisted[*]'
                       ) WITH ORDINALITY AS entry(value, position)
                 WHERE transaction.recovery_decline @? '$.unlisted[0]'
                   AND entry.position <= 8
            ),
            folded AS (
                SELECT *,
                       lower(rtrim(regexp_replace(btrim(code), '\s+', ' ', 'g'), '.!')) AS key
                  FROM met
                 WHERE scope <> '' AND kind <> '' AND code <> ''
            ),
            counted AS (
                SELECT MIN(transaction_id::bigint * 8 + position - 1) AS id,
                       company_id,
                       scope,
                       kind,
                       key,
                       MIN(code) AS code,
                       COUNT(DISTINCT transaction_id) AS transaction_count,
                       MIN(at) AS first_seen,
                       MAX(at) AS last_seen,
                       MAX(transaction_id) AS transaction_id
                  FROM folded
              GROUP BY company_id, scope, kind, key
            )
            SELECT counted.id,
                   counted.company_id,
                   counted.scope,
                   counted.kind,
                   counted.code,
                   counted.transaction_count,
                   counted.first_seen,
                   counted.last_seen,
                   counted.transaction_id,
                   (
                       SELECT known.id
                         FROM recovery_decline_code known
                        WHERE known.scope = counted.scope
                          AND known.kind = counted.kind
                          AND (known.key = counted.key OR known.code = counted.code)
                        LIMIT 1
                   ) AS code_id
              FROM counted
            """
        )

    # === COMPUTE METHODS === #

    @api.depends("transaction_id")
    def _compute_example(self):
        for row in self:
            # In sudo mode because managers of recovery may have no rights on payments.
            transaction_sudo = row.transaction_id.sudo()
            decline = Decline.from_dict(transaction_sudo.recovery_decline)
            row.message = decline.message
            row.excerpt = "\n".join(f"{key}: {value}" for key, value in decline.excerpt)

    @api.depends("code_id")
    def _compute_classification(self):
        for row in self:
            row.reason_id = row.code_id.reason_id
            row.advice = row.code_id.advice

    def _inverse_classification(self):
        """List the codes with their reasons; a code that two companies met is listed once."""
        codes = self.env["recovery.decline.code"].with_context(active_test=False)
        # Listing one makes the ORM forget what was written to the others.
        for row, reason, advice in [(row, row.reason_id, row.advice) for row in self]:
            if not reason:
                raise UserError(
                    self.env._("Choose the reason that the code “%(code)s” means.", code=row.code)
                )
            vals = {"reason_id": reason.id, "advice": advice}
            if known := row.code_id or codes._find_code(row.scope, row.kind, row.code):
                known.write(vals)
            else:
                codes.create({**row._prepare_code_vals(), **vals})
        self.invalidate_model(["code_id"])

    # === BUSINESS METHODS === #

    def _prepare_code_vals(self):
        self.ensure_one()
        return {
            "scope": self.scope,
            "kind": self.kind,
            "code": self.code,
            "source": self.env._("Classified by %(user)s", user=self.env.user.name),
            "date": fields.Date.context_today(self),
        }

    # === GETTERS === #

    def _get_kinds(self):
        return self.env["recovery.decline.code"]._fields["kind"]._description_selection(self.env)
