# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The saved method that is a customer's default: dropped when it does not fit any more."""

from odoo.tools import SQL


class DefaultMethods:
    """Looks for defaults that fit their customer, or their company, no more.

    A card stays with the contact who saved it: when they leave, their company has no right to it.

    :param env: of whoever changed something; what is dropped is dropped in sudo mode
    """

    def __init__(self, env):
        # In sudo mode: who edits contacts, or makes invoices, needn't see payment methods.
        self._env = env(su=True)

    def drop_of(self, partners, tokens=None):
        """Drop the defaults that do not fit of some customers, or to some methods, and say so.

        :param partners: whose own defaults are looked at
        :param tokens: which are looked for among the defaults of everybody
        """
        for partner_id, company_id, token_id in self._find(partners, tokens):
            partner = self._env["res.partner"].browse(partner_id)
            company = self._env["res.company"].browse(company_id)
            self._unset(partner.with_company(company), self._env["payment.token"].browse(token_id))

    def _unset(self, partner, token):
        """Drop the default of a customer in the company of the environment."""
        env = partner.env
        known = {
            "method": token._recovery_get_label(),
            "customer": partner.display_name,
            "company": env.company.display_name,
        }
        if token._recovery_is_of(partner):
            sentence = env._(
                "New invoices of %(company)s are not charged to %(method)s any more: it was saved "
                "for another company. Choose another payment method.",
                **known,
            )
        else:
            sentence = env._(
                "New invoices of %(company)s are not charged to %(method)s any more: it does not "
                "belong to %(customer)s. Choose another payment method.",
                **known,
            )
        partner.collect_token_id = False
        partner.message_post(body=sentence)

    def _find(self, partners, tokens):
        """Return customer, company and method of each default that does not fit, by their ids."""
        self._env["res.partner"].flush_model(["collect_token_id", "commercial_partner_id"])
        self._env["payment.token"].flush_model(["company_id", "partner_id"])
        return self._env.execute_query(
            SQL(
                """
                SELECT partner.id, company.id, token.id
                  FROM res_partner partner
            CROSS JOIN jsonb_each_text(partner.collect_token_id) chosen(company_id, token_id)
                  JOIN res_company company ON company.id = chosen.company_id::integer
                  JOIN payment_token token ON token.id = chosen.token_id::integer
                  JOIN res_company home ON home.id = token.company_id
                  JOIN res_partner owner ON owner.id = token.partner_id
                 WHERE partner.collect_token_id IS NOT NULL
                   AND partner.commercial_partner_id = partner.id
                   AND (partner.id IN %(partners)s OR token.id IN %(tokens)s)
                   AND (partner.id NOT IN (owner.id, owner.commercial_partner_id)
                        OR company.parent_path NOT LIKE home.parent_path || '%%')
              ORDER BY partner.id, company.id
                """,
                partners=tuple(partners.ids) or (0,),
                tokens=tuple(tokens.ids) if tokens else (0,),
            )
        )
