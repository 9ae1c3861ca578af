# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What an accountant can see of some payments, in a form that can be compared."""

import re

from odoo.tools import SQL

# What differs from one run to the next and says nothing: identities, what is random, and which of
# two users in one database transaction a record that has not changed was written by last.
_LEFT_OUT = {
    "access_token",
    "access_url",
    "id",
    "message_id",
    "write_uid",
}
_MODELS = (
    "account.move",
    "account.move.line",
    "account.payment",
    "account.partial.reconcile",
    "account.full.reconcile",
    "mail.message",
    "mail.tracking.value",
    "payment.transaction",
)
_LINKS = re.compile(r"(data-oe-id=[\"']|/|id=|res_id=)(\d+)")


class Books:
    """The entries, payments and notes that came after a moment, and the invoices that they are for.

    :param env: an environment that may see all
    :param transactions: whose bookings are looked at
    """

    def __init__(self, env, transactions):
        self._env = env
        self._transactions = transactions
        self._moves = transactions.invoice_ids
        names = {
            field.comodel_name
            for name in _MODELS
            for field in env[name]._fields.values()
            if field.relational
        }
        names |= set(_MODELS)
        self._last = {
            name: self._find_last(name)
            for name in names
            if env[name]._auto and not env[name]._abstract
        }
        self._labels = {}

    def read(self):  # pylint: disable=method-required-super
        """Return all that can be seen, by a name that is the same in each run.

        :return: a dict of dicts of values
        """
        self._env.flush_all()
        self._env.invalidate_all()
        self._labels = {}
        found = {}
        for name in _MODELS:
            for record in self._list(name):
                label = self._label(record)
                while label in found:  # Odoo leaves some that nothing belongs to any more.
                    label += ", another one"
                found[label] = {
                    field.name: self._tell(record, field)
                    for field in record._fields.values()
                    if self._is_shown(field)
                }
        return found

    def _find_last(self, name):
        table = SQL.identifier(self._env[name]._table)
        return self._env.execute_query(SQL("SELECT COALESCE(max(id), 0) FROM %s", table))[0][0]

    def _list(self, name):
        if name == "payment.transaction":
            return self._transactions.with_env(self._env)
        domain = [("id", ">", self._last[name])]
        if name == "account.move":
            domain = ["|", *domain, ("id", "in", self._moves.ids)]
        if name == "account.move.line":
            domain = ["|", *domain, ("move_id", "in", self._moves.ids)]
        return self._env[name].search(domain, order="id")

    def _is_shown(self, field):
        if field.name in _LEFT_OUT or field.type == "binary":
            return False
        return field.store or field.compute

    def _tell(self, record, field):
        value = record[field.name]
        if field.type in ("many2one", "one2many", "many2many", "many2one_reference", "reference"):
            if field.type == "many2one_reference":
                model = record[field.model_field]
                value = self._env[model].browse(value) if model and value else value
            return sorted(self._label(each) for each in value) if value else []
        if field.name == "matching_number" and value:
            # Named after what it matches.
            return self._label(record.full_reconcile_id) if record.full_reconcile_id else "P"
        if field.name == "display_name" and value == f"{record._name},{record.id}":
            return ""
        if isinstance(value, str):
            return _LINKS.sub(r"\1…", value)
        return repr(value)

    def _label(self, record):
        key = (record._name, record.id)
        if key not in self._labels:
            self._labels[key] = self._find_label(record)
        return self._labels[key]

    def _find_label(self, record):
        name = record._name
        if not isinstance(record.id, int) or name not in self._last:
            return name
        if record.id <= self._last[name]:
            return f"{name} {record.id}"
        if name in ("account.move", "account.payment"):
            return f"{name} {record.journal_id.code} {record.name}"
        if name == "account.move.line":
            place = record.move_id.line_ids.sorted("id").ids.index(record.id)
            return f"{name} {place} of {self._label(record.move_id)}"
        if name == "account.partial.reconcile":
            sides = record.debit_move_id, record.credit_move_id
            return f"{name} of {' and '.join(map(self._label, sides))}"
        if name == "account.full.reconcile":
            return f"{name} of {sorted(map(self._label, record.reconciled_line_ids))}"
        if name == "mail.message" and record.model:
            thread = self._env[record.model].browse(record.res_id)
            place = self._env[name].search(
                [("model", "=", record.model), ("res_id", "=", record.res_id)], order="id"
            )
            return f"{name} {place.ids.index(record.id)} of {self._label(thread)}"
        if name == "mail.tracking.value":
            return f"{name} {record.field_id.name} of {self._label(record.mail_message_id)}"
        return f"{name}, a new one"
