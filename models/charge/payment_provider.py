# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What is clear of a provider's answer; pause, limits and faults of ours, that let charges wait."""

import logging
from datetime import datetime, timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...declines import Answer, Certainty
from ...declines.limits import choose_wait, find_limit, read_back_off
from ...tools import jobs
from ...tools.instants import aware
from ...tools.said import SaidField, say
from ..case.recovery_invoice_queue import FOLLOW
from ..method.payment_token import MANAGERS
from ..rules.block import Block
from .faults import Faults, find_suspects
from .mending import Mending

_logger = logging.getLogger(__name__)

# How long a provider answers the same idempotency key with the same charge, less an hour's
# safety. Only those are listed whose Odoo addon sends a key, and the same body, each time; a
# second request to any other provider would be a second charge.
IDEMPOTENCY_WINDOWS = {
    "stripe": timedelta(hours=23),
    "adyen": timedelta(days=6, hours=23),
    "worldline": timedelta(hours=23),
}
# For how long the button pauses; who looks at it can resume, or press it once more.
BUTTON_PAUSE = timedelta(hours=24)

FOLLOW.fill("faults", ("payment.provider", "_recovery_follow_faults"))


class UnclearAnswer(Exception):
    """A charge was sent and no clear answer came back.

    Not a ``ValidationError``: the providers' addons turn those into the state *error*, which
    would say that nothing was charged.
    """


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
    recovery_pause_reason = SaidField(
        string="Why Charges Are Paused", readonly=True, copy=False, groups=MANAGERS
    )
    recovery_is_paused = fields.Boolean(
        string="Charges Are Paused", compute="_compute_recovery_is_paused", groups=MANAGERS
    )
    recovery_mended_at = fields.Datetime(
        string="Tried Again",
        readonly=True,
        copy=False,
        groups=MANAGERS,
        help="Charges that began before it, and failed for the company's own fault, keep nothing "
        "from being charged any more.",
    )
    recovery_fault = fields.Char(
        string="Why Charges Wait",
        compute="_compute_recovery_fault",
        compute_sudo=True,
        groups=MANAGERS,
        help="What has to be mended before charges through the provider go out.",
    )
    recovery_fault_since = fields.Datetime(
        string="Charges Wait Since",
        compute="_compute_recovery_fault",
        compute_sudo=True,
        groups=MANAGERS,
    )
    recovery_waiting_count = fields.Integer(
        string="Invoices That Wait",
        compute="_compute_recovery_fault",
        compute_sudo=True,
        groups=MANAGERS,
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

    recovery_request_rate = fields.Float(
        string="Requests a Second",
        compute="_compute_recovery_request_rate",
        store=True,
        readonly=False,
        copy=False,
        digits=(12, 3),
        groups=MANAGERS,
        help="How many charges and look-ups recovery sends to the provider within a second, all "
        "workers together. What is more waits, and uses up no try. 0: as many as there are.",
    )
    recovery_request_source = fields.Char(
        string="Documented Limit",
        compute="_compute_recovery_request_source",
        groups=MANAGERS,
        help="What the provider documents; nothing where it documents no number.",
    )
    recovery_limited_until = fields.Datetime(
        readonly=True,
        copy=False,
        groups=MANAGERS,
        help="Until when the provider is left alone, because it had too many requests.",
    )
    recovery_back_off = fields.Integer(
        readonly=True,
        copy=False,
        groups=MANAGERS,
        help="For how many seconds it was left alone the last time.",
    )

    _recovery_request_positive = models.Constraint(
        "CHECK (recovery_request_rate >= 0)", "The number of requests can't be negative."
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

    @api.depends("recovery_mended_at")
    def _compute_recovery_fault(self):
        for provider in self:
            mending = Mending(provider._origin)
            faults = mending.list_faults()
            provider.recovery_fault = bool(faults) and mending.describe(faults[0])
            # What is named was told last; others like it may be older.
            like_it = [each.at for each in faults if each.concerns == faults[0].concerns]
            provider.recovery_fault_since = min(like_it, default=False)
            provider.recovery_waiting_count = mending.count_waiting()

    @api.depends("code", "state")
    def _compute_recovery_request_rate(self):
        for provider in self:
            limit = provider._recovery_find_limit()
            provider.recovery_request_rate = limit.rate if limit else 0.0

    @api.depends("code", "state")
    def _compute_recovery_request_source(self):
        for provider in self:
            limit = provider._recovery_find_limit()
            provider.recovery_request_source = limit and self.env._(
                "%(requests)s in %(seconds)s s (%(document)s, %(date)s)",
                requests=limit.requests,
                seconds=limit.seconds,
                document=limit.source,
                date=limit.date,
            )

    # === ACTION METHODS === #

    def action_recovery_try_again(self):
        """Let everything go on that waits for these providers: what was wrong is mended.

        Should it not be, one charge finds out and the others wait again.
        """
        self.check_access("write")
        for provider_sudo in self.sudo():
            provider_sudo.recovery_mended_at = fields.Datetime.now()
            Mending(provider_sudo).go_on()
        return True

    def action_recovery_pause_charges(self):
        """Let the charges of these providers wait for a day, or until they are resumed."""
        self.check_access("write")
        reason = say(self.env, "paused_by", user=self.env.user.name)
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

    def _recovery_back_off(self, told):
        """Leave this provider alone for a while, because it has too many requests.

        :param declines.limits.BackOff told: what it answered
        """
        self.ensure_one()
        if told.wait is None and self._recovery_get_limited_until():
            return  # Another worker was told the same at the same time.
        now = fields.Datetime.now()
        earlier = timedelta(seconds=self.recovery_back_off)
        wait = choose_wait(told.wait, earlier, self.recovery_limited_until, now)
        until = max(self.recovery_limited_until or now, now + wait)
        reason = say(
            self.env,
            "too_many_requests",
            status=told.status,
            seconds=int(wait.total_seconds()),
        )
        self.write(
            {"recovery_limited_until": until, "recovery_back_off": int(wait.total_seconds())}
        )
        self._recovery_pause(until - now, reason)
        self.env["recovery.attempt"]._make_due(until)

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
            waiting_sudo._postpone(now, say(self.env, "provider_charged_again"))
            # Kept, not emptied: a pause does not shorten the window of what waited for its end.
            provider.recovery_paused_until = now
        attempts_sudo._make_due()

    # === CRON === #

    @api.model
    def _recovery_follow_faults(self):
        """Tell of faults of our own, and let go on what waited for one that is over.

        A step of the job that follows invoices.
        """
        jobs.work_on_each(
            self.env,
            find_suspects(self.env),
            lambda provider_id: Mending(self.browse(provider_id).exists()).follow(),
            doing="Looking for faults of provider",
        )

    # === REQUEST HELPERS === #

    def _send_api_request(self, method, endpoint, **kwargs):
        """Override of `payment` to tell an unclear answer from a refusal, for our own charges."""
        answer = self._recovery_get_answer()
        if answer is None:
            return super()._send_api_request(method, endpoint, **kwargs)
        role = answer.find_role(method, endpoint)
        try:
            content = super()._send_api_request(method, endpoint, **kwargs)
        except ValidationError as error:
            # `payment` raises inside its own `except`: the original exception is the context.
            answer.note_failure(role, error.__context__, str(error))
            answer.back_off = read_back_off(error, aware(fields.Datetime.now()))
            if answer.certainty is Certainty.UNCLEAR:
                raise UnclearAnswer(str(error)) from error
            raise
        except Exception:
            # The answer came but could not be read: the charge may well have been made.
            answer.note_unreadable(role)
            raise
        answer.note_success(role, content)
        return content

    # === GETTERS === #

    def _recovery_get_fault_block(self, token, move, amount):
        """Return what keeps a method from being charged until the company has mended its set-up.

        The provider is in sudo mode; the sentence is for accountants.

        :param amount: in the invoice's currency
        :rtype: Block | None
        """
        fault = self and Faults(self).find(token, move, amount)
        if not fault:
            return None
        sentence = say(
            self.env,
            "wait_for_mending",
            provider=self.name,
            reason=fault.reason,
        )
        return Block(
            "fault",
            sentence,
            decline_class="merchant",
            reason=fault.reason,
            at=fault.at,
            provider=self,
        )

    @api.model
    def _recovery_get_answer(self):
        """Return what the answers to our charge are collected in, while one is being sent.

        A caller from outside can't send such an object in its context.

        :rtype: declines.Answer | None
        """
        answer = self.env.context.get("recovery_answer")
        return answer if isinstance(answer, Answer) else None

    def _get_idempotency_window(self):
        """Return how long the same charge may be sent again without charging twice, or none.

        Hook for addons of providers that honour idempotency keys.

        :rtype: timedelta | None
        """
        self.ensure_one()
        return IDEMPOTENCY_WINDOWS.get(self._get_code())

    def _recovery_find_limit(self):
        """Return the limit that this provider documents for its mode, or none.

        :rtype: declines.limits.Limit | None
        """
        self.ensure_one()
        return find_limit(self._get_code(), is_test=self.state == "test")

    def _recovery_get_limited_until(self):
        """Return until when (UTC, naive) this provider must not be asked anything, or none.

        Whoever resumes its charges has the last word.
        """
        self.ensure_one()
        is_limited = (self.recovery_limited_until or datetime.min) > fields.Datetime.now()
        return self.recovery_limited_until if is_limited and self._recovery_is_waiting() else None

    def _recovery_is_waiting(self):
        """Return whether charges wait now; asked of the clock, not of the cache."""
        until = self.recovery_paused_until
        return bool(until and until > fields.Datetime.now())
