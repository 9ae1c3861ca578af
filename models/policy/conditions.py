"""Conditions on invoices, as the domain editor writes them: which invoices fulfil them."""

import psycopg2
from dateutil.relativedelta import relativedelta

from odoo import fields
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools.safe_eval import datetime, safe_eval, time


class InvoiceConditions:
    """Conditions of a policy or a step.

    :param owner: whose conditions they are; they are evaluated in its environment
    :param str text: the domain, as the domain editor writes it
    """

    def __init__(self, owner, text):
        self._owner = owner
        self._text = text

    def find(self, moves):
        """Return those invoices that fulfil the conditions.

        Today is the day where the customer lives.

        :raise Exception: whatever a malformed or outdated domain makes the ORM raise
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
        """Return those invoices that fulfil the conditions in the environment of their owner."""
        # The names that the domain editor writes into its expressions.
        names = {
            "context_today": lambda: fields.Date.context_today(owner),
            "datetime": datetime,
            "relativedelta": relativedelta,
            "time": time,
            "uid": owner.env.uid,
        }
        domain = Domain(safe_eval(self._text or "[]", names))
        if domain.is_true():
            return moves
        # Not on the invoices themselves: amounts are then rounded as if in their currency.
        return owner.env["account.move"].sudo().search(domain & Domain("id", "in", moves.ids))

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
        """Check that the conditions can be evaluated.

        :param explain: called with the error, returns the sentence that tells of it
        :raise ValidationError: when they can't
        """
        # An invoice that doesn't exist: PostgreSQL, too, has to read the conditions.
        nothing = self._owner.env["account.move"].browse(-1)
        _moves, error = self.find_safely(nothing, lambda moves: self._find(moves, self._owner))
        if error:
            raise ValidationError(explain(error)) from error
