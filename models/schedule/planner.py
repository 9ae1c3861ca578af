# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The planner: the only one that plans charges, whatever they are planned for."""

from datetime import timedelta
from functools import cached_property

from odoo import fields

from ...declines.taxonomy import BLOCKING_CLASSES
from ...timing import Stop
from ...tools.instants import aware, naive
from ...tools.said import say
from ..case.alerts import answer_case
from ..case.recovery_attempt import IN_FLIGHT
from .advice import RetryAdvice
from .decider import MISSING, Decider, PlannedCharge, decide_technical_retry, make_charge
from .facts import TimingFacts
from .method_choice import MethodChooser
from .parts import PartSchedule

# What an accountant can mend, by choosing another method: they are asked to.
ASKED_KINDS = ("no_method", "archived", "method")
# So many charges of an invoice may be due and not let out in a day.
STOPPED_A_DAY = 4
# When a first charge is looked at again that waits for its provider to be mended.
MENDED_LOOK = timedelta(days=1)
# So long before its first charge the customer is told of a backup.
BACKUP_NOTICE = timedelta(days=1)
# What is wanted as soon as it may be, and not when the schedule thinks best: the job is woken.
WOKEN_SOURCES = ("technical", "method", "backup", "mended")
# What the engine had promised was about another instant than the one that a person chose.
NO_ODDS = {
    "probability": 0.0,
    "probability_low": 0.0,
    "probability_high": 0.0,
    "propensity": 0.0,
    "decision": False,
}


