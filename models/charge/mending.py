# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What waits for the company to mend its set-up with a provider, and the one alert that says so."""

from odoo import fields

from ...tools.said import join, say
from ..case.alerts import answer_alert, put_alert
from ..case.states import CHARGING_STATES
from .faults import Faults

# How many of what waits are looked at in one run of the job, where only some of it goes on.
MOST_AT_ONCE = 500


class Mending:
    """The faults of one provider, and the cases and first charges that wait for their end.

    :param provider: a `payment.provider`, in sudo mode; nothing waits for an empty one
    """

    def __init__(self, provider):
        self._env = provider.env
        self._provider = provider
        self._faults = Faults(provider)
        self._subject = f"fault:{provider.id}"  # Of the alert.

    def follow(self):
        """Raise the one alert about the provider, or take it back, and free what may go on."""
        if not self._provider:
            return
        faults = self.list_faults()
        if not faults or faults[0].concerns != "provider":
            self._free_others()
        if not faults:
            answer_alert(self._env, self._subject)
            return
        company = self._provider.company_id
        # What is written is for administrators of the company.
        provider = self._provider.with_context(lang=company.partner_id.lang).with_company(company)
        sentence = say(
            provider.env,
            "mend_provider",
            fault=Mending(provider).describe(faults[0]),
            count=self.count_waiting(),
        )
        put_alert(provider, sentence, self._subject)

    def go_on(self):
        """Take the alert back and let go on all that waits for the provider."""
        answer_alert(self._env, self._subject)
        self._wake(*self._find_waiting())

    def list_faults(self):
        """Return what is to be told: the widest first, of those the latest.

        :rtype: list[Fault]
        """
        return self._faults.list() if self._provider else []

    def count_waiting(self):
        """Return how many invoices wait for the provider."""
        return sum(map(len, self._find_waiting())) if self._provider else 0

    def describe(self, fault):
        """Return what is wrong and what to do about it, for an administrator."""
        reason = fault.reason.with_env(self._env)
        known = {
            "provider": self._provider.name,
            "reason": reason,
            "help": reason.accountant or "",
        }
        if fault.concerns == "provider":
            sentence = say(self._env, "all_charges_wait", **known)
        else:
            sentence = say(self._env, "charges_wait", **known)
        if not fault.message:
            return sentence
        told = say(self._env, "provider_says", message=fault.message)
        return join(self._env, sentence, told)

    # === HELPERS === #

    def _free_others(self):
        """Let go on what no fault concerns any more."""
        cases, attempts = self._find_waiting(limit=MOST_AT_ONCE)
        self._wake(
            cases.filtered(
                lambda case: (
                    not self._faults.find(case._get_default_token(), case.move_id, case._get_owed())
                )
            ),
            attempts.filtered(
                lambda attempt: (
                    not self._faults.find(
                        attempt._get_token(), attempt.move_id, attempt._get_amount()
                    )
                )
            ),
        )

    def _wake(self, cases, attempts):
        """Let cases plan anew, and make first charges due: the claim puts off what is too early."""
        self._env["recovery.invoice.queue"]._add(cases.move_id)
        if attempts:
            attempts.waiting_provider_id = False
            sentence = say(self._env, "provider_charged_again")
            attempts._postpone(fields.Datetime.now(), sentence)
            attempts._make_due()

    def _find_waiting(self, limit=None):
        """Return the cases and the first charges that wait for the provider, in sudo mode."""
        # In sudo mode: who may mend the provider need not see the charges of every company.
        cases_sudo = self._env["recovery.case"].sudo()
        attempts_sudo = self._env["recovery.attempt"].sudo()
        waiting = ("waiting_provider_id", "=", self._provider.id)
        return (
            cases_sudo.search([waiting, ("state", "in", CHARGING_STATES)], limit=limit),
            attempts_sudo.search([waiting, ("state", "=", "planned")], limit=limit),
        )
