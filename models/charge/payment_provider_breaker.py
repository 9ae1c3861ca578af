"""The circuit breaker: charges of a failing provider wait, by hand or by an automation rule."""

import logging
from datetime import timedelta

import psycopg2

from odoo import api, fields, models
from odoo.tools import SQL, format_datetime

_logger = logging.getLogger(__name__)

# How far back failures are counted, and how often one provider is told of.
FAILING_WINDOW = timedelta(hours=1)
# For how long the button pauses; who looks at it can resume, or press it once more.
BUTTON_PAUSE = timedelta(hours=24)
MANAGERS = "base.group_system,revenue_recovery.group_recovery_manager"


class PaymentProvider(models.Model):
    _inherit = "payment.provider"

    recovery_paused_until = fields.Datetime(
        string="Charges Paused Until",
        readonly=True,
        copy=False,
        groups=MANAGERS,
        help="Recovery charges nothing through the provider until then. Planned charges wait and "
        "go out afterwards; no try is used up. Customers can still pay by themselves.",
    )
    recovery_pause_reason = fields.Char(
        string="Why Charges Are Paused", readonly=True, copy=False, groups=MANAGERS
    )
    recovery_is_paused = fields.Boolean(
        string="Charges Are Paused", compute="_compute_recovery_is_paused", groups=MANAGERS
    )
    recovery_failing_count = fields.Integer(
        string="Failures Within an Hour",
        default=10,
        groups=MANAGERS,
        help="The event “Provider failing” needs at least as many charges within an hour that met "
        "technical trouble or an unclear answer. Declines by banks don't count. 0: never.",
    )
    recovery_failing_share = fields.Integer(
        string="Share of Failures",
        default=50,
        groups=MANAGERS,
        help="The event “Provider failing” also needs at least this percentage of the hour's "
        "charges to have failed so.",
    )

    _recovery_failing_positive = models.Constraint(
        "CHECK (recovery_failing_count >= 0 AND recovery_failing_share BETWEEN 1 AND 100)",
        "The number of failures can't be negative, and their share is between 1 and 100 percent.",
    )

    # === COMPUTE METHODS === #

    @api.depends("recovery_paused_until")
    def _compute_recovery_is_paused(self):
        for provider in self:
            provider.recovery_is_paused = provider._recovery_is_waiting()

    # === ACTION METHODS === #

    def action_recovery_pause_charges(self):
        """Let the charges of these providers wait for a day, or until they are resumed."""
        self.check_access("write")
        reason = self.env._("Paused by %(user)s.", user=self.env.user.name)
        self._recovery_pause(BUTTON_PAUSE, reason)
        return True

    def action_recovery_resume_charges(self):
        """Let the charges of these providers go out again at once."""
        self.check_access("write")
        self._recovery_resume()
        return True

    # === BUSINESS METHODS === #

    def _recovery_pause(self, duration, reason):
        """Let planned charges of these providers wait; a longer pause is never shortened.

        :param timedelta duration: from now on
        :param str reason: one sentence for people
        """
        until = fields.Datetime.now() + duration
        for provider in self:
            if not provider.recovery_paused_until or provider.recovery_paused_until < until:
                provider.write({"recovery_paused_until": until, "recovery_pause_reason": reason})
                _logger.info("Charges of provider %s are paused until %s", provider.id, until)

    def _recovery_resume(self):
        """End the pause of these providers, and bring what waited for its end to now."""
        now = fields.Datetime.now()
        # In sudo mode: who may lift the pause need not see the charges of every company.
        attempts_sudo = self.env["recovery.attempt"].sudo()
        for provider in self.filtered(lambda provider: provider._recovery_is_waiting()):
            waiting_sudo = attempts_sudo.search(
                [
                    ("state", "=", "planned"),
                    ("planned_at", "=", provider.recovery_paused_until),
                    ("company_id", "child_of", provider.company_id.id),
                ]
            ).filtered(
                lambda attempt, provider=provider: attempt._get_token().provider_id == provider
            )
            waiting_sudo._postpone(now, self.env._("The provider is charged again."))
            # Kept, not emptied: a pause does not shorten the window of what waited for its end.
            provider.recovery_paused_until = now
        attempts_sudo._make_due()

    # === CRON === #

    @api.model
    def _recovery_tell_failing(self):
        """Raise `provider_failing` for the providers that fail now, where a rule waits for it."""
        events = self.env["recovery.event"]
        if not events._is_awaited():
            return
        for provider_id, failed, total in self._recovery_count_failures():
            provider = self.browse(provider_id)
            if not provider._recovery_is_failing(failed, total):
                continue
            # What is written is for accountants.
            provider = provider.with_context(lang=provider.company_id.partner_id.lang)
            try:
                provider._recovery_raise_failing(failed, total)
                self.env["ir.cron"]._commit_progress()
            except psycopg2.OperationalError:
                self.env.cr.rollback()  # The next time.
            except Exception:
                self.env.cr.rollback()
                _logger.exception("That provider %s fails could not be told", provider_id)

    def _recovery_raise_failing(self, failed, total):
        sentence = self.env._(
            "%(failed)s of %(total)s charges through %(provider)s within an hour met technical "
            "trouble or an unclear answer.",
            failed=failed,
            total=total,
            provider=self.name,
        )
        company = self.company_id
        self.env["recovery.event"].with_company(company)._raise(
            "provider_failing", provider=self, company_id=company.id, sentence=sentence
        )

    # === CHECKS === #

    def _recovery_is_waiting(self):
        """Return whether charges wait now; asked of the clock, not of the cache."""
        until = self.recovery_paused_until
        return bool(until and until > fields.Datetime.now())

    def _recovery_is_failing(self, failed, total):
        """Return whether so many failures are to be told now: enough, not paused, not told."""
        if not self.recovery_failing_count or failed < self.recovery_failing_count:
            return False
        if failed * 100 < self.recovery_failing_share * total or self._recovery_is_waiting():
            return False
        told = [
            ("type", "=", "provider_failing"),
            ("provider_id", "=", self.id),
            ("occurred_at", ">", fields.Datetime.now() - FAILING_WINDOW),
        ]
        return not self.env["recovery.event"].search_count(told, limit=1)

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
            (attempt.state IN ('unknown', 'not_sent')
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

    def _recovery_format_pause(self):
        """Return the end of the pause as the user reads instants."""
        return format_datetime(self.env, self.recovery_paused_until, dt_format="short")
