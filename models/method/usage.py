# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Which saved methods are charged automatically."""

from odoo.tools import SQL

# Open invoices that are charged automatically, as `move`.
_OPEN_INVOICE = SQL(
    "move.collect_automatically IS TRUE AND move.state = 'posted' "
    "AND move.move_type = 'out_invoice' AND move.payment_state IN ('not_paid', 'partial')"
)


class MethodUsage:
    """The methods that companies charge automatically.

    A method is charged when an open invoice names it, or when it is the default of a customer whose
    new invoices are collected, or who has an open one that names no method.
    """

    def __init__(self, env, companies):
        self._env = env
        self._companies = companies

    def get_query(self):
        """Return the query of the ids of these methods."""
        self._env["account.move"].flush_model(
            ["collect_automatically", "collect_token_id", "state", "payment_state", "move_type"]
        )
        self._env["res.partner"].flush_model(["collect_automatically", "collect_token_id"])
        by_invoice = SQL(
            """
            SELECT move.collect_token_id FROM account_move move
             WHERE move.collect_token_id IS NOT NULL AND move.company_id IN %s AND %s
            """,
            tuple(self._companies.ids),
            _OPEN_INVOICE,
        )
        by_customer = [self._get_default_query(company) for company in self._companies]
        return SQL(" UNION ALL ").join([by_invoice, *by_customer])

    def filter(self, tokens):
        """Return those of some methods that are charged automatically."""
        if not tokens.ids:
            return tokens.browse()
        rows = self._env.execute_query(
            SQL(
                "SELECT id FROM payment_token WHERE id IN %s AND id IN (%s)",
                tuple(tokens.ids),
                self.get_query(),
            )
        )
        return tokens.browse([token_id for (token_id,) in rows])

    def _get_default_query(self, company):
        """Return the query of the methods that a company charges for being a customer's default."""
        # In sudo mode: who sees a method needn't see every customer.
        partners_sudo = self._env["res.partner"].sudo().with_company(company)
        query = partners_sudo._search([("collect_token_id", "!=", False)])
        token, is_collected = (
            partners_sudo._field_to_sql(query.table, name, query)
            for name in ("collect_token_id", "collect_automatically")
        )
        query.add_where(
            SQL(
                """
                %s IS TRUE OR EXISTS (
                    SELECT FROM account_move move
                     WHERE move.commercial_partner_id = %s AND move.company_id = %s
                       AND move.collect_token_id IS NULL AND %s)
                """,
                is_collected,
                SQL.identifier(query.table, "id"),
                company.id,
                _OPEN_INVOICE,
            )
        )
        return query.subselect(token)
