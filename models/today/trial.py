# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""A charge that is declined and one that is paid, at a test provider, of which nothing stays."""

from odoo import SUPERUSER_ID, fields
from odoo.exceptions import UserError
from odoo.fields import Command

from ...tools.errors import describe_error
from ...tools.rehearsal import rehearsed

# Of the company's currency, or twice what the provider takes at least.
AMOUNT = 10.0
# How the two charges are meant to end, by what the test card is told to do.
MEANT = {"error": "declined", "done": "paid"}


class Trial:
    """Tries a provider with two test cards, as the job charges, in a rehearsal.

    The charges are real calls of the provider's test mode. Everything in the database is made in
    one transaction that is taken back at the end: the customer, their cards, the invoices and
    their numbers, the charges, the case, what is booked. Also when it fails, and when Odoo dies.

    :param provider: a `payment.provider`, in sudo mode and in the reader's environment
    :raise UserError: for a provider of real money, or one without cards to test with
    """

    def __init__(self, provider):
        self._env = provider.env
        self._provider = provider
        if not provider._recovery_can_be_tried():
            raise UserError(
                self._env._(
                    "%(provider)s can't be tried with a test card: only Odoo's demo provider can, "
                    "and Stripe in test mode.",
                    provider=provider.name,
                )
            )

    def run(self):
        """Make both charges and take everything back.

        :return: for each thing that was looked at, whether it is right, and a sentence
        :rtype: list[tuple[bool, str]]
        """
        found = []
        try:
            with rehearsed(self._env(user=SUPERUSER_ID)) as env:
                stage = _Stage(env, self._provider.id)
                for outcome in MEANT:
                    found += stage.charge(outcome)
        except Exception as error:  # Whatever it was, it is told and nothing of it stays.
            sentence = self._env._(
                "It stopped here: %(error)s All that was made until then is removed.",
                error=describe_error(error),
            )
            found.append((False, sentence))
        return found


class _Stage:
    """The company, the customer and the journal of a rehearsal.

    :param env: that of :func:`tools.rehearsal.rehearsed`
    """

    def __init__(self, env, provider_id):
        company = env["payment.provider"].browse(provider_id).company_id
        self._env = env = env(context={**env.context, "allowed_company_ids": company.ids})
        self._provider = env["payment.provider"].browse(provider_id)
        self._company = self._provider.company_id
        self._company.recovery_charge_test_providers = True
        if self._provider.state == "disabled":
            self._provider.state = "test"
        self._journal = self._create_journal()
        self._customer = env["res.partner"].create(
            {"name": env._("Test Card"), "company_id": company.id}
        )

    def charge(self, outcome):
        """Charge an invoice with a card that ends as wanted; return what is right, and what not.

        :param str outcome: of :data:`MEANT`
        :rtype: list[tuple[bool, str]]
        """
        card = self._env["payment.token"].create(
            self._provider._recovery_prepare_test_card(self._customer, outcome)
        )
        invoice = self._create_invoice(card)
        attempt = self._env["recovery.attempt"].create(
            invoice._prepare_attempt_vals(
                # A person asks for it: it goes out at any hour.
                source="user",
                planned_at=fields.Datetime.now(),
                due_date=invoice.invoice_date_due,
                token_id=card.id,
            )
        )
        claimed, _has_time = attempt._claim_one(attempt.id)
        if claimed:
            claimed._carry_out()
        attempt.invalidate_recordset()
        return self._judge(attempt, outcome)

    # === WHAT IS MADE === #

    def _create_journal(self):
        """Return a journal of its own: nobody waits for the numbers of another one."""
        journals = self._env["account.journal"]
        domain = [("type", "=", "sale"), ("company_id", "=", self._company.id)]
        journal = journals.search(domain, limit=1)
        if not journal:
            raise UserError(
                self._env._(
                    "%(company)s has no sales journal yet. Choose its country's chart of accounts "
                    "in the settings of Invoicing.",
                    company=self._company.name,
                )
            )
        return journal.copy(
            {
                "name": self._env._("Test Card"),
                "code": "RRT",
                "default_account_id": journal.default_account_id.id,
                "restrict_mode_hash_table": False,
            }
        )

    def _create_invoice(self, card):
        today = fields.Date.context_today(self._customer)
        invoice = self._env["account.move"].create(
            {
                "move_type": "out_invoice",
                "journal_id": self._journal.id,
                "partner_id": self._customer.id,
                "invoice_date": today,
                "invoice_date_due": today,
                "invoice_payment_term_id": False,
                "collect_automatically": True,
                "collect_token_id": card.id,
                "invoice_line_ids": [
                    Command.create(
                        {
                            "name": self._env._("Test Card"),
                            "price_unit": self._get_amount(),
                            "tax_ids": [],
                        }
                    )
                ],
            }
        )
        invoice.action_post()
        return invoice

    def _get_amount(self):
        currency = self._company.currency_id
        minimums = self._env["recovery.charge.minimum"]
        least = minimums._get_published(currency, self._provider.code)
        return currency.round(max(AMOUNT, 2 * least))

    # === WHAT IS FOUND === #

    def _judge(self, attempt, outcome):
        is_right = attempt.state == MEANT[outcome]
        values = {
            "amount": attempt.currency_id.format(attempt.amount or self._get_amount()),
            "state": dict(attempt._fields["state"]._description_selection(self._env)).get(
                attempt.state
            ),
            "reason": attempt.decline_reason_id.name or attempt.sentence or "",
        }
        if outcome == "done":
            return [(is_right, self._say_paid(is_right, values)), self._judge_booking(attempt)]
        if not is_right:
            sentence = self._env._(
                "The card that is to be declined: %(state)s. %(reason)s", **values
            )
            return [(False, sentence)]
        sentence = self._env._(
            "A charge of %(amount)s was declined, as it was to be: %(reason)s.", **values
        )
        return [(True, sentence), self._judge_case(attempt)]

    def _say_paid(self, is_right, values):
        if is_right:
            return self._env._("A charge of %(amount)s was paid, as it was to be.", **values)
        return self._env._("The card that is to pay: %(state)s. %(reason)s", **values)

    def _judge_booking(self, attempt):
        move = attempt.move_id
        if move.payment_state in ("paid", "in_payment"):
            return True, self._env._("Its payment was booked, and its invoice is paid.")
        return False, self._env._("Its payment was not booked: the invoice is still open.")

    def _judge_case(self, attempt):
        case = attempt.move_id.recovery_case_id
        if not case:
            return False, self._env._(
                "No case opened: no policy matches an invoice like this one, so nothing follows."
            )
        return True, self._env._(
            "A case opened under “%(policy)s”. Next step: %(next)s",
            policy=case.policy_id.name,
            next=case.next_step,
        )
