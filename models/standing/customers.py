# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Which customer a product means: by their reference, their id in Odoo, or their e-mail."""

from odoo.tools import SQL, email_normalize

# Ids beyond are none, and PostgreSQL can't compare them.
_MOST_ID = 2**31 - 1
_MOST_CHARACTERS = 200
KINDS = ("ref", "id", "email")


class Ambiguous(Exception):
    """Several customers of the company go by this name."""


class Unreadable(Exception):
    """No customer can go by this name."""


def find_customer(company, text, company_ids=None):
    """Return the customer of a company whom a product means, empty when it has none of the name.

    Whoever the text names as a reference goes before who has it as an id, and they before who has
    it as an e-mail; ``ref:``, ``id:`` and ``email:`` in front of it leave no doubt. A customer of
    another company is looked for, and not found, by the very same query as one that does not exist.

    :param company_ids: of the company and those above it, where they are known already
    :raise Ambiguous: when several customers have the reference or the e-mail
    :raise Unreadable: when it is empty or too long
    """
    partners = company.env["res.partner"]
    partners.flush_model(["ref", "email_normalized", "commercial_partner_id", "company_id"])
    kinds, value = _read(text)
    company_ids = company_ids or tuple(company.parent_ids.ids) or (company.id,)
    rows = company.env.execute_query(_make_query(company.id, company_ids, kinds, value))
    ids = {partner_id for rank, partner_id in rows if rank == rows[0][0]}
    if len(ids) > 1:
        raise Ambiguous
    return partners.browse(ids)


def _read(text):
    """Return the kinds that a text can be of, and the text without its kind."""
    text = (text or "").strip()
    kind, separator, rest = text.partition(":")
    is_told = separator and kind in KINDS
    value = rest.strip() if is_told else text
    if not value or len(value) > _MOST_CHARACTERS or "\0" in value:
        raise Unreadable
    return ((kind,) if is_told else KINDS), value


def _make_query(company_id, company_ids, kinds, value):
    is_number = value.isascii() and value.isdecimal() and int(value) <= _MOST_ID
    wanted = {
        "ref": value,
        "id": int(value) if is_number else 0,
        "email": email_normalize(value, strict=False) or "",
    }
    ref, number, email = (wanted[kind] if kind in kinds else None for kind in KINDS)
    # A contact that all companies share is a customer of those that have invoices of theirs; a
    # customer of nobody may have come today.
    return SQL(
        """
        SELECT DISTINCT named.rank, customer.id
          FROM (SELECT 1 AS rank, commercial_partner_id FROM res_partner WHERE ref = %(ref)s
             UNION ALL
                SELECT 2, commercial_partner_id FROM res_partner WHERE id = %(number)s
             UNION ALL
                SELECT 3, commercial_partner_id FROM res_partner
                 WHERE email_normalized = %(email)s) named
          JOIN res_partner customer ON customer.id = named.commercial_partner_id
         WHERE customer.company_id IN %(companies)s
            OR (customer.company_id IS NULL
                AND (EXISTS (SELECT FROM account_move move
                               JOIN res_partner contact ON contact.id = move.partner_id
                              WHERE contact.commercial_partner_id = customer.id
                                AND move.move_type IN ('out_invoice', 'out_refund')
                                AND move.company_id = %(company)s)
                  OR NOT EXISTS (SELECT FROM account_move move
                                   JOIN res_partner contact ON contact.id = move.partner_id
                                  WHERE contact.commercial_partner_id = customer.id
                                    AND move.move_type IN ('out_invoice', 'out_refund'))))
      ORDER BY named.rank
        """,
        ref=ref,
        number=number,
        email=email,
        company=company_id,
        companies=company_ids,
    )
