"""Which saved methods are charged automatically, and which of them end soon."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from .payment_token import RECOVERY_GROUP

# Days before the last one in which a method is shown as ending soon, or next.
SOON, NEXT = timedelta(days=30), timedelta(days=60)
# Open invoices that are charged automatically, as `move`.
_OPEN_INVOICE = SQL(
    "move.collect_automatically IS TRUE AND move.state = 'posted' "
    "AND move.move_type = 'out_invoice' AND move.payment_state IN ('not_paid', 'partial')"
)


class PaymentToken(models.Model):
    _inherit = "payment.token"

    recovery_expiry_state = fields.Selection(
        selection=[
            ("expired", "Expired"),
            ("soon", "Ends in 30 Days"),
            ("next", "Ends in 60 Days"),
        ],
        string="Validity",
        compute="_compute_recovery_expiry_state",
        groups=RECOVERY_GROUP,
        help="An expired card may still be charged: many banks take charges of a card that they "
        "have renewed. Whether this one does, the next charge tells.",
    )
    recovery_in_use = fields.Boolean(
        string="In Use for Collection",
        compute="_compute_recovery_in_use",
        search="_search_recovery_in_use",
        groups=RECOVERY_GROUP,
        help="Invoices are charged to it automatically: those of a customer, or an open one.",
    )
    recovery_provider_name = fields.Char(
        string="Provider Name", related="provider_id.name", groups=RECOVERY_GROUP
    )

    # === COMPUTE METHODS === #

    @api.depends("recovery_expiry")
    @api.depends_context("tz")
    def _compute_recovery_expiry_state(self):
        today = fields.Date.context_today(self)
        for token in self:
            expiry = token.recovery_expiry
            token.recovery_expiry_state = expiry and (
                (expiry < today and "expired")
                or (expiry <= today + SOON and "soon")
                or (expiry <= today + NEXT and "next")
            )

    @api.depends("provider_id")
    @api.depends_context("allowed_company_ids")
    def _compute_recovery_in_use(self):
        # In sudo mode: what the users' other rules hide of customers doesn't change the answer.
        in_use_sudo = self.sudo()._recovery_filter_in_use(self.env.companies)
        for token in self:
            token.recovery_in_use = token._origin.id in in_use_sudo.ids

    def _search_recovery_in_use(self, operator, value):
        if operator != "in":
            return NotImplemented
        condition = self._recovery_get_use_condition(self.env.companies)
        is_wanted = Domain.custom(
            to_sql=lambda model, alias, query: SQL(
                "%s IN (%s)", SQL.identifier(alias, "id"), condition
            )
        )
        return is_wanted if True in value else ~is_wanted

    # === GETTERS === #

    @api.model
    def _recovery_get_expiring(self, company, until):
        """Return the methods in use for automatic collection that end soon, the first one first.

        Those whose last day lies between today, by the company's clock, and another day. What has
        ended already is not among them. One query.

        :param company: whose collection it is; the method may be one of a parent company
        :param datetime.date until: the latest last day
        """
        tz = company.partner_id.with_company(company)._get_recovery_tz()
        today = fields.Date.context_today(self.with_context(tz=tz))
        # In sudo mode: providers are readable by administrators only.
        tokens_sudo = self.sudo().with_context(active_test=True)
        query = tokens_sudo._search(
            [
                ("recovery_expiry", ">=", today),
                ("recovery_expiry", "<=", until),
                ("provider_id.state", "!=", "disabled"),
                ("company_id", "in", company.sudo().parent_ids.ids),
            ],
            order="recovery_expiry, id",
        )
        query.add_where(
            SQL(
                "%s IN (%s)",
                SQL.identifier(query.table, "id"),
                self._recovery_get_use_condition(company),
            )
        )
        return self.browse(query)

    def _recovery_filter_in_use(self, companies):
        """Return those of these methods that companies charge automatically."""
        if not self.ids:
            return self.browse()
        condition = self._recovery_get_use_condition(companies)
        rows = self.env.execute_query(
            SQL(
                "SELECT id FROM payment_token WHERE id IN %s AND id IN (%s)",
                tuple(self.ids),
                condition,
            )
        )
        return self.browse([token_id for (token_id,) in rows])

    @api.model
    def _recovery_get_use_condition(self, companies):
        """Return the query of the ids of the methods that companies charge automatically.

        A method is charged when an open invoice names it, or when it is the default of a customer
        whose new invoices are collected, or who has an open one that names no method.
        """
        self.env["account.move"].flush_model(
            ["collect_automatically", "collect_token_id", "state", "payment_state", "move_type"]
        )
        self.env["res.partner"].flush_model(["collect_automatically", "collect_token_id"])
        by_invoice = SQL(
            """
            SELECT move.collect_token_id FROM account_move move
             WHERE move.collect_token_id IS NOT NULL AND move.company_id IN %s AND %s
            """,
            tuple(companies.ids),
            _OPEN_INVOICE,
        )
        by_customer = [self._recovery_get_default_condition(company) for company in companies]
        return SQL(" UNION ALL ").join([by_invoice, *by_customer])

    @api.model
    def _recovery_get_default_condition(self, company):
        """Return the query of the methods that a company charges for being a customer's default."""
        # In sudo mode: who sees a method needn't see every customer.
        partners_sudo = self.env["res.partner"].sudo().with_company(company)
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
