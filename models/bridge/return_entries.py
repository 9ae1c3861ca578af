# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The entries of a bank return before it is booked: what each is, and what stands against it.

For the model `payment.return` of the OCA's addon `account_payment_return`.
"""

from markupsafe import Markup

from odoo import fields
from odoo.exceptions import UserError

from ...declines import read_return
from ...declines.bank_files import read_entry
from ...tools import series


class ReturnEntries:
    """The entries of one bank return that is not booked yet.

    :param record: of the model `payment.return`
    """

    def __init__(self, record):
        self._record = record
        self._env = record.env

    def match(self, line):
        """Choose the payment of the charge whose reference the bank gives back."""
        move_line = self._find_payment(line).move_id.line_ids.filtered(_is_payment)
        if move_line:
            line.partner_id = move_line.partner_id[:1]
            line.move_line_ids = move_line

    def put_aside(self, is_confirmed=False):
        """Take out what is not to be booked, into a cancelled return that says why.

        So the entries are known to the addon when the same file comes again.

        :param is_confirmed: whether a person wants the rest to be booked now
        """
        sentences = {}
        taken = self._env["account.move.line"]
        for line in self._record.line_ids:
            if sentence := self._find_reason_to_leave(line, taken, is_confirmed):
                sentences[line] = sentence
            taken |= line.move_line_ids
        if not sentences:
            return
        record, aside = self._record, self._record
        if len(sentences) < len(record.line_ids):
            aside = record.create(
                {
                    "name": record.name,
                    "date": record.date,
                    "company_id": record.company_id.id,
                    "journal_id": record.journal_id.id,
                }
            )
        for line in sentences:
            line.write({"return_id": aside.id, "move_line_ids": False})
        record.invalidate_recordset(["line_ids"])
        aside.state = "cancelled"
        items = Markup().join(map(Markup("<li>%s</li>").__mod__, sentences.values()))
        for each in record | aside:
            each.message_post(
                body=Markup("<p>%s</p><ul>%s</ul>")
                % (self._env._("Not booked, because nothing is to be booked for it:"), items)
            )

    def check(self):
        """Refuse entries that can't be booked as they are.

        :raise UserError: with one sentence for each of them
        """
        checks = (self._check_payment, self._check_currency, self._check_amount)
        sentences = [
            next(filter(None, (check(line) for check in checks)), None)
            for line in self._record.line_ids
        ]
        if any(sentences):
            raise UserError("\n".join(filter(None, sentences)))

    def choose_account(self):
        """Book against the account on which the payments wait for the bank, where it is one.

        By itself the addon takes one of the company, which the bank's debit is not matched with.
        """
        record = self._record
        method_lines = record.line_ids.move_line_ids.move_id.origin_payment_id.mapped(
            "payment_method_line_id"
        )
        if (
            not record.payment_method_line_id
            and len(method_lines) == 1
            and method_lines.journal_id == record.journal_id
        ):
            record.payment_method_line_id = method_lines

    # === WHAT IS NOT BOOKED === #

    def _find_reason_to_leave(self, line, taken, is_confirmed):
        """Return why nothing is to be booked for an entry, or none.

        :param taken: the journal items that entries before it take back
        """
        entry, known = _read(line), {"entry": _describe(line)}
        if not entry._replace(code=read_code(line)).is_return():
            return self._env._(
                "%(entry)s is no return: the bank reports %(code)s.",
                code=entry.status or read_code(line),
                **known,
            )
        payment = line.move_line_ids.move_id.origin_payment_id or self._find_payment(line)
        returned = payment.filtered(lambda payment: payment._recovery_is_returned())
        if returned or line.move_line_ids & taken or self._is_booked(line):
            names = returned.mapped("display_name") or line.move_line_ids.mapped("move_name")
            return self._env._(
                "%(entry)s: the return of %(payment)s is known already.",
                payment=", ".join(names),
                **known,
            )
        if not line.move_line_ids and not payment and self._is_declined(line):
            return self._env._("%(entry)s: the charge is known as not paid already.", **known)
        # A file that is merely looked at returns nothing.
        if is_confirmed and _is_without_entry(line, payment):
            return self._record_on_payment(line, payment)
        return None

    def _is_booked(self, line):
        """Return whether another bank return took a payment of this one back."""
        domain = [
            ("move_line_ids", "in", line.move_line_ids.ids),
            ("return_id.state", "=", "done"),
            ("id", "!=", line.id),
        ]
        return bool(line.move_line_ids and line.search_count(domain, limit=1))

    def _is_declined(self, line):
        """Return whether the provider told before that the charge was not paid."""
        transaction_sudo = self._find_transaction(line)
        return transaction_sudo.state in ("error", "cancel") and (
            not transaction_sudo.recovery_unclear
        )

    def _record_on_payment(self, line, payment):
        # Like one recorded by hand; what stands against it is told by the same sentences.
        date = min(self._record.date or fields.Date.today(), fields.Date.context_today(payment))
        payment._recovery_return(read_line(line, payment.sudo()), date)
        return self._env._(
            "%(entry)s is recorded on %(payment)s, which has no journal entry.",
            entry=_describe(line),
            payment=payment.display_name,
        )

    # === WHAT CAN'T BE BOOKED === #

    def _check_payment(self, line):
        known = {"entry": _describe(line)}
        if line.move_line_ids:
            return None
        transaction_sudo = self._find_transaction(line)
        if transaction_sudo.state in ("draft", "pending", "authorized"):
            return self._env._(
                "%(entry)s: the charge is still on its way. Confirm on the invoice that it was not "
                "charged, then take the entry out.",
                **known,
            )
        if transaction_sudo.state == "done":
            return self._env._(
                "%(entry)s: the payment is not booked yet. Confirm the return once it is.", **known
            )
        return self._env._(
            "%(entry)s: no payment is known by this reference. Choose the payment, or take the "
            "entry out.",
            **known,
        )

    def _check_currency(self, line):
        """Refuse amounts that the addon would book as if they were in the company's currency."""
        currency = self._record.company_id.currency_id
        told = _read(line).currency or currency.name
        others = line.move_line_ids.currency_id - currency
        if told == currency.name and not others:
            return None
        return self._env._(
            "%(entry)s is in %(currency)s, and would be booked in %(company)s. Record it with "
            "Payment Returned on the payment, then take the entry out.",
            entry=_describe(line),
            currency=told if told != currency.name else others[:1].name,
            company=currency.name,
        )

    def _check_amount(self, line):
        """Refuse an amount that can't be told apart, or is none."""
        currency = self._record.company_id.currency_id
        total = sum(line.move_line_ids.mapped("credit"))
        known = {"entry": _describe(line), "total": currency.format(total)}
        if currency.compare_amounts(line.amount, 0) <= 0:
            return self._env._("%(entry)s: enter the amount that the bank took back.", **known)
        difference = currency.compare_amounts(line.amount, total)
        if difference and len(line.move_line_ids) > 1:
            return self._env._(
                "%(entry)s matches several payments of %(total)s. Choose the one that the bank "
                "took back.",
                **known,
            )
        if difference > 0:
            return self._env._(
                "%(entry)s is more than the payment of %(total)s. Enter what the bank charges for "
                "it as charges, and the payment as amount.",
                **known,
            )
        return None

    # === HELPERS === #

    def _find_payment(self, line):
        """Return the payment of the charge whose reference the bank gives back, if it is one."""
        return self._find_transaction(line).payment_id.sudo(False)

    def _find_transaction(self, line):
        """Return the payment transaction of a reference, ours or the provider's, in sudo mode."""
        # In sudo mode: whoever imports a file need not see the transactions of providers.
        transactions_sudo = self._env["payment.transaction"].sudo()
        reference = (line.reference or "").strip()
        found_sudo = transactions_sudo
        for name in ("reference", "provider_reference"):
            domain = [
                (name, "=", reference),
                ("company_id", "=", self._record.company_id.id),
                ("operation", "not in", ("validation", "refund")),
            ]
            if reference and not found_sudo:
                found_sudo = transactions_sudo.search(domain, limit=2)
        return found_sudo if len(found_sudo) == 1 else transactions_sudo


