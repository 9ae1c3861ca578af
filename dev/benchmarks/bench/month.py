# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Very many invoices of as many customers fall due at once: what each costs, phase by phase.

The first ones are real: made by Odoo, with cards at the gateway. They are worked on, and stand
before their copies in every list that the jobs read; the copies make these lists long.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

from . import scene, worker
from .cost import Stage, measure

PHASES = ("plan charges", "charge and book", "follow", "plan messages", "write")
# No machine charges so many in a second: the real invoices are enough for the job's time.
_MOST_CHARGES = 40
# How often a busy machine that came to no charge is given as long again.
_MOST_TURNS = 20
# What is copied in this order: the rows, how they are found, what is the copy's own.
_COPIES = (
    ("res_partner", {"id": "customer", "commercial_partner_id": "customer"}),
    (
        "payment_token",
        {"id": "token", "partner_id": "customer", "provider_ref": "'cus_' || number"},
    ),
    (
        "account_move",
        {
            "id": "move",
            "name": "'MONTH/' || number",
            "sequence_number": "number",
            "partner_id": "customer",
            "commercial_partner_id": "customer",
            "collect_token_id": "token",
            "access_token": "'month' || number",
            "payment_reference": "'MONTH/' || number",
        },
    ),
    (
        "account_move_line",
        {"move_id": "move", "move_name": "'MONTH/' || number", "partner_id": "customer"},
    ),
)
# Later, of a case whose first charge was declined and that has a message to send.
_COPIES_OF_CASE = (
    ("recovery_case", {"id": "recovery_case", "move_id": "move", "partner_id": "customer"}),
    ("recovery_notice", {"case_id": "recovery_case", "partner_id": "customer"}),
)
_IDS = """
    CREATE TABLE month_copy AS
    SELECT number, nextval('res_partner_id_seq')::int AS customer,
           nextval('payment_token_id_seq')::int AS token,
           nextval('account_move_id_seq')::int AS move,
           nextval('recovery_case_id_seq')::int AS recovery_case
      FROM generate_series(1, %s) number
"""
_COLUMNS = """
    SELECT column_name FROM information_schema.columns
     WHERE table_name = %s AND is_generated = 'NEVER' AND column_name != 'id'
"""
_PLANNED = """
    INSERT INTO recovery_attempt (move_id, company_id, state, source, planned_at, due_date,
                                  currency_id)
    SELECT move.id, move.company_id, 'planned', 'ladder', now() AT TIME ZONE 'UTC',
           move.invoice_date_due, move.currency_id
      FROM account_move move JOIN month_copy ON month_copy.move = move.id
"""
_FIRST = """
    UPDATE recovery_attempt
       SET planned_at = now() AT TIME ZONE 'UTC' - interval '1 hour' + number * interval '1 ms'
      FROM (SELECT id, row_number() OVER (ORDER BY id) AS number FROM recovery_attempt
             WHERE state = 'planned' AND move_id = ANY (%s)) real
     WHERE real.id = recovery_attempt.id
"""
_QUEUE = """
    DELETE FROM recovery_invoice_queue;
    INSERT INTO recovery_invoice_queue (move_id)
    SELECT move_id FROM (SELECT unnest(%(real)s) AS move_id) one UNION ALL
    SELECT move FROM month_copy
"""
_DUE = """
    UPDATE recovery_notice SET planned_at = now() AT TIME ZONE 'UTC' - interval '1 minute'
     WHERE NOT case_id = ANY (%s)
"""
_CHARGED = """
    UPDATE recovery_attempt
       SET state = 'declined', case_id = recovery_case,
           finished_at = now() AT TIME ZONE 'UTC' - interval '61 minutes'
      FROM month_copy WHERE month_copy.move = recovery_attempt.move_id
"""
_LATEST = """
    UPDATE account_move SET recovery_case_id = month_copy.recovery_case
      FROM month_copy WHERE month_copy.move = account_move.id
"""
_WRITES = frozenset({"INSERT", "UPDATE", "DELETE"})


class Phase(NamedTuple):
    """What a phase took.

    :ivar done: invoices, or customers
    :ivar longest: seconds for which rows were locked at the longest
    """

    done: int
    clock: float
    processor: float
    statements: int
    longest: float

    @property
    def milliseconds(self) -> float:
        """Of one invoice, on the clock."""
        return 1000 * self.clock / max(self.done, 1)

    @property
    def processor_milliseconds(self) -> float:
        """Of one invoice, of Python's and PostgreSQL's processor time; 0 where it is not told."""
        return 1000 * self.processor / max(self.done, 1)

    @property
    def per_invoice(self) -> float:
        """Statements of one invoice."""
        return self.statements / max(self.done, 1)


