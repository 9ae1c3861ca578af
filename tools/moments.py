# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""When something happens, as the reader says it: today at 08:00, tomorrow, Friday 4 December.

Rendered when it is read: in the reader's language, in their time zone, in their form of a date.
"""

from babel.dates import format_skeleton, get_datetime_format

from odoo import fields
from odoo.tools import format_time
from odoo.tools.misc import babel_locale_parse

from .instants import aware, find_zone

# Within a year a date needs no year.
THIS_YEAR, FAR = "MMMEd", "yMMMEd"


class Reader:
    """Whoever reads: their time zone, language and the day that it is for them.

    :param env: the reader's environment
    """

    def __init__(self, env):
        self._env = env
        self._zone = find_zone(env.tz.zone if env.tz else "UTC")
        self._locale = babel_locale_parse(env.lang)
        self._today = aware(fields.Datetime.now()).astimezone(self._zone).date()

    def say_instant(self, instant, home=None):
        """Return a naive UTC instant in words, as in *today at 08:00*.

        :param str home: the name of the customer's time zone; where it is another time there, that
            time is told, too
        """
        local = aware(instant).astimezone(self._zone)
        day = self.say_day(local.date())
        said = self._env._("%(day)s at %(time)s", day=day, time=self._say_time(local))
        return self._add_home(said, instant, home)

    def name_instant(self, instant, home=None):
        """Return a naive UTC instant as it is named within a sentence: *Fri, Dec 4, 8:00 AM*.

        :param str home: as for :meth:`say_instant`
        """
        local = aware(instant).astimezone(self._zone)
        return self._add_home(self._name_local(local), instant, home)

    def say_day(self, day):
        """Return a calendar day in words: *today*, *tomorrow*, *yesterday*, or its date."""
        if close := {
            -1: self._env._("yesterday"),
            0: self._env._("today"),
            1: self._env._("tomorrow"),
        }.get((day - self._today).days):
            return close
        return self._env._("on %(date)s", date=self._say_date(day))

    def name_day(self, day):
        """Return a calendar day as it is named within a sentence: *Fri, Dec 4*."""
        return self._say_date(day)

    def _add_home(self, said, instant, home):
        """Return an instant with what the customer's clock says then, where that differs."""
        local = aware(instant).astimezone(self._zone)
        there = home and aware(instant).astimezone(find_zone(home))
        if not there or there.utcoffset() == local.utcoffset():
            return said
        is_same_day = there.date() == local.date()
        return self._env._(
            "%(instant)s (%(time)s for the customer, %(zone)s)",
            instant=said,
            time=self._say_time(there) if is_same_day else self._name_local(there),
            zone=home.replace("_", " "),
        )

    def _name_local(self, local):
        """Return a local day and its time, put together as the reader does."""
        together = get_datetime_format("medium", locale=self._locale)
        return together.replace("'", "").format(self._say_time(local), self._say_date(local.date()))

    def _say_date(self, day):
        skeleton = THIS_YEAR if abs((day - self._today).days) < 180 else FAR
        return format_skeleton(skeleton, day, locale=self._locale)

    def _say_time(self, local):
        return format_time(self._env, local.timetz(), tz=local.tzinfo.key, time_format="short")
