# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The job that sends what is due: customer by customer, many at a time."""

from collections import Counter, defaultdict
from datetime import timedelta
from functools import partial
from typing import NamedTuple

from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ...notices import HOLD, SEND, Sent, coordinate, find_due, message_hours
from ...tools.instants import aware, naive
from ...tools.jobs import commit, work
from ...tools.said import say
from ..case.recovery_case import OPEN_STATES
from .ahead import Ahead
from .mailer import Mailer

# Customers that are looked up at once, and those that are served in one database transaction: it
# takes less than a second, in which nobody else gets at their cases.
LOOK, BATCH = 500, 20
# Turns of a customer in one run of the job: each message that fails leaves others of theirs due.
MOST_TURNS = 3
# How long a notice waits for the outcome of a charge that is under way.
FLIGHT_WAIT = timedelta(hours=1)
# A payment that has been on its way for longer is no reason to be silent any more.
LONGEST_FLIGHT = timedelta(days=14)
BUSY_WAIT = timedelta(minutes=5)
# What went to a customer within this time may be of their local day.
SENT_WITHIN = timedelta(days=3)


class Envelope(NamedTuple):
    """What goes out together: the records of a :class:`notices.Message`.

    :ivar notices: the one that sets the tone first
    :ivar cases: those that the message names, the lead's first
    :ivar key: of the message, for which there is only one; empty for what is none
    """

    notices: models.Model
    cases: models.Model
    key: str

    @property
    def lead(self):
        return self.notices[0]


class Sender:
    """Serves the customers who have notices due, each batch in a database transaction.

    Any number of workers may be at it at once: no two serve the same customer.

    :param notices: `recovery.notice`, of the job
    """

    def __init__(self, notices):
        self.env = notices.env
        self.notices = notices.browse()

    def send(self, batch=BATCH):
        """Send what is due, each customer's in one message a day."""
        turns = Counter()
        while waiting := self._find_waiting(
            # Who has had their turn has nothing due any more, unless something went wrong.
            [customer for customer, count in turns.items() if count >= MOST_TURNS]
        ):
            served, has_time = self._serve_all(waiting, batch)
            turns.update(served)
            if not (served and has_time):  # Without any, others are serving all of them.
                return

    def _serve_all(self, waiting, batch):
        """Serve customers, a batch in a database transaction, as long as the job has time.

        :return: those who had their turn, and whether there is time left
        """
        served, done = [], 0
        for start in range(0, len(waiting), batch):
            if not commit(self.env, done):  # What is read next is as it is now.
                return served, False
            customers = self.claim(waiting[start : start + batch])
            if customers and not self._serve(customers):
                for customer in customers if len(customers) > 1 else ():
                    if self.claim([customer]):
                        self._serve([customer])
            served += customers
            done = len(customers)
        return served, commit(self.env, done)

    def _find_waiting(self, served):
        """Return customers with due notices, whoever is serving them.

        :param served: those that have had turns enough
        :return: pairs of company and commercial partner ids, who waits longest first
        """
        self.notices.flush_model(["company_id", "held_until", "partner_id", "planned_at", "state"])
        return self.env.execute_query(
            SQL(
                """
                SELECT company_id, partner_id
                  FROM recovery_notice
                 WHERE state = 'planned'
                   AND COALESCE(held_until, planned_at) <= %(now)s
                   AND NOT (company_id, partner_id) IN %(served)s
              GROUP BY company_id, partner_id
              ORDER BY MIN(COALESCE(held_until, planned_at)), partner_id
                 LIMIT %(limit)s
                """,
                now=fields.Datetime.now(),
                served=tuple(served) or ((0, 0),),
                limit=LOOK,
            )
        )

    def claim(self, customers):
        """Return those of some customers that no other worker serves now.

        :param customers: pairs of company and commercial partner ids
        :return: some of them, locked until the transaction ends
        """
        return self.env.execute_query(
            SQL(
                """
                SELECT company_id, partner_id
                  FROM (VALUES %s) AS customer (company_id, partner_id)
                 WHERE pg_try_advisory_xact_lock(
                           hashtext('recovery_notice ' || company_id::text), partner_id)
                """,
                SQL(", ").join(SQL("(%s, %s)", *customer) for customer in customers),
            )
        )

    def _serve(self, customers):
        """Send what is due of some customers, and commit.

        When one alone can't be served, that is noted; when even that fails, their notices stay due
        for the next run of the job.

        :return: whether it was done; nothing has happened when it wasn't
        """
        act = partial(self._serve_by_company, customers)
        if len(customers) > 1:
            return work(self.env, act, doing=f"Sending the notices of {len(customers)} customers")
        due = partial(self._search_due, customers[0])
        return work(
            self.env,
            act,
            busy=lambda: due()._keep_back(
                fields.Datetime.now() + BUSY_WAIT,
                say(self.env, "other_job"),
            ),
            failed=lambda error: due()._fail(due()._explain_error(error)),
            doing=f"Sending the notices of the customer {customers[0]}",
        )

    def _serve_by_company(self, customers):
        partners = defaultdict(list)
        for company_id, partner_id in customers:
            partners[company_id].append(partner_id)
        for company_id, partner_ids in partners.items():
            company = self.env["res.company"].browse(company_id)
            turn = Turn(self.notices, company, partner_ids)
            turn.prepare()
            Mailer(turn.env).hand_over(turn.decide())

    def _search_due(self, customer):
        """Return a customer's notices that are due, kept back or not."""
        company_id, partner_id = customer
        return self.notices.search(
            [
                ("state", "=", "planned"),
                ("planned_at", "<=", fields.Datetime.now()),
                ("company_id", "=", company_id),
                ("partner_id", "=", partner_id),
            ]
        )