def limit(env: Any, most: int) -> Any:
    """Return an environment whose job ends by itself when so much was done."""
    from odoo.addons.revenue_recovery.tools.shift import Shift

    class Portion(Shift):
        def add(self, processed: int) -> None:
            super().add(processed)
            if self._done >= most:
                self.end()

    return env(context={**env.context, "recovery_shift": Portion()})


class Month:
    """A database in which very many invoices fall due today.

    :param size: invoices, and as many customers
    :param sample: of them, that are real and worked on
    """

    def __init__(self, database: str, gateway: str, size: int, sample: int) -> None:
        self.database, self.size, self.sample = database, size, sample
        self._stage = Stage(database, gateway)
        with self._stage.env() as env:
            _add_step(env, self._stage.policy)
        half = sample // 2
        real = [self._stage.create("declined", half), self._stage.create("paid", half)]
        # Alternately, so that any number of them is a mixture.
        self.real = [each for pair in zip(*real, strict=True) for each in pair]
        with self._stage.env() as env:
            env.cr.execute(_IDS, [size - sample])
            move = env["account.move"].browse(self.real[-1])
            move.partner_id.email = "payer@example.com"
            env.flush_all()
            originals = (move.partner_id, move.collect_token_id, move, move.line_ids)
            for (table, own), records in zip(_COPIES, originals, strict=True):
                self._copy(env, table, own, records.ids)
        scene.vacuum(self.database)

    def _copy(self, env: Any, table: str, own: dict[str, str], ids: Sequence[int]) -> None:
        """Copy a row, or rows, for each of the other customers."""
        env.cr.execute(_COLUMNS, [table])
        same = [name for (name,) in env.cr.fetchall() if name not in own]
        names = ", ".join(f'"{name}"' for name in [*own, *same])
        values = ", ".join([*own.values(), *(f'original."{name}"' for name in same)])
        env.cr.execute(
            f"INSERT INTO {table} ({names}) SELECT {values}"
            f" FROM {table} original CROSS JOIN month_copy WHERE original.id = ANY (%s)",
            [list(ids)],
        )

    # === PHASES === #

    def play(self, heard: Callable[[str], None]) -> dict[str, Phase]:
        """Play all phases, one after the other; return what each took."""
        acts = (self._plan, self._charge, self._follow, self._plan_messages, self._write)
        found = {}
        for name, act in zip(PHASES, acts, strict=True):
            heard(f"{self.size:,} invoices: {name}")
            found[name] = act()
        return found

    def _measure(self, act: Callable[[Any], object], count: Callable[[Any], int]) -> Phase:
        """Measure what is done by a job's own loop, in an environment with an empty cache."""
        with self._stage.env() as env:
            before = count(env)
        with self._stage.env() as env, watched() as watch:
            cost = measure(env, act)
        with self._stage.env() as env:
            done = count(env) - before
        assert done, "Nothing was done."
        return Phase(done, cost.clock, cost.processor, cost.statements, watch.longest)

    def _plan(self) -> Phase:
        """Plan the first charge of the real ones, which the job finds first of all that are due."""
        from odoo.addons.revenue_recovery.tools.jobs import work_on_each

        def act(env: Any) -> None:
            moves = env["account.move"]._search_to_collect(limit=self.sample)
            assert set(moves.ids) == set(self.real), "Others come first."
            work_on_each(env, moves.ids, lambda key: moves.browse(key)._plan_collection())

        return self._measure(act, lambda env: env["recovery.attempt"].search_count([]))

    def _charge(self) -> Phase:
        """Charge for a while, several at once, and book what is paid, as the job does."""
        with self._stage.env() as env:
            env.cr.execute(_PLANNED)
            env.cr.execute(_FIRST, [self.real])
        scene.vacuum(self.database)
        self._stage.set_at_once(4)
        from odoo import sql_db

        before = sql_db.sql_counter
        phase = self._measure(lambda env: self._charge_some(), _count_charged)
        # All hands have cursors of their own.
        return phase._replace(statements=sql_db.sql_counter - before)

    def _charge_some(self) -> None:
        """Let the job charge until one is done at least, to which a busy machine may not come."""
        for _turn in range(_MOST_TURNS):
            worker._run(self.database, "charge", self._charge_seconds)
            with self._stage.env() as env:
                if _count_charged(env):
                    return

    @property
    def _charge_seconds(self) -> float:
        return self.sample / _MOST_CHARGES

    def _follow(self) -> Phase:
        """Let the cases follow their invoices, of which every one has been changed."""
        with self._stage.env() as env:
            env.cr.execute(_QUEUE, {"real": self.real})
        scene.vacuum(self.database)

        def act(env: Any) -> None:
            queue = env["recovery.invoice.queue"]
            for _number in range(self.sample):
                queue._work_off(queue._find_due_move())
                env.cr.commit()

        return self._measure(act, lambda env: -env["recovery.invoice.queue"].search_count([]))

    def _plan_messages(self) -> Phase:
        """Plan the messages of the real cases anew, while each copy has one that is due."""
        outdated = [("notices_outdated", "=", True)]
        with self._stage.env() as env:
            cases = env["recovery.case"].search([("move_id", "in", self.real)])
            cases._plan_outdated_notices()
            original = cases.filtered("notice_ids")[0]
            env.flush_all()
            for (table, own), records in zip(
                _COPIES_OF_CASE, (original, original.notice_ids), strict=True
            ):
                self._copy(env, table, own, records.ids)
            env.cr.execute(_CHARGED)
            env.cr.execute(_LATEST)
            env.cr.execute(_DUE, [cases.ids])
            cases.notices_outdated = True
        scene.vacuum(self.database)
        return self._measure(
            lambda env: env["recovery.case"]._plan_outdated_notices(),
            lambda env: -env["recovery.case"].search_count(outdated),
        )

    def _write(self) -> Phase:
        """Write to customers, many at a time."""
        from odoo.addons.revenue_recovery.models.notice.sender import Sender

        def act(env: Any) -> None:
            Sender(limit(env, self.sample)["recovery.notice"]).send()

        return self._measure(
            act, lambda env: env["recovery.notice"].search_count([("state", "=", "sent")])
        )


