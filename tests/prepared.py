# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What Odoo's own test cases set up for each class, set up once in each process.

A company with its chart of accounts, users, customers, taxes, a provider: three seconds, for each
of some two hundred classes. Here they stay, not committed, in the one cursor that all classes use
in turn; each begins at the same savepoint and goes back to it. What the registry has cached stays
as well, as far as nobody outdated it, and so do the scripts and styles of browser tests.
"""

import atexit
import json
from unittest.mock import patch

from odoo import api
from odoo.models import BaseModel
from odoo.modules.registry import Registry
from odoo.sql_db import Savepoint
from odoo.tests import HttpCase, TransactionCase
from odoo.tests.common import get_db_name

from odoo.addons.account_payment.tests.common import AccountPaymentCommon


class PreparedCase(AccountPaymentCommon):
    """Odoo's test case, without the time that it takes to set up."""

    _prepared = None

    @classmethod
    def setUpClass(cls):  # pylint: disable=method-required-super
        if PreparedCase._prepared is None:
            PreparedCase._prepared = _Prepared(cls._make_first_clock(), cls._prepare_first)
        PreparedCase._prepared.lend(cls)

    def setUp(self):
        prepared = PreparedCase._prepared
        prepared.caches.begin_test()
        super().setUp()
        if isinstance(self, HttpCase):
            prepared.bundles.give(self.env)
            self.addCleanup(prepared.bundles.take, self.env)

    @classmethod
    def _make_first_clock(cls):
        """Return a patcher of the clock, which stands still before any day that a test goes to."""
        raise NotImplementedError

    @classmethod
    def _prepare_first(cls, first):
        """Set up on the one class what all classes begin with beyond Odoo's test case."""

    @classmethod
    def _gc_filestore(cls):
        """Keep the files that belong to what is not committed. They go with the database."""


class _First(AccountPaymentCommon):
    """The class that is set up, for what this leaves in the database and in its attributes."""


class _Prepared:
    """The cursor in which a class was set up, and what the class has since.

    :param clock: a patcher of the clock for that time
    :param prepare: a function that sets more up on that class
    """

    def __init__(self, clock, prepare):
        self._cr = Registry(get_db_name()).cursor()
        atexit.register(self._cr.close)
        self._cr.close = self._go_back
        self._savepoint = None
        _First.freeze_time = clock
        before = set(vars(_First))
        with self._in_place_of_a_new_cursor():
            _First.setUpClass()
        prepare(_First)
        _First.env.flush_all()
        self._uid, self._context = _First.env.uid, _First.env.context
        self._attributes = {
            name: value for name, value in vars(_First).items() if name not in before
        }
        _First.doClassCleanups()
        self._savepoint = Savepoint(self._cr)
        self.caches, self.bundles = _Caches(), _Bundles()

    def lend(self, cls):
        """Set a class up as Odoo sets up a plain test case, and give it what is prepared."""
        begun = HttpCase if issubclass(cls, HttpCase) else TransactionCase
        before = set(vars(cls))
        self.caches.begin_class()
        cls.addClassCleanup(self.caches.end_class)
        with self._in_place_of_a_new_cursor():
            begun.setUpClass.__func__(cls)
        own = set(vars(cls)) - before
        cls.env = api.Environment(self._cr, self._uid, self._context)
        for name, value in self._attributes.items():
            if name not in own:
                setattr(cls, name, self._rebind(value, cls.env))

    def _in_place_of_a_new_cursor(self):
        return patch.object(Registry, "cursor", lambda _registry, **_options: self._cr)

    def _rebind(self, value, env):
        """Return a value of the first class with its records in the environment of another."""
        if isinstance(value, BaseModel):
            return value.with_env(env).sudo(value.env.su)
        if isinstance(value, dict):
            return {key: self._rebind(each, env) for key, each in value.items()}
        return value

    def _go_back(self):
        """Forget what a class did; in place of closing the cursor."""
        cr = self._cr
        if self._savepoint:
            cr.clear()
            self._savepoint.rollback()
        for callbacks in (cr.precommit, cr.postcommit, cr.prerollback, cr.postrollback):
            callbacks.clear()
        cr.transaction = None


class _Caches:
    """The registry's caches, kept from test to test: filling them took a sixth of all the time.

    A test ends at a savepoint. What was cached while nobody cleared its cache was true before that
    test, and is true afterwards; what was cached after it was cleared is not. Odoo clears
    everything after each test and each class.
    """

    def __init__(self):
        self._registry = Registry(get_db_name())
        self._of_class, self._of_test = set(), set()
        self._has_class = False
        clear, clear_all = Registry.clear_cache, Registry.clear_all_caches

        def note(registry, *names):
            self._of_test.update(names or ("default",))
            clear(registry, *names)

        def clear_outdated(registry):
            self._end_test() if self._has_class else clear_all(registry)

        # Not by a patcher, which Odoo would end with the first class.
        Registry.clear_cache, Registry.clear_all_caches = note, clear_outdated

    def begin_class(self):
        self._of_test = set()
        self._has_class = True

    def begin_test(self):
        """Take what was outdated until now for what the whole class has changed."""
        self._of_class |= self._of_test
        self._of_test = set()

    def _end_test(self):
        """Clear what the test outdated, in place of all; Odoo calls it after the class, too."""
        self._clear(self._of_test)
        self._of_test = set()

    def end_class(self):
        self._has_class = False
        self._clear(self._of_class)
        self._of_class = set()

    def _clear(self, names):
        if names:
            self._registry.clear_cache(*names)


class _Bundles:
    """The scripts and styles that Odoo puts together for a browser, kept from test to test.

    It does so when a page is first opened, in six seconds, and stores them under an address that
    changes with what they are made of. Their files outlive a test anyway, but not the rows that
    name them.
    """

    def __init__(self):
        self._rows = {}

    def give(self, env):
        """Store what earlier tests had put together, unless it is there."""
        env.cr.execute(
            """
            INSERT INTO ir_attachment
            SELECT * FROM jsonb_populate_recordset(NULL::ir_attachment, %s)
                ON CONFLICT DO NOTHING
            """,
            [json.dumps(list(self._rows.values()))],
        )

    def take(self, env):
        """Keep what is there at the end of a test, of no company, since that may go."""
        env.cr.execute(
            """
            SELECT id, to_jsonb(row) || '{"company_id": null}' FROM ir_attachment row
             WHERE url LIKE '/web/assets/%%' AND id != ALL (%s)
            """,
            [list(self._rows)],
        )
        self._rows.update(env.cr.fetchall())
