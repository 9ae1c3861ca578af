# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""A case walked through day by day in a rehearsal: the engine's own steps, with chosen answers."""

from datetime import timedelta

from odoo.fields import Domain
from odoo.tools import format_datetime, html2plaintext

from ..declines import Answer, Certainty, read_return
from ..declines.decline import Decline
from ..models.case.ending import due_ends
from ..models.case.recovery_invoice_queue import OWN_WORK
from ..models.charge.outcomes import record_outcome
from ..models.notice.sender import Sender
from ..tools import series
from ..tools.jobs import commit

# Whatever happens, it comes to an end.
_MOST_TURNS, _MOST_LINES = 300, 200
_NEXT_LOOK = timedelta(hours=1)
# How long a customer takes who replaces their card, and a bank that returns a payment.
REPLACED_AFTER, RETURNED_AFTER = timedelta(days=1), timedelta(days=3)
_BANK_CODE = "AM04"  # Not enough money, as banks of the euro area write it.
_DECLINES = {
    "funds": ("insufficient_funds", "later"),
    "expired": ("expired_card", "fix_data"),
    "technical": ("issuer_not_available", "technical"),
    "stolen": ("stolen_card", "never"),
}


class ClockWalk:
    """Walks one case through some days.

    :param Rehearsal rehearsal: in which nothing is kept
    :param int case_id: of a `recovery.case`
    :param list answers: to its charges, in their order; the last one to all others, where it is
        that the card is replaced, that there is not enough money
    :param int days:
    :param dict context: language and time zone of whoever looks
    """

    def __init__(self, rehearsal, case_id, answers, days):
        self.rehearsal = rehearsal
        self.env = rehearsal.env
        self.case = self.env["recovery.case"].browse(case_id)
        self.case = self.case.with_company(self.case.company_id)
        self.answers = list(answers)
        # Who replaced their card again and again would never be charged.
        self.rest = "funds" if answers[-1] == "replaced" else answers[-1]
        self.end = rehearsal.now + timedelta(days=days)
        self.lines = []
        self.returns = []  # Instants and transactions whose payments the bank takes back.
        self.replaced_at = None
        self.seen = {}

    def go(self):
        """Return what happens, as rows of words in their order."""
        self._note_start()
        last = None
        for _turn in range(_MOST_TURNS):
            at = self._find_next(last)
            if at is None or at > self.end or len(self.lines) >= _MOST_LINES:
                break
            self.rehearsal.move_to(at)
            last = self.rehearsal.now
            self._act()
            self._look()
        self.rehearsal.move_to(self.end)
        self._tell_report()
        return self.lines

    # === WHAT COMES NEXT === #

    def _find_next(self, last):
        """Return the next instant at which something is due; not twice the same one."""
        case = self.case
        found = [at for at, _transaction in self.returns]
        if self.replaced_at:
            found.append(self.replaced_at)
        planned = self._get_planned()
        if planned:
            found.append(planned.planned_at)
        elif self.answers[:1] == ["replaced"] and case.state in ("in_recovery", "grace"):
            self.replaced_at = self.replaced_at or self.rehearsal.now + REPLACED_AFTER
            found.append(self.replaced_at)
        for notice in self._get_notices():
            found.append(notice.held_until or notice.planned_at)
        if not case.in_flight_state:  # What is undecided ends no case.
            found.append(case.state == "in_recovery" and case.deadline_at)
            found.append(case.state == "grace" and case.grace_until)
        if case.state == "paused" and case.paused_until:
            found.append(self.rehearsal.now + timedelta(days=1))
        found = [at for at in found if at]
        if not found:
            return None
        at = max(min(found), self.rehearsal.now)
        # What was due and could not be done is looked at again later.
        return at + _NEXT_LOOK if last is not None and at <= last else at

    def _get_planned(self):
        attempts = self.case.move_id.recovery_attempt_ids
        return attempts.filtered(lambda attempt: attempt.state == "planned")[:1]

    def _get_notices(self):
        return self.case.notice_ids.filtered(lambda notice: notice.state == "planned")

    def _take_answer(self):
        return self.answers.pop(0) if self.answers else self.rest

    # === WHAT IS DUE === #

    def _act(self):
        now, case = self.rehearsal.now, self.case
        if self.replaced_at and self.replaced_at <= now:
            self._replace_method()
        for at, transaction in list(self.returns):
            if at <= now:
                self.returns.remove((at, transaction))
                self._return(transaction)
        self._follow()
        planned = self._get_planned()
        if planned and planned.planned_at <= now:
            self._charge(planned)
        self._follow()
        for domain, end in due_ends(self.env):
            if self.env["recovery.case"].search(domain & Domain("id", "=", case.id)):
                case._work(end)
                commit(self.env)
        self._follow()
        self._send()

    def _follow(self):
        """Let the case follow its invoice, as the job does."""
        queue = self.env["recovery.invoice.queue"]
        self.env.flush_all()
        commit(self.env)
        if queue.search_count([("move_id", "=", self.case.move_id.id)], limit=1):
            queue._work_off(self.case.move_id)

    def _charge(self, planned):
        """Let the engine claim what is due, and answer in the place of the provider."""
        if self.answers[:1] == ["replaced"]:
            self._replace_method()
            return
        attempt, _has_time = self.env["recovery.attempt"]._claim_one(planned.id)
        if not attempt:
            return
        answer = self._take_answer()
        transaction, move = attempt.transaction_id, attempt.move_id
        self._answer(attempt, transaction.with_context(recovery_own_work=OWN_WORK), answer)
        commit(self.env)
        attempt._finish(transaction, move)
        if answer == "returned":
            self.returns.append((self.rehearsal.now + RETURNED_AFTER, transaction))

    def _answer(self, attempt, transaction, answer):
        provider = transaction.provider_code
        if answer in ("paid", "returned"):
            series.set_state(transaction, "done")
            record_outcome(attempt, Answer(provider, is_sent=True))
        elif answer == "unknown":
            record_outcome(attempt, Answer(provider, certainty=Certainty.UNCLEAR))
        else:
            reason, decline_class = _DECLINES[answer]
            name = self.env["recovery.decline.reason"]._find(reason).name
            series.set_state(transaction, "error", name)
            transaction._recovery_note_decline(
                Decline(reason, name, provider, reason, decline_class, known=True)
            )
            record_outcome(attempt, Answer(provider, is_sent=True))

    def _replace_method(self):
        self.replaced_at = None
        if self.answers[:1] == ["replaced"]:
            self.answers.pop(0)
        token = self.case._get_default_token()
        if token:
            token._recovery_mark_updated()
        self._say("method", self.env._("The customer's card is replaced."))

    def _return(self, transaction):
        payment = transaction.payment_id
        if not payment:
            return
        taxonomy = self.env["recovery.decline.code"]._get_taxonomy()
        decline = read_return("sepa", _BANK_CODE, "", taxonomy)
        moves = payment._recovery_get_paid_moves()
        day = self.rehearsal.now.date()
        entry = payment._recovery_return(decline, day, is_dispute=False)
        self.env["recovery.return"]._note_by_hand(payment, decline, day, moves, entry, False)
        self._say("returned", self.env._("The bank takes the payment back."))

    def _send(self):
        """Serve the customer, if something of theirs is due."""
        now = self.rehearsal.now
        due = self._get_notices().filtered(
            lambda notice: (notice.held_until or notice.planned_at) <= now
        )
        if due:
            case = self.case
            sender = Sender(self.env["recovery.notice"])
            sender._serve([(case.company_id.id, case.partner_id.id)])

    # === WHAT IS TOLD === #

    def _note_start(self):
        self._look(is_first=True)
        planned = self._get_planned()
        if planned:
            self._say("planned", self._tell_planned(planned), planned.sentence)

    def _look(self, is_first=False):
        """Tell of what is another than it was."""
        self.env.flush_all()
        self.env.invalidate_all()
        for record, key, tell in self._list_watched():
            before = self.seen.get(record)
            self.seen[record] = key
            if not is_first and key != before:
                tell(record, before)

    def _list_watched(self):
        case = self.case
        move = case.move_id
        watched = [
            (attempt, (attempt.state, attempt.planned_at), self._tell_attempt)
            for attempt in move.recovery_attempt_ids.sorted("id")
        ]
        watched += [
            (notice, notice.state, self._tell_notice) for notice in case.notice_ids.sorted("id")
        ]
        actions = self.env["recovery.planned.action"].search([("case_id", "=", case.id)])
        watched += [(action, action.state, self._tell_action) for action in actions.sorted("id")]
        watched.append((case, case.state, self._tell_case))
        return watched

    def _tell_attempt(self, attempt, _before):
        if attempt.state == "planned":
            self._say("planned", self._tell_planned(attempt), attempt.sentence)
            return
        states = dict(attempt._fields["state"]._description_selection(self.env))
        kind = attempt.state if attempt.state in ("paid", "declined") else "charge"
        title = self.env._(
            "Charge of %(amount)s: %(state)s",
            amount=attempt.currency_id.format(attempt.amount or attempt._get_amount()),
            state=states[attempt.state],
        )
        self._say(kind, title, attempt.sentence)

    def _tell_planned(self, attempt):
        at = format_datetime(self.env, attempt.planned_at, tz=self._get_tz())
        return self.env._("The next charge is planned for %(at)s.", at=at)

    def _tell_notice(self, notice, _before):
        step = notice.name or notice.step_id.name or ""
        if notice.state == "planned":
            at = format_datetime(self.env, notice.planned_at, tz=self._get_tz())
            self._say("plan", self.env._("%(step)s is planned for %(at)s.", step=step, at=at))
        elif notice.state == "sent":
            body = notice.mail_message_id.body
            title = self.env._("%(step)s goes out.", step=step)
            if notice.subject and notice.action_type == "email":
                title = self.env._("%(step)s: “%(subject)s”", step=step, subject=notice.subject)
            self._say("notice", title, notice.sentence, body)
        else:
            states = dict(notice._fields["state"]._description_selection(self.env))
            title = self.env._("%(step)s: %(state)s", step=step, state=states[notice.state])
            self._say("plan", title, notice.failure_reason or notice.sentence)

    def _tell_action(self, action, _before):
        at = format_datetime(self.env, action.planned_at, tz=self._get_tz())
        title = self.env._(
            "A flow plans “%(action)s” for %(at)s; here it is not done.", action=action.name, at=at
        )
        self._say("action", title)

    def _tell_case(self, case, _before):
        states = dict(case._fields["state"]._description_selection(self.env))
        title = self.env._("The case is now: %(state)s", state=states[case.state])
        self._say("case", title, case.end_reason)

    def _tell_report(self):
        """Tell how the reports count the case at the end."""
        case = self.case
        case._fill_figures()
        self.env.flush_all()
        row = self.env["recovery.case.report"].browse(case.id)
        outcomes = dict(row._fields["outcome"]._description_selection(self.env))
        currency = case.company_id.currency_id
        title = self.env._(
            "In the reports: %(outcome)s. Failed %(failed)s, recovered %(recovered)s, lost "
            "%(lost)s, %(count)s charges.",
            outcome=outcomes.get(row.outcome, ""),
            failed=currency.format(case.failed_company_amount),
            recovered=currency.format(case.recovered_company_amount),
            lost=currency.format(case.lost_company_amount),
            count=len(case.attempt_ids.filtered("transaction_id")),
        )
        self._say("report", title)

    def _say(self, kind, title, sentence="", body=""):
        at = self.rehearsal.now
        self.lines.append(
            {
                "kind": kind,
                "at": at,
                "when": format_datetime(
                    self.env, at, tz=self._get_tz(), dt_format="EEE d MMM y, HH:mm"
                ),
                "title": title,
                "sentence": html2plaintext(str(sentence or "")).strip(),
                "body": body or "",
            }
        )

    def _get_tz(self):
        return self.case.partner_id._get_recovery_tz()
