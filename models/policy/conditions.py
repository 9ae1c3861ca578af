# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Conditions on invoices, as the domain editor writes them: which invoices fulfil them.

They are evaluated by a job that may read everything, and what they find can be seen in a forecast:
so they look no further than whoever wrote them may look, then and whenever they are evaluated.
"""

import psycopg2
from dateutil.relativedelta import relativedelta

from odoo import SUPERUSER_ID, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tools.safe_eval import datetime, safe_eval, time

from .paths import check_paths


class InvoiceConditions:
    """Conditions of a policy or a step.

    :param owner: whose conditions they are, a record
    :param str text: the domain, as the domain editor writes it
    :param author: the user who wrote them; none when nobody knows any more
    """

    def __init__(self, owner, text, author):
        self._owner = owner
        self._text = text
        self._author = author

    def find(self, moves):
        """Return those invoices that fulfil the conditions, by the rights of whoever wrote them.

        Today is the day where the customer lives.

        :raise Exception: whatever a malformed or outdated domain makes the ORM raise
        :raise AccessError: when they look at what their author may not see
        """
        if "today" not in (self._text or ""):
            return self._find(moves, self._owner)
        zones = {}
        for move in moves:
            partner = move.commercial_partner_id.with_company(move.company_id)
            zones.setdefault(partner._get_recovery_day(fields.Datetime.now()), []).append(
                (move.id, partner._get_recovery_tz())
            )
        found = moves.browse()
        for group in zones.values():  # Three days at most, around the world.
            ids, names = zip(*group, strict=True)
            found |= self._find(moves.browse(ids), self._owner.with_context(tz=names[0]))
        return moves & found.with_env(moves.env)

    def _find(self, moves, owner):
        """Return those invoices that fulfil the conditions, with the day of their owner."""
        domain = self._read_domain(owner)
        if domain.is_true():
            return moves
        looks_further = self._check_rights(domain)
        found = set()
        for company, group in moves.grouped("company_id").items():
            if looks_further:
                self._check_company(company)
            found.update(self._search(domain, group.ids, company))
        ids = [move_id for move_id in moves.ids if move_id in found]
        return self._owner.env["account.move"].sudo().browse(ids)

    def find_safely(self, moves, find=None):
        """Return those invoices that fulfil the conditions, and why they can't be evaluated.

        Conditions that raise count as not fulfilled: one that is broken must not keep the others
        from working.

        :param find: what to ask instead of :meth:`find`
        :return: the invoices, and the exception or none
        """
        try:
            # Conditions that PostgreSQL refuses must not spoil the transaction for the others.
            with self._owner.env.cr.savepoint():
                return (find or self.find)(moves), None
        except psycopg2.OperationalError:
            raise  # Nothing that the conditions could help.
        except Exception as error:  # A domain can fail in any way a field's search can.
            return moves.browse(), error

    def check(self, explain):
        """Check that the conditions can be evaluated, and that their author may look at all of it.

        :param explain: called with the error, returns the sentence that tells of it
        :raise ValidationError: when they can't
        """
        _moves, error = self.find_safely(self._owner.env["account.move"], self._try_out)
        if error:
            raise ValidationError(explain(error)) from error

    def _try_out(self, moves):
        domain = self._read_domain(self._owner)
        if not domain.is_true():
            self._check_rights(domain)
            # An invoice that doesn't exist: PostgreSQL, too, has to read the conditions.
            self._search(domain, [-1], self._author.sudo().company_id)
        return moves

    def is_for_all(self):
        """Return whether every invoice fulfils the conditions, because there are none."""
        domain = self._read_or_none()
        return domain is not None and domain.is_true()

    def is_for_none(self):
        """Return whether no invoice ever fulfils the conditions, by what they say."""
        domain = self._read_or_none()
        return domain is not None and (domain.is_false() or domain == Domain("id", "=", 0))

    # === HELPERS === #

    def _read_or_none(self):
        """Return the domain; none where it can't be read, so that nothing fulfils it for now."""
        try:
            return self._read_domain(self._owner)
        except Exception:  # As in `find_safely`.
            return None

    def _read_domain(self, owner):
        # The names that the domain editor writes into its expressions.
        names = {
            "context_today": lambda: fields.Date.context_today(owner),
            "datetime": datetime,
            "relativedelta": relativedelta,
            "time": time,
            "uid": self._author.id or owner.env.uid,
        }
        return Domain(safe_eval(self._text or "[]", names))

    def _check_rights(self, domain):
        """Check that the author may see all that the conditions look at.

        :return: whether they look at more than the invoice itself
        """
        env = self._owner.env
        if not self._author:
            raise UserError(
                env._("Nobody knows any more who wrote the conditions. Save them anew.")
            )
        return check_paths(env["account.move"].with_user(self._author), domain)

    def _check_company(self, company):
        """Refuse to look further in a company that the author does not know.

        What they may not see would be missing there, and what was to be left out not be found.
        """
        author_sudo = self._author.sudo()
        if author_sudo.id != SUPERUSER_ID and company not in author_sudo.company_ids:
            raise AccessError(
                self._owner.env._(
                    "%(user)s, who wrote the conditions, does not work for %(company)s. Let "
                    "somebody who does save them anew.",
                    user=author_sudo.name,
                    company=company.sudo().name,
                )
            )

    def _search(self, domain, ids, company):
        """Return the ids of those invoices that fulfil the domain.

        Whose invoices they are, somebody else has decided; beyond them, the author's rules hold,
        those on companies among them.
        """
        author_sudo = self._author.sudo()
        own = company if company in author_sudo.company_ids else author_sudo.company_id
        moves = self._owner.env["account.move"].with_user(self._author)
        moves = moves.with_context(allowed_company_ids=own.ids)
        # Not on the invoices themselves: amounts are then rounded as if in their currency.
        return moves._search(domain & Domain("id", "in", ids), bypass_access=True).get_result_ids()