def _count_charged(env: Any) -> int:
    return env["recovery.attempt"].search_count([("state", "in", ("paid", "declined"))])


def _add_step(env: Any, policy: int) -> None:
    """Let a policy write an hour after the first failure."""
    step = {
        "name": "Payment failed",
        "delay_hours": 1,
        "mail_template_id": env.ref("revenue_recovery.mail_template_payment_failed").id,
        "hour_from": 0,
        "hour_to": 24,
        "working_days": False,
    }
    env["recovery.policy"].browse(policy).step_ids = [(0, 0, step)]


class Watch:
    """How long rows were locked: from the first writing statement of a transaction to its end.

    :ivar longest: seconds
    """

    def __init__(self) -> None:
        self.longest = 0.0
        self._since: dict[int, float] = {}

    def begin(self, cr: Any, statement: str) -> None:
        """See a statement before it is sent."""
        words = statement.upper().split()
        if words and (words[0] in _WRITES or "UPDATE" in words and "FOR" in words):
            self._since.setdefault(id(cr), time.perf_counter())

    def end(self, cr: Any) -> None:
        """See a transaction that has ended."""
        if since := self._since.pop(id(cr), None):
            self.longest = max(self.longest, time.perf_counter() - since)


@contextmanager
def watched() -> Iterator[Watch]:
    """Watch all database transactions of this process."""
    from odoo.sql_db import Cursor

    watch = Watch()

    def execute(self: Any, query: Any, *args: Any, **kwargs: Any) -> Any:
        watch.begin(self, str(getattr(query, "code", query)))
        return _execute(self, query, *args, **kwargs)

    def commit(self: Any) -> Any:
        try:
            return _commit(self)
        finally:
            watch.end(self)

    def rollback(self: Any) -> Any:
        try:
            return _rollback(self)
        finally:
            watch.end(self)

    _execute, _commit, _rollback = Cursor.execute, Cursor.commit, Cursor.rollback
    with (
        patch.object(Cursor, "execute", execute),
        patch.object(Cursor, "commit", commit),
        patch.object(Cursor, "rollback", rollback),
    ):
        yield watch


def read_memory() -> float:
    """Return the megabytes that this process has had at most; 0 where the system tells none."""
    try:
        text = Path("/proc/self/status").read_text()
    except OSError:
        return 0.0
    return int(text.partition("VmHWM:")[2].split()[0]) / 1024
