# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What is due to be charged and is not yet: how much, since when, and when it will be done."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from odoo import fields
from odoo.tools import SQL

from ...timing.calendar import ChargeHours
from ...tools.instants import aware, find_zone, naive
from ...tools.said import say
from ..case.alerts import answer_alert, put_alert
from .due import PROVIDER

# The rate is that of the last minutes, or of the time since the oldest became due, if that is less;
# never of a shorter time than one in which a few charges are made.
RATE_WINDOW = timedelta(minutes=15)
LEAST_WINDOW = timedelta(minutes=1)
# What few there are is done before anybody could do anything about it.
LEAST_ALERT = 50
# How far ahead the end is looked for; later is as good as never.
MOST_DAYS = 31


@dataclass(frozen=True)
class Backlog:
    """What is due of some companies. Instants are naive UTC.

    :ivar due: how many charges are due
    :ivar oldest_at: since when the oldest has been, or none
    :ivar rate: how many charges an hour have been begun of late; none where none was
    :ivar at_once: how many are sent at once
    :ivar done_at: when the last will have been begun at that rate, in the charging hours; none
        where nothing is due, no rate is known, or it lies more than a month ahead
    :ivar hours_end_at: when the charging hours of the day end, or those of tomorrow after that
    :ivar is_late: whether that is too early for all of them
    """

    due: int
    oldest_at: datetime | None
    rate: float | None
    at_once: int
    done_at: datetime | None
    hours_end_at: datetime
    is_late: bool

    def to_dict(self):
        """Return it as plain JSON values: instants as Odoo writes them."""
        to_string = fields.Datetime.to_string
        return {
            name: to_string(value) if isinstance(value, datetime) else value
            for name, value in asdict(self).items()
        }

    def describe(self, env):
        """Return it as one sentence, in the language and the time zone of an environment."""
        if not self.due:
            return say(env, "backlog_none")
        known = {
            "count": self.due,
            "oldest": self.oldest_at,
            "rate": round(self.rate or 0),
            "end": self.done_at,
            "hours": self.hours_end_at,
        }
        if not self.rate:
            return say(
                env,
                "backlog_stuck",
                **known,
            )
        if not self.done_at:
            return say(
                env,
                "backlog_endless",
                **known,
            )
        if self.is_late:
            return say(
                env,
                "backlog_late",
                **known,
            )
        return say(
            env,
            "backlog",
            **known,
        )


def read_backlog(companies, at_once):
    """Return what is due of these companies, in three queries however much it is.

    :param companies: `res.company`
    :param int at_once: how many charges are sent at once
    :rtype: Backlog
    """
    env, now = companies.env, fields.Datetime.now()
    env["recovery.attempt"].flush_model(["company_id", "planned_at", "started_at", "state"])
    ids = companies.ids
    due, oldest_at = env.execute_query(_prepare_due(ids, now))[0]
    rate = due and _read_rate(env, ids, oldest_at, now)
    hours = _get_hours(companies)
    hours_end_at = _find_end(hours, now)
    done_at = _find_done(hours, due, rate, now) if rate else None
    is_late = bool(due) and (done_at is None or done_at > hours_end_at)
    # Of what nobody has begun to charge yet nobody knows how long it takes.
    is_late = is_late and bool(rate)
    return Backlog(due, oldest_at, rate or None, at_once, done_at, hours_end_at, is_late)


def list_busy(env):
    """Return the companies of which so much is due that somebody might have to do something."""
    rows = env.execute_query(
        SQL(
            """
            SELECT company_id FROM recovery_attempt WHERE state = 'planned' AND planned_at <= %s
          GROUP BY company_id HAVING count(*) >= %s ORDER BY company_id
            """,
            fields.Datetime.now(),
            LEAST_ALERT,
        )
    )
    return env["res.company"].browse(company_id for (company_id,) in rows)


def tell_late(env, late):
    """Raise an alert for each company that is late, and take the others' back.

    :param list[tuple[res.company, Backlog]] late:
    """
    subjects = [f"backlog:{company.id}" for company in env["res.company"].sudo().search([])]
    wanted = {f"backlog:{company.id}" for company, _backlog in late}
    answer_alert(env, *(each for each in subjects if each not in wanted))
    for company, backlog in late:
        env_company = env(context={**env.context, "lang": company.partner_id.lang})
        sentence = say(
            env_company,
            "backlog_alert",
            backlog=backlog.describe(env_company),
        )
        put_alert(_find_busiest(env_company, company), sentence, f"backlog:{company.id}")


def _find_busiest(env, company):
    """Return the provider of a company of which most is due, in sudo mode: to-dos need a record."""
    rows = env.execute_query(
        SQL(
            """
            SELECT provider.id FROM recovery_attempt attempt
                %s
             WHERE attempt.state = 'planned' AND attempt.planned_at <= %s
               AND attempt.company_id = %s AND provider.id IS NOT NULL
          GROUP BY provider.id ORDER BY count(*) DESC LIMIT 1
            """,
            PROVIDER,
            fields.Datetime.now(),
            company.id,
        )
    )
    providers_sudo = env["payment.provider"].sudo()
    if rows:
        return providers_sudo.browse(rows[0][0])
    return providers_sudo.search([("company_id", "=", company.id)], limit=1)


def _prepare_due(company_ids, now):
    return SQL(
        """
        SELECT count(*), min(planned_at) FROM recovery_attempt
         WHERE state = 'planned' AND planned_at <= %s AND company_id = ANY (%s)
        """,
        now,
        company_ids,
    )


def _read_rate(env, company_ids, oldest_at, now):
    """Return how many charges an hour these companies have begun of late."""
    window = min(max(now - oldest_at, LEAST_WINDOW), RATE_WINDOW)
    rows = env.execute_query(
        SQL(
            """
            SELECT count(*) FROM recovery_attempt
             WHERE started_at > %s AND started_at <= %s AND transaction_id IS NOT NULL
               AND company_id = ANY (%s)
            """,
            now - window,
            now,
            company_ids,
        )
    )
    return rows[0][0] * timedelta(hours=1) / window


def _get_hours(companies):
    """Return the widest charging hours of the companies' policies, where the first of them is.

    Each customer has those of their own time zone; most are where the company is.
    """
    zone = find_zone(companies[:1].partner_id._get_recovery_tz())
    # In sudo mode: whoever sees the backlog need not see policies.
    policies = (
        companies.env["recovery.policy"]
        .sudo()
        .search([("company_id", "in", [False, *companies.ids])])
    )
    start = min(policies.mapped("charge_hour_from"), default=0.0)
    end = max(policies.mapped("charge_hour_to"), default=24.0)
    return ChargeHours(start, end, zone)


def _find_end(hours, now):
    """Return when the charging hours end in which an instant lies, or the next ones."""
    opening = hours.next_instant(aware(now))
    return naive(hours.local_instant(opening.astimezone(hours.tz).date(), hours.end))


def _find_done(hours, due, rate, now):
    """Return when so many are done at a rate in the hours, or none."""
    left = timedelta(hours=due / rate)
    instant = now
    for _day in range(MOST_DAYS):
        begin = naive(hours.next_instant(aware(instant)))
        end = _find_end(hours, begin)
        if left <= end - begin:
            return (begin + left).replace(microsecond=0)
        left -= end - begin
        instant = end
    return None