class Planner:
    """Plans the next charge of a case, or of an invoice that has none yet.

    :param case: the `recovery.case`; empty for the first charges of an invoice
    :param move: the invoice, where there is no case
    :param float owed: of the case, where it has just been read
    """

    def __init__(self, case, move=None, owed=None):
        self.case = case
        self.move = move or case.move_id
        self.env = case.env
        self._decider = Decider(case)
        self._parts = PartSchedule(case) if case._get_part_plan() else None
        self._chooser = MethodChooser(case)
        self._owed = owed

    @cached_property
    def choice(self):
        """The method to charge next: judged once, as planning changes nothing about it."""
        owed = self._parts.find_next()[1] if self._is_in_parts() else self._owed
        return self._chooser.choose(owed)

    # === AFTER A FAILURE === #

    def plan_next(self, attempts=None, transactions=None):
        """Plan the next charge, unless one is unfinished, or begin the grace period.

        :param attempts: those of the invoice, where they have just been read
        :param transactions: those of the invoice that have just changed
        """
        case = self.case
        if case.waiting_since and not self._is_waiting():
            self._end_waiting()
        if case.state == "grace" and case.blocked_class in (*BLOCKING_CLASSES, MISSING):
            self._leave_grace()
        if transactions and any(each._recovery_is_new_method() for each in transactions):
            self._charge_new_method()
            attempts = None
        if case.state != "in_recovery" or not case.ladder:
            return
        self._keep_part_deadline()
        attempts = every = (attempts or self.move.recovery_attempt_ids).sorted("id")
        if any(attempt.state in IN_FLIGHT for attempt in attempts):
            return
        planned = attempts.filtered(lambda attempt: attempt.state == "planned")
        if exclusion := self.move._get_exclusion_block():
            planned._set_state("cancelled", sentence=exclusion.sentence)
            return
        if planned and not self._withdraw_outdated(planned):
            return
        if self.choice.block:
            self._block_method(self.choice.block)
            return
        attempts = attempts.filtered(case._is_of_this_life)
        RetryAdvice(case).forget_used(attempts)
        charge = self._decide(attempts)
        if isinstance(charge, Stop):
            case._begin_grace(case._render(charge.sentence))
            return
        self.unblock()
        if charge.source != "mended":  # Each of those somebody has asked for.
            charge = self._slow_down(charge, every)
        # A method other than the usual is written on the attempt; the usual may still change.
        self._create(charge, token=self.choice.token, attempts=every)

    def _is_in_parts(self):
        """Return whether what is owed is paid in parts now."""
        return bool(self._parts) and self._parts.is_running

    def _keep_part_deadline(self):
        if self._is_in_parts():
            self._parts.keep_deadline()

    def _decide(self, attempts):
        """Return the next charge of the case, or of the part that is to be paid next.

        A plan of which no part can be charged any more is broken: then it is one of the whole debt.
        """
        if not self._parts:
            return self._decider.decide(attempts, self.choice)
        if self._parts.is_running:
            charge = self._parts.decide(attempts, self.choice)
            if not isinstance(charge, Stop):
                return charge
            self.case._end_parts("broken", self.case._render(charge.sentence))
        return self._parts.decide_whole(attempts, self.choice)

    def replan(self, reason):
        """Plan the next charge anew, unless a person has chosen its time."""
        planned = self.case.next_attempt_id
        if self.case.state != "in_recovery" or planned.source == "user":
            return
        planned._set_state("cancelled", sentence=reason)
        self.plan_next()

    def skip(self, reason):
        """Give up the next planned charge; its rung of the schedule counts as used."""
        self.case.next_attempt_id._set_state("refused", sentence=reason)
        self.plan_next()

    def _slow_down(self, charge, attempts):
        """Put a charge off when so many of this day were due and were not let out.

        Whatever stands against them: nothing is planned and refused again at each run of the job.

        :param attempts: all those of the invoice
        """
        since = fields.Datetime.now() - timedelta(days=1)
        stopped = attempts.filtered(
            lambda attempt: (
                attempt.state in ("refused", "cancelled")
                and not attempt.transaction_id
                and attempt.finished_at > max(since, attempt.planned_at - timedelta(seconds=1))
            )
        )
        if len(stopped) < STOPPED_A_DAY:
            return charge
        allowed_from = stopped[-STOPPED_A_DAY].finished_at + timedelta(days=1)
        if charge.planned_at >= allowed_from:
            return charge
        sentence = say(
            self.env,
            "delayed_a_day",
            reason=charge.sentence,
            count=len(stopped),
        )
        return charge._replace(planned_at=allowed_from, sentence=sentence)

    def _withdraw_outdated(self, planned):
        """Cancel a planned charge of a method that is not the one to charge any more.

        What a person planned stays: the blocks say so, should it be refused.

        :return: whether the charge was cancelled
        """
        if planned.source == "user":
            return False
        if self.choice.block:
            reason = self.choice.block.sentence
        elif planned._get_token() != self.choice.token:
            reason = say(self.env, "other_method")
        elif self._is_in_parts() and not self._is_part_to_come(planned):
            reason = say(self.env, "part_changed")
        elif TimingFacts(self.case).has_news_of_siblings(planned, self.choice):
            reason = say(self.env, "planned_anew_paid")
        else:
            return False
        return bool(planned._set_state("cancelled", sentence=reason))

    def _is_part_to_come(self, planned):
        """Return whether a planned charge is of the part that is to be charged next."""
        return planned.part_id in self._parts.find_earliest() | self._parts.find_next()[0]

    def _block_method(self, block):
        """Let the case wait until a payment method is added or updated; its clock runs on."""
        case = self.case
        # Where none was ever chosen, none was blocked.
        is_news = not case.blocked_class and block.kind not in ("fault", "no_method")
        is_waiting = bool(block.provider)
        is_asked = case.block_sentence == block.sentence  # Ticked off, maybe.
        case.write(
            {
                "blocked_class": block.decline_class or MISSING,
                "block_sentence": block.sentence,
                "block_rule_id": block.rule and block.rule.id,
                "waiting_provider_id": is_waiting and block.provider.id,
                "waiting_since": is_waiting and (case.waiting_since or self._get_wait_start(block)),
            }
        )
        if is_waiting:  # The alert on the provider is raised, or brought up to date, by the job.
            self.env["recovery.invoice.queue"]._wake()
        if block.kind in ASKED_KINDS and case.opened_by != "customer" and not is_asked:
            case._ask_for_attention(block.sentence, kind="method")
        if is_news:  # Told once, until a method may be charged again.
            self.case._emit("method_blocked", block.sentence)

    def unblock(self):
        """Let the case wait for no payment method any more."""
        answer_case(self.case, "method")
        if self.case.blocked_class:
            names = ("blocked_class", "block_sentence", "block_rule_id")
            self.case.write(dict.fromkeys((*names, "waiting_provider_id", "waiting_since"), False))

    # === THE PROVIDER HAS TO BE MENDED === #

    def wait_for_provider(self):
        """Let the case wait when the company's own fault keeps its method from being charged.

        :return: whether it waits
        """
        if not self._is_waiting():
            return False
        self._block_method(self.choice.block)
        return True

    def _get_wait_start(self, block):
        """Return since when the clock of the case stands still: since the fault is known."""
        case = self.case
        return max(filter(None, (block.at, case.first_failure_at, case.exhausted_at)))

    def _is_waiting(self):
        return bool(self.choice.block and self.choice.block.provider)

    def _end_waiting(self):
        """Let the clock of the case run on; it gets back the time for which it stood still.

        What blocks it otherwise is for the plan to find out.
        """
        case = self.case
        waited = fields.Datetime.now() - case.waiting_since
        values = {
            "waiting_provider_id": False,
            "waiting_since": False,
            "waited_hours": case.waited_hours + waited / timedelta(hours=1),
        }
        for name in ("deadline_at", "grace_until"):
            if case[name]:
                values[name] = case[name] + waited
        case.write(values)
        if case.state == "grace" and case.blocked_class == "merchant":
            self.unblock()  # All its retries had been made.

    # === ANOTHER METHOD === #

    def _leave_grace(self):
        """Charge once more in the grace period when a method has been added or updated."""
        if not self.choice.block:
            reason = say(self.env, "method_changed")
            self.case._set_state("in_recovery", reason, grace_until=False, exhausted_at=False)

    def _charge_new_method(self):
        """Charge at once: the customer has just given another method for it.

        They did so after they promised to pay, if they did: the promise is kept that way.
        """
        case = self.case
        if not self.may_charge_new_method():
            return
        if not self.choice.token or self.choice.block:
            return
        reason = say(self.env, "replaced_on_page")
        if case.state == "grace":
            case._set_state("in_recovery", reason, grace_until=False)
        case._on_new_method()
        case.next_attempt_id._set_state("cancelled", sentence=reason)
        self.unblock()
        attempts = self.move.recovery_attempt_ids.sorted("id")
        latest = attempts.filtered(case._is_of_this_life)[-1:] or case.first_attempt_id
        # The customer has just asked for it: there is no wait as between two of our own charges.
        charge = self._decider.charge_at_once(
            self.choice._replace(source="method"), latest.browse()
        )
        charge = self._decider.bound(charge._replace(sentence=reason), self.choice, latest)
        if not isinstance(charge, Stop):
            self._create(charge, token=self.choice.token)

    def may_charge_new_method(self):
        """Return whether a method that the customer saves for the invoice is charged at once."""
        case = self.case
        return bool(
            case.state in ("in_recovery", "grace")
            and not case.in_flight_state
            and case.policy_id.retry_schedule != "provider"
            and not self.move._get_exclusion_block()
            and not (self._is_in_parts() and self._parts.is_before_next())
        )

    def plan_backup(self, reason):
        """Plan a charge of another saved method that the customer agreed to.

        Whether or not the policy uses backups.

        :return: why there is none, for a person; nothing when it is planned
        """
        case = self.case
        if exclusion := self.move._get_exclusion_block():
            return f"{case.display_name}: {exclusion.sentence}"
        at = self._get_first_hour(fields.Datetime.now())
        for token in self._chooser.get_backups():
            choice = self._chooser.judge(token)
            if choice.block or token._recovery_check_ceiling(choice.charge, at, choice.history):
                continue
            case.next_attempt_id._set_state("cancelled", sentence=reason)
            # As a person's choice of the method, which the schedule leaves alone.
            self._create(PlannedCharge(at, "user", reason), token=token)
            case._on_changed()
            return None
        return self.env._(
            "%(case)s: the customer has no other saved payment method that may be charged and that "
            "they agreed to have charged when one fails.",
            case=case.display_name,
        )

    # === AT SOMEBODY'S INSTANT === #

    def plan_by_user(self, instant, sentence):
        """Plan the next charge for an instant that a person chose (UTC, naive).

        :return: why it is refused, for a person; nothing when it is planned
        """
        if block := self.get_block_at(instant):
            return block
        charge = PlannedCharge(instant, "user", sentence, facts=NO_ODDS)
        self.case._on_changed()
        planned = self.case.next_attempt_id
        if planned:
            planned.write(charge.prepare_vals())
        else:
            self._create(charge)
        self.env["recovery.attempt"]._make_due(instant)
        return None

    def retry_from(self, instant, reason):
        """Plan the next charge as soon as hours and rules allow, not before a naive UTC instant.

        While the schedule runs this is advice to it, below all rules; afterwards one more charge.

        :param instant: empty for now
        :return: why there is none, for a person; nothing when it is planned
        """
        if exclusion := self.move._get_exclusion_block():
            return f"{self.case.display_name}: {exclusion.sentence}"
        if self.case.state == "in_recovery" and self.case.ladder:
            left_out = self.case.set_retry_advice("at" if instant else "now", instant, reason)
            return left_out[0] if left_out else None
        instant = instant or fields.Datetime.now()
        return self.plan_by_user(self._get_first_hour(instant), reason)

    def get_block_at(self, instant):
        """Return why no charge may go out at a naive UTC instant, whoever asks for it, or none."""
        case = self.case
        promised = case._get_promised_wait()
        if promised and instant < promised.until:
            return self.env._("%(promise)s Withdraw the promise first.", promise=promised.sentence)
        if exclusion := self.move._get_exclusion_block():
            return self.env._(
                "%(case)s: %(exclusion)s End the exclusion first.",
                case=case.display_name,
                exclusion=exclusion.sentence,
            )
        if case.policy_id.retry_schedule == "provider":
            return self.env._(
                "%(case)s: the provider retries this payment by itself.", case=case.display_name
            )
        return self._chooser.describe_block(self.choice, instant)

    def find_free_instant(self, instant):
        """Return the first instant from a naive UTC one on at which a person may let it charge.

        :return: none where no time is known from which nothing stands against it any more
        """
        promised = self.case._get_promised_wait()
        if promised:
            instant = max(instant, promised.until)
        if ceiling := self._chooser.find_ceiling(self.choice, instant):
            if not ceiling.allowed_from:
                return None
            instant = naive(ceiling.allowed_from)
        return None if self.get_block_at(instant) else instant

    def _get_first_hour(self, instant):
        """Return the first naive UTC instant from this one on at which charges may go out."""
        return naive(self.case._get_charge_hours().next_instant(aware(instant)))

    # === WITHOUT A CASE === #

    def plan_collection(self):
        """Plan the charge of what is due, in the hours in which the customer may be charged."""
        charge = PlannedCharge(
            self.move._get_next_charge_instant(fields.Datetime.now()),
            "collect",
            say(self.env, "collected"),
        )
        return self._create(charge, due_date=self.move._get_recovery_today())

    def plan_technical(self, attempt):
        """Try a first charge again that could not be sent, soon and silently.

        One that the company's own fault kept from being made waits until that is mended.

        :return: whether it is planned again
        """
        if attempt._is_merchant():
            return self._plan_when_mended(attempt)
        if attempt.state != "not_sent":
            return False
        decision = decide_technical_retry(attempt)
        if isinstance(decision, Stop):
            return False
        self._create(make_charge(self.case, decision), due_date=attempt.due_date)
        return True

    def _plan_when_mended(self, attempt):
        """Plan a first charge anew for when the provider of a failed one has been mended."""
        at = self.move._get_next_charge_instant(fields.Datetime.now() + MENDED_LOOK)
        sentence = say(self.env, "wait_for_provider")
        again = self._create(PlannedCharge(at, "mended", sentence), due_date=attempt.due_date)
        again.waiting_provider_id = attempt.transaction_id.provider_id
        return True

    # === CREATION === #

    def _create(self, charge, due_date=None, token=None, attempts=None):
        """Create the attempt of a charge, and tell when a network's rule puts it off.

        :param due_date: up to which instalments are charged; the case's when not told
        :param token: the method, where it has been chosen
        :param attempts: all those of the invoice, where they have just been read
        """
        is_backup = bool(token) and token != self.case._get_default_token()
        if is_backup:
            charge = self._leave_time_to_tell(charge, token)
        values = {**charge.prepare_vals(), "due_date": due_date or self.case.due_date}
        if self.case:
            values["case_id"] = self.case.id
            if self._is_in_parts():
                values.setdefault("part_id", self._parts.find_next()[0].id)
            self._make_room(charge, attempts)
        if is_backup:
            values["token_id"] = token.id
        attempt = self.env["recovery.attempt"].create(self.move._prepare_attempt_vals(**values))
        if attempt.part_id:
            self.case._remind_of_part(attempt)
        if is_backup and not token.recovery_backup_told_at:
            self.case._announce_backup(token)
        if charge.source in WOKEN_SOURCES:
            attempt._make_due(attempt.planned_at)
        if charge.rule:
            self.case._emit("ceiling_reached", attempt.sentence, attempt=attempt)
        return attempt

    def _leave_time_to_tell(self, charge, token):
        """Put the first charge of a backup off until the customer has known of it for a while."""
        told_at = token.recovery_backup_told_at
        earliest = (told_at or fields.Datetime.now()) + BACKUP_NOTICE
        if charge.planned_at >= earliest:
            return charge
        if told_at:
            return charge._replace(planned_at=self._get_first_hour(earliest))
        sentence = say(
            self.env,
            "backup_told_before",
            reason=charge.sentence,
        )
        return charge._replace(planned_at=self._get_first_hour(earliest), sentence=sentence)

    def _make_room(self, charge, attempts=None):
        """Withdraw what is planned for the invoice outside the case, as for its next instalment.

        An invoice has one unfinished charge; what is still due then is planned again later.
        """
        attempts = attempts or self.move.recovery_attempt_ids
        planned = attempts.filtered(lambda other: other.state == "planned")
        planned._set_state("cancelled", sentence=charge.sentence)