def find_reason(env, code):
    """Return the reason that has a bank's code, if the addon knows one.

    :rtype: payment.return.reason
    """
    reasons = env["payment.return.reason"]
    return reasons.search([("code", "=ilike", code)], limit=1) if code else reasons


def read_code(line):
    """Return the bank's code of an entry: the reason that is chosen, else what the file says."""
    return (line.reason_id.code or "").strip().upper() or _read(line).code


def read_line(line, payment_sudo):
    """Return what the bank said of one entry.

    :param line: a `payment.return.line`
    :param payment_sudo: the payment that was returned, if it has a record
    :rtype: declines.Decline
    """
    return read_return(
        payment_sudo._recovery_guess_scheme() if payment_sudo else "sepa",
        read_code(line),
        line.reason_additional_information or "",
        # In sudo mode: whoever imports a file need not be allowed to read codes.
        line.env["recovery.decline.code"].sudo()._get_taxonomy(),
    )


def _read(line):
    """Return what the file said of an entry; nothing where it was entered by hand."""
    # The field is of the addon that imports files, which need not be there.
    known = "raw_import_data" in line._fields
    return read_entry((known and line.raw_import_data) or "")


def _describe(line):
    """Return how people know an entry."""
    name = line.reference or line.concept or line.partner_id.name or line.partner_name
    amount = line.return_id.company_id.currency_id.format(line.amount)
    return f"{name} ({amount})" if name else amount


def _is_without_entry(line, payment):
    """Return whether a payment is to be returned that has no entry to take anything off."""
    if line.move_line_ids or not payment:
        return False
    return series.has_arrived(payment) and not payment.move_id


def _is_payment(line):
    """Return whether a journal item is the customer's side of a payment that paid something."""
    return line.account_id.account_type == "asset_receivable" and line.credit > 0
