# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Providers that fail now are told to the automation rules that wait for it."""

from datetime import timedelta
from functools import partial

from odoo import api, fields, models
from odoo.tools import SQL

from ...tools import jobs
from ...tools.said import say
from ..case.recovery_invoice_queue import FOLLOW

# How far back failures are counted, and how often one provider is told of.
FAILING_WINDOW = timedelta(hours=1)

FOLLOW.fill("failing providers", ("payment.provider", "_recovery_tell_failing"))


class PaymentProvider(models.Model):
    _inherit = "payment.provider"

    # === CRON === #

    @api.model
    def _recovery_tell_failing(self):
        """Raise `provider_failing` for the providers that fail now, where a rule waits for it.

        A step of the job that follows invoices.
        """
        if not self.env["recovery.event"]._is_awaited():
            return
        for provider_id, failed, total in self._recovery_count_failures():
            provider = self.browse(provider_id)
            if provider._recovery_is_failing(failed, total):
                jobs.work(
                    self.env,
                    partial(provider._recovery_raise_failing, failed, total),
                    doing=f"Telling that provider {provider_id} fails",
                )

    def _recovery_raise_failing(self, failed, total):
        # What is written is for accountants.
        company, env = self.company_id, self.with_context(lang=self.company_id.partner_id.lang).env
        sentence = say(
            env,
            "provider_failing",
            failed=failed,
            total=total,
            provider=self.name,
        )
        env["recovery.event"].with_company(company)._raise(
            "provider_failing", provider=self, company_id=company.id, sentence=sentence
        )

    # === CHECKS === #

    def _recovery_is_failing(self, failed, total):
        """Return whether so many failures are to be told now: enough, not paused, not told."""
        if not self.recovery_failing_count or failed < self.recovery_failing_count:
            return False
        if failed * 100 < self.recovery_failing_share * total or self._recovery_is_waiting():
            return False
        return not self.env["recovery.event"]._is_known(
            ("type", "=", "provider_failing"),
            ("provider_id", "=", self.id),
            ("occurred_at", ">", fields.Datetime.now() - FAILING_WINDOW),
        )

    # === GETTERS === #

    @api.model
    def _recovery_count_failures(self):
        """Return the providers that met trouble in the last hour.

        By when charges were sent: what is sent now and is declined in days tells nothing of now.

        :return: for each provider its id, the charges that met trouble, and all charges
        :rtype: list[tuple[int, int, int]]
        """
        self.env["recovery.attempt"].flush_model(
            ["state", "started_at", "decline_class", "transaction_id"]
        )
        failed = SQL(
            """
            (attempt.decline_class IS DISTINCT FROM 'merchant'
                 AND attempt.state IN ('unknown', 'not_sent')
             OR attempt.state = 'declined' AND attempt.decline_class = 'technical')
            """
        )
        return self.env.execute_query(
            SQL(
                """
                SELECT transaction.provider_id, COUNT(*) FILTER (WHERE %(failed)s), COUNT(*)
                  FROM recovery_attempt attempt
                  JOIN payment_transaction transaction ON transaction.id = attempt.transaction_id
                 WHERE attempt.started_at > %(since)s
                   AND attempt.state NOT IN ('planned', 'running', 'cancelled')
                 GROUP BY transaction.provider_id
                HAVING COUNT(*) FILTER (WHERE %(failed)s) > 0
                """,
                failed=failed,
                since=fields.Datetime.now() - FAILING_WINDOW,
            )
        )
