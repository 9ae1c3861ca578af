"""The job that sends what is due: customer by customer, many at a time."""

import logging
from collections import Counter, defaultdict
from datetime import timedelta
from typing import NamedTuple

import psycopg2

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ...notices import HOLD, SEND, Sent, coordinate, find_due, message_hours
from ...tools.instants import aware as _aware
from ...tools.instants import naive as _naive
from ..case.recovery_case import OPEN_STATES
from ..case.recovery_invoice_queue import FOLLOW

_logger = logging.getLogger(__name__)
FOLLOW.fill("notices", ("recovery.notice", "_send_due"))

# Customers that are served in one database transaction.
BATCH = 100
# Turns of a customer in one run of the job: each message that fails leaves others of his due.
MOST_TURNS = 3
# How long a notice waits for the outcome of a charge that is under way.
FLIGHT_WAIT = timedelta(hours=1)
# A payment that has been on its way for longer is no reason to be silent any more.
LONGEST_FLIGHT = timedelta(days=14)
BUSY_WAIT = timedelta(minutes=5)
# What went to a customer within this time may be of his local day.
SENT_WITHIN = timedelta(days=3)


class Envelope(NamedTuple):
    """What goes out together: the records of a :class:`timing.notices.Message`.

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


class RecoveryNotice(models.Model):
    _inherit = "recovery.notice"

    message_key = fields.Char(
        readonly=True,
        copy=False,
        help="Of the notice that leads a message: company, customer, kind and local day.",
    )

    # DESIGN section 3, rule 6, is kept by PostgreSQL, whatever the code does. One column instead of
    # four: merging contacts deletes what a unique index over a contact keeps from being merged.
    _message_key_uniq = models.UniqueIndex(
        "(message_key) WHERE message_key IS NOT NULL",
        "The customer has had his message of the day.",
    )

    # === CRON === #

    @api.model
    def _send_due(self, batch=BATCH):
        """Send the notices that are due, each customer's in one message a day.

        Any number of workers may run this at once: no two serve the same customer.
        """
        self.env["recovery.case"]._plan_outdated_notices()
        commit_progress = self.env["ir.cron"]._commit_progress
        turns = Counter()
        while customers := self._claim_customers(
            # Who has had his turn has nothing due any more, unless something went wrong.
            [customer for customer, count in turns.items() if count >= MOST_TURNS],
            batch,
        ):
            turns.update(customers)
            if not self._serve(customers):
                for customer in customers if len(customers) > 1 else ():
                    if self._lock_customer(customer):
                        self._serve([customer])
            if not commit_progress():
                break
        self._send_again()

    @api.model
    def _claim_customers(self, served, limit):
        """Return customers with due notices that no other worker serves now.

        :param served: those that have had turns enough
        :return: pairs of company and commercial partner ids, locked until the transaction ends
        """
        self.flush_model(["company_id", "held_until", "partner_id", "planned_at", "state"])
        return self.env.execute_query(
            SQL(
                """
                SELECT company_id, partner_id
                  FROM (SELECT company_id, partner_id
                          FROM recovery_notice
                         WHERE state = 'planned'
                           AND COALESCE(held_until, planned_at) <= %(now)s
                           AND NOT (company_id, partner_id) IN %(served)s
                      GROUP BY company_id, partner_id
                      ORDER BY MIN(COALESCE(held_until, planned_at)), partner_id
                         LIMIT %(limit)s) AS customer
                 WHERE pg_try_advisory_xact_lock(
                           hashtext('recovery_notice ' || company_id::text), partner_id)
                """,
                now=fields.Datetime.now(),
                served=tuple(served) or ((0, 0),),
                limit=limit,
            )
        )

    @api.model
    def _lock_customer(self, customer):
        """Lock a customer for this transaction, as :meth:`_claim_customers` does."""
        company_id, partner_id = customer
        query = "SELECT pg_try_advisory_xact_lock(hashtext(%s), %s)"
        return self.env.execute_query(SQL(query, f"recovery_notice {company_id}", partner_id))[0][0]

    @api.model
    def _serve(self, customers):
        """Send what is due of some customers, and commit.

        :return: whether it was done; nothing has happened when it wasn't
        """
        partners = defaultdict(list)
        for company_id, partner_id in customers:
            partners[company_id].append(partner_id)
        try:
            for company_id, partner_ids in partners.items():
                company = self.env["res.company"].browse(company_id)
                self.with_company(company)._serve_company(company, partner_ids)
            self.env["ir.cron"]._commit_progress(len(customers))
        except (psycopg2.OperationalError, psycopg2.errors.UniqueViolation) as error:
            self.env.cr.rollback()  # Somebody else works on these customers' cases.
            if len(customers) == 1:
                _logger.info("The notices of the customer %s wait: %s", customers[0], error)
                reason = self.env._("Another job was at work on the case.")
                until = fields.Datetime.now() + BUSY_WAIT
                self._note_on_due(customers[0], lambda notices: notices._keep_back(until, reason))
            return False
        except Exception as error:
            self.env.cr.rollback()
            if len(customers) == 1:
                _logger.exception("The notices of the customer %s could not be sent", customers[0])
                reason = self._explain_error(error)
                self._note_on_due(customers[0], lambda notices: notices._fail(reason))
            return False
        return True

    @api.model
    def _note_on_due(self, customer, note):
        """Note something on a customer's due notices, and commit.

        When even that fails they stay due for the next run of the job.
        """
        company_id, partner_id = customer
        try:
            due = self.search(
                [
                    ("state", "=", "planned"),
                    ("planned_at", "<=", fields.Datetime.now()),
                    ("company_id", "=", company_id),
                    ("partner_id", "=", partner_id),
                ]
            )
            note(due)
            self.env["ir.cron"]._commit_progress()
        except Exception:
            self.env.cr.rollback()
            _logger.exception("Nothing could be noted for the customer %s", customer)

    # === BUSINESS METHODS === #

    @api.model
    def _serve_company(self, company, partner_ids):
        """Decide on the due notices of some customers of one company, and do what was decided."""
        now = _aware(fields.Datetime.now())
        turn = self._prepare_turn(company, partner_ids, now)
        envelopes = []
        holds, skips = defaultdict(self.browse), defaultdict(self.browse)
        for partner in self.env["res.partner"].browse(partner_ids):
            due = turn.due.get(partner.id)
            if not due:
                continue
            outcome = coordinate(
                due,
                turn.facts[partner.id],
                turn.sent.get(partner.id, ()),
                now,
                partner._get_recovery_place(),
                turn.place,
                turn.rules[partner.id],
            )
            for verdict in outcome.verdicts:
                notice = turn.records[verdict.notice.key]
                if verdict.act == HOLD:
                    holds[_naive(verdict.until), self._render(verdict.sentence)] |= notice
                elif verdict.act != SEND:
                    skips[self._render(verdict.sentence)] |= notice
            day = message_hours(partner._get_recovery_place().or_else(turn.place)).local_day(now)
            key = f"{company.id} {partner.id} {day.isoformat()}"
            envelopes += [turn.open_envelope(message, key) for message in outcome.messages]
        for (until, reason), notices in holds.items():
            notices._keep_back(until, reason)
        for reason, notices in skips.items():
            notices._skip(reason)
        self._hand_over(envelopes)

    @api.model
    def _prepare_turn(self, company, partner_ids, now):
        """Read again what is true of some customers, and bring their notices in line with it.

        :rtype: Turn
        """
        planned = self._search_planned(company, partner_ids)
        cases = self.env["recovery.case"].search(
            Domain("company_id", "=", company.id)
            & Domain("partner_id", "in", partner_ids)
            & (Domain("state", "in", OPEN_STATES) | Domain("id", "in", planned.case_id.ids))
        )
        cases._follow_settled()
        turn = Turn(self.env, company)
        for case, (facts, wanted) in cases._plan_notices().items():
            turn.add(case.partner_id.id, facts, wanted)
        self._add_ahead(turn, planned.filtered(lambda notice: not notice.case_id))
        turn.records = {
            notice._get_key(): notice for notice in self._search_planned(company, partner_ids)
        }
        turn.choose_due(now)
        self._hold_in_flight(turn)
        turn.sent = self._read_sent(company, partner_ids)
        return turn

    @api.model
    def _search_planned(self, company, partner_ids):
        return self.search(
            [
                ("state", "=", "planned"),
                ("company_id", "=", company.id),
                ("partner_id", "in", partner_ids),
            ]
        )

    @api.model
    def _read_sent(self, company, partner_ids):
        """Return the messages that each of these customers had lately.

        :rtype: dict[int, list[timing.notices.Sent]]
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT partner_id, action_type, sent_at
                  FROM recovery_notice
                 WHERE message_key IS NOT NULL AND sent_at > %s
                   AND company_id = %s AND partner_id IN %s
                """,
                fields.Datetime.now() - SENT_WITHIN,
                company.id,
                tuple(partner_ids),
            )
        )
        sent = defaultdict(list)
        for partner_id, action, sent_at in rows:
            sent[partner_id].append(Sent(action, _aware(sent_at)))
        return sent

    @api.model
    def _hold_in_flight(self, turn):
        """Keep back what is about invoices that money may be on its way for."""
        moves = self.browse(notice.id for notice in turn.get_due_records()).move_id
        if not moves:
            return
        in_flight = moves._filter_in_flight(LONGEST_FLIGHT)
        held = turn.take_out(lambda notice: notice.move_id in in_flight)
        held._keep_back(
            fields.Datetime.now() + FLIGHT_WAIT,
            self.env._("A payment of the invoice is under way; its outcome decides."),
        )

    @api.model
    def _make_envelope(self, notices, key, mentions=()):
        """Return what goes out together.

        :param mentions: ids of the customer's other cases that the message names
        """
        cases = notices.case_id | self.env["recovery.case"].browse(mentions)
        return Envelope(notices, cases, key)

    @api.model
    def _explain_error(self, error):
        return self.env._("The notice could not be sent: %(error)s", error=error)


class Turn:
    """What is known of some customers of one company while they are served.

    :ivar facts: of all their cases, and what else is due of theirs, by customer
    :ivar due: what is due and not done, as `timing.notices` knows it, by customer
    :ivar records: the planned `recovery.notice` of each key
    """

    def __init__(self, env, company):
        self.env = env
        self.place = company.partner_id._get_recovery_place()
        self.facts = defaultdict(list)
        self.wanted = defaultdict(list)
        self.sent = {}
        self.records = {}
        self.due = {}
        self.rules = {}

    def add(self, partner_id, facts, wanted):
        """Add what is known of a case, or of something that has none."""
        self.facts[partner_id].append(facts)
        self.wanted[partner_id] += wanted

    def choose_due(self, now):
        """Find what is due: what is done has no planned record any more."""
        policies = defaultdict(self.env["recovery.policy"].browse)
        for notice in self.records.values():
            policies[notice.partner_id.id] |= notice.step_id.policy_id
        for partner_id, wanted in self.wanted.items():
            due = find_due([notice for notice in wanted if notice.key in self.records], (), now)
            if due:
                self.due[partner_id] = list(due)
                self.rules[partner_id] = policies[partner_id]._get_notice_rules()

    def get_due_records(self):
        """Return the records of all that is due."""
        return [self.records[notice.key] for due in self.due.values() for notice in due]

    def take_out(self, is_held):
        """Take away what is due of records of a kind, and return those."""
        held = self.env["recovery.notice"]
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

    def open_envelope(self, message, key):
        """Return the records of a message."""
        notices = self.env["recovery.notice"].browse(
            self.records[notice.key].id for notice in message.notices
        )
        mentions = [key for key in message.mentions if isinstance(key, int)]
        return notices._make_envelope(notices, f"{message.action} {key}", mentions)
