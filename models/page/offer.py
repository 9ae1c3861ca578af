# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Which saved methods the customer's page offers, and to whom."""

# Each look goes through all charges of the method.
_MOST_LOOKS = 50


class MethodOffer:
    """The saved methods that one person can pay some invoices with on the page.

    What a colleague has saved is nobody else's to use, unless it is what these invoices are charged
    to anyway.

    :param cases: the `recovery.case` of the invoices, in sudo mode, of one customer
    :param person: the contact for whom the link was made; where it isn't known, nobody's own
        methods are offered
    :param owed: what is owed on each of the cases, in its currency
    """

    def __init__(self, cases, person, owed):
        self._cases = cases
        self._person = person
        self._owed = owed

    def list_tokens(self, providers_sudo):
        """Return these methods, in sudo mode.

        One that expired or is dead is not offered, and neither is one whose charge the bank wants
        to see confirmed: Odoo's providers charge a saved method as if the customer were away, so
        that only the form with the card's details leads to the confirmation.

        :param providers_sudo: that take the payment
        """
        lead = self._cases[:1]
        tokens_sudo = lead.partner_id._get_collect_tokens(lead.company_id).sudo()
        chosen_ids = {case._get_default_token().id for case in self._cases}
        chosen_id = chosen_ids.pop() if len(chosen_ids) == 1 else False
        return tokens_sudo.filtered(
            lambda token: (
                token.active
                and (token.id == chosen_id or token.partner_id in self._person)
                and token.provider_id in providers_sudo
                and not self._is_shut(token)
            )
        )

    def _is_shut(self, token):
        """Return whether a method can't be charged for one of these invoices until it changes.

        Asked once for invoices that are all the same to the card and its networks: customers may
        owe very many. Where too many have to be looked at one by one, it is not offered.
        """
        history = token._recovery_get_history()
        known = {earlier.attempt.debt for earlier in history}
        debts = {
            (self._owed[case], case.currency_id, case.move_id.id in known and case): case
            for case in self._cases
        }
        return len(debts) > _MOST_LOOKS or any(
            case._is_method_shut(token, self._owed[case], history) for case in debts.values()
        )