class Turn:
    """What is known of some customers of one company while they are served.

    :ivar facts: of all their cases, and what else is due of theirs, by customer
    :ivar due: what is due and not done, as `notices` knows it, by customer
    :ivar records: the planned `recovery.notice` of each key
    """

    def __init__(self, notices, company, partner_ids):
        self.notices = notices.browse().with_company(company)
        self.env = self.notices.env
        self.company = company
        self.partners = self.env["res.partner"].browse(partner_ids)
        self.now = aware(fields.Datetime.now())
        self.place = company.partner_id._get_recovery_place()
        self.facts = defaultdict(list)
        self.wanted = defaultdict(list)
        self.sent = {}
        self.records = {}
        self.due = {}
        self.rules = {}

    # === PREPARE === #

    def prepare(self):
        """Read again what is true of the customers, and bring their notices in line with it."""
        planned = self._search_planned()
        # Outdated ones, too, whatever their state: nobody else plans them while something of their
        # customer is due.
        cases = self.env["recovery.case"].search(
            Domain("company_id", "=", self.company.id)
            & Domain("partner_id", "in", self.partners.ids)
            & (
                Domain("state", "in", OPEN_STATES)
                | Domain("notices_outdated", "=", True)
                | Domain("id", "in", planned.case_id.ids)
            )
        )
        cases._follow_settled()
        for case, (facts, wanted) in cases._plan_notices().items():
            self.add(case.partner_id.id, facts, wanted)
        ahead = planned.filtered(lambda notice: not notice.case_id)
        if ahead:
            Ahead(self.notices, self.company).tell(self, ahead)
        self.records = {notice._get_key(): notice for notice in self._search_planned()}
        self._choose_due()
        self._hold_in_flight()
        self._read_sent()

    def add(self, partner_id, facts, wanted):
        """Add what is known of a case, or of something that has none."""
        self.facts[partner_id].append(facts)
        self.wanted[partner_id] += wanted

    def _search_planned(self):
        return self.notices.search(
            [
                ("state", "=", "planned"),
                ("company_id", "=", self.company.id),
                ("partner_id", "in", self.partners.ids),
            ]
        )

    def _choose_due(self):
        """Find what is due: what is done has no planned record any more."""
        policies = defaultdict(self.env["recovery.policy"].browse)
        for notice in self.records.values():
            policies[notice.partner_id.id] |= notice.step_id.policy_id
        for partner_id, wanted in self.wanted.items():
            due = find_due(
                [notice for notice in wanted if notice.key in self.records], (), self.now
            )
            if due:
                self.due[partner_id] = list(due)
                self.rules[partner_id] = policies[partner_id]._get_notice_rules()

    def _hold_in_flight(self):
        """Keep back what is about invoices that money may be on its way for."""
        due = [self.records[notice.key].id for due in self.due.values() for notice in due]
        moves = self.notices.browse(due).move_id
        if not moves:
            return
        in_flight = moves._filter_in_flight(LONGEST_FLIGHT)
        held = self._take_out(lambda notice: notice.move_id in in_flight)
        held._keep_back(
            fields.Datetime.now() + FLIGHT_WAIT,
            say(self.env, "payment_decides"),
        )

    def _take_out(self, is_held):
        """Take away what is due of records of a kind, and return those."""
        held = self.notices.browse()
        for partner_id, due in self.due.items():
            kept = []
            for notice in due:
                record = self.records[notice.key]
                # Thanks and expiring methods wait for no payment.
                if notice.step.topic == "invoice" and is_held(record):
                    held |= record
                else:
                    kept.append(notice)
            self.due[partner_id] = kept
        return held

    def _read_sent(self):
        """Read the messages that each of these customers had lately."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT partner_id, action_type, sent_at
                  FROM recovery_notice
                 WHERE message_key IS NOT NULL AND sent_at > %s
                   AND company_id = %s AND partner_id IN %s
                """,
                fields.Datetime.now() - SENT_WITHIN,
                self.company.id,
                tuple(self.partners.ids),
            )
        )
        self.sent = defaultdict(list)
        for partner_id, action, sent_at in rows:
            self.sent[partner_id].append(Sent(action, aware(sent_at)))

    # === DECIDE === #

    def decide(self):
        """Decide on what is due, note what does not go out, and why.

        :return: the envelopes of what goes out
        """
        envelopes = []
        holds, skips = defaultdict(self.notices.browse), defaultdict(self.notices.browse)
        for partner in self.partners:
            due = self.due.get(partner.id)
            if not due:
                continue
            place = partner._get_recovery_place()
            outcome = coordinate(
                due,
                self.facts[partner.id],
                self.sent.get(partner.id, ()),
                self.now,
                place,
                self.place,
                self.rules[partner.id],
            )
            for verdict in outcome.verdicts:
                notice = self.records[verdict.notice.key]
                sentence = notice._render(verdict.sentence)
                if verdict.act == HOLD:
                    holds[naive(verdict.until), sentence] |= notice
                elif verdict.act != SEND:
                    skips[sentence] |= notice
            day = message_hours(place.or_else(self.place)).local_day(self.now)
            key = f"{self.company.id} {partner.id} {day.isoformat()}"
            envelopes += [self._open_envelope(message, key) for message in outcome.messages]
        for (until, reason), notices in holds.items():
            notices._keep_back(until, reason)
        for reason, notices in skips.items():
            notices._skip(reason)
        return envelopes

    def _open_envelope(self, message, key):
        """Return the records of a message."""
        notices = self.notices.browse(self.records[notice.key].id for notice in message.notices)
        mentions = [key for key in message.mentions if isinstance(key, int)]
        cases = notices.case_id | self.env["recovery.case"].browse(mentions)
        return Envelope(notices, cases, f"{message.action} {key}")
