# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Everyday work in a database, with what it costs: statements and processor time of each act."""

from __future__ import annotations

import gc
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any
from unittest.mock import patch

from lxml import etree

from environment import benchmark

# Invoices of a bulk payment, rows of a list, and invoices of a page of the portal.
BULK = 20
LIST = 40
LOGIN = "bystander@example.com"


class Bystander:
    """Does what accountants and customers do all day, and counts what it costs.

    :param database: its name
    :param rows: two numbers of rows, between which a list must not cost more statements
    """

    def __init__(self, database: str, rows: Sequence[int]) -> None:
        self._database = database
        self._rows = rows
        self._statements = 0

    def measure(self, turns: int) -> dict[str, Any]:
        """Return the costs of each act, the memory, and what grows with the rows of lists.

        :param turns: how often each act is done; the first time, which fills caches, apart
        """
        from odoo.sql_db import Cursor

        execute = Cursor.execute

        def counted(cursor, *args, **kwargs):
            self._statements += 1
            return execute(cursor, *args, **kwargs)

        with patch.object(Cursor, "execute", counted), self._env() as env:
            self._prepare(env)
            acts = self._get_acts()
            costs = {name: [] for name in acts}
            for turn in range(turns + 1):
                for name, act in acts.items():
                    cost = self._time(act)
                    if turn:
                        costs[name].append(cost)
            gc.collect()
            memory = _read_memory()
            grown = self._measure_growth() if "recovery.case" in env else {}
        return {
            "acts": {
                name: {
                    "statements": median(cost["statements"] for cost in found),
                    "processor": median(cost["processor"] for cost in found),
                }
                for name, found in costs.items()
            },
            "memory": memory,
            "grown": grown,
        }

    def _get_acts(self) -> dict[str, Callable]:
        return {
            "post an invoice": self._post,
            "register a payment": lambda env: self._pay(env, 1),
            f"register {BULK} payments": lambda env: self._pay(env, BULK),
            "list of invoices": lambda env: self._list(
                env, "account.move", "account.view_out_invoice_tree", self._invoices
            ),
            "form of an invoice": lambda env: self._form(env, self._invoices[0]),
            "list of bills": lambda env: self._list(
                env, "account.move", "account.view_in_invoice_bill_tree", self._bills
            ),
            "form of a bill": lambda env: self._form(env, self._bills[0]),
            "list of contacts": lambda env: self._list(
                env, "res.partner", "base.view_partner_tree", self._partners
            ),
            "portal: my invoices": lambda env: self._open_portal(),
        }

    @contextmanager
    def _env(self) -> Iterator[Any]:
        """Give an environment of an administrator, with nothing read yet."""
        with benchmark.odoo_env(self._database, log_level="error") as env:
            yield env(user=env.ref("base.user_admin"))

    def _time(self, act: Callable) -> dict[str, float]:
        with self._env() as env:
            prepared = act(env)
            work = prepared if callable(prepared) else lambda: prepared
            env.cr.flush()
            env.transaction.clear()
            statements, used = self._statements, time.process_time()
            work()
            env.cr.flush()
            return {
                "statements": self._statements - statements,
                "processor": time.process_time() - used,
            }

    # What there is

    def _prepare(self, env: Any) -> None:
        company = env.company
        if not env["account.journal"].search_count([("type", "=", "sale")]):
            env["account.chart.template"].try_loading("generic_coa", company, install_demo=False)
        users = env["res.users"].with_context(no_reset_password=True)
        user = users.search([("login", "=", LOGIN)])
        if not user:
            portal = env.ref("base.group_portal")
            values = {"name": "Bystander", "login": LOGIN, "email": LOGIN}
            user = users.create({**values, "group_ids": [(6, 0, portal.ids)]})
        customers = env["res.partner"].create(
            [{"name": f"Customer {number}"} for number in range(LIST)]
        )
        self._partners = customers.ids
        self._user = user.id
        owed = [user.partner_id] * BULK + list(customers[: LIST - BULK])
        self._invoices = self._create(env, "out_invoice", owed).ids
        self._bills = self._create(env, "in_invoice", customers).ids
        env.cr.commit()

    def _create(self, env: Any, kind: str, partners: Sequence[Any], post: bool = True) -> Any:
        moves = env["account.move"].create(
            [
                {
                    "move_type": kind,
                    "partner_id": partner.id,
                    "invoice_date": env.cr.now().date(),
                    "invoice_line_ids": [
                        (0, 0, {"name": "Service", "price_unit": 100.0, "tax_ids": False})
                    ],
                }
                for partner in partners
            ]
        )
        if post:
            moves.action_post()
        return moves

    # The acts: what they prepare is not counted; what they return is

    def _post(self, env: Any) -> Callable:
        partner = env["res.partner"].browse(self._partners[0])
        return self._create(env, "out_invoice", [partner], post=False).action_post

    def _pay(self, env: Any, count: int) -> Callable:
        partners = env["res.partner"].browse(self._partners[:count])
        invoices = self._create(env, "out_invoice", list(partners))
        wizards = env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoices.ids
        )
        return lambda: wizards.create({"group_payment": False})._create_payments()

    def _list(self, env: Any, model: str, view: str, ids: Sequence[int]) -> Callable:
        specification = _specify(env, model, view, "list")
        records = env[model]
        return lambda: records.web_search_read([("id", "in", list(ids))], specification, limit=LIST)

    def _form(self, env: Any, id_: int) -> Callable:
        specification = _specify(env, "account.move", "account.view_move_form", "form")
        return lambda: env["account.move"].browse(id_).web_read(specification)

    def _open_portal(self) -> Callable:
        client = self._log_in()

        def load() -> None:
            answer = client.get("/my/invoices")
            text = answer.get_data(as_text=True)
            told = f"{answer.status} {answer.headers.get('Location')}"
            assert answer.status_code == 200 and text.count("Pay Now") >= BULK, told

        return load

    def _log_in(self) -> Any:
        from werkzeug.test import Client

        from odoo import http
        from odoo.service import security

        with self._env() as env:
            session = http.root.session_store.new()
            session.update(http.get_default_session(), db=self._database, _trace_disable=True)
            session.uid, session.login = self._user, LOGIN
            own = env(user=self._user)
            session.session_token = security.compute_session_token(session, own)
            session.context = dict(own["res.users"].context_get())
            http.root.session_store.save(session)
        client = Client(http.root)
        client.set_cookie("session_id", session.sid)
        return client

    # Rows

    def _measure_growth(self) -> dict[str, float]:
        """Return how many statements more the larger number of rows costs, by list."""
        with self._env() as env:
            cases = self._create_cases(env, max(self._rows))
            env.cr.commit()
        views = {
            "list of cases": ("recovery.case", "revenue_recovery.recovery_case_list", "list"),
            "board of cases": ("recovery.case", "revenue_recovery.recovery_case_kanban", "kanban"),
            "list of invoices": ("account.move", "account.view_out_invoice_tree", "list"),
        }
        grown = {}
        for name, (model, view, kind) in views.items():
            ids = self._invoices if model == "account.move" else cases
            counts = [self._count_rows(model, view, kind, ids[:rows]) for rows in self._rows]
            grown[name] = counts[1] - counts[0]
        return grown

    def _create_cases(self, env: Any, count: int) -> list[int]:
        policy = env["recovery.policy"].create({"name": "Bystander"})
        partners = env["res.partner"].create([{"name": f"Late {n}"} for n in range(count)])
        moves = self._create(env, "out_invoice", list(partners))
        self._invoices = moves.ids
        now = env.cr.now().replace(microsecond=0)
        cases = (
            env["recovery.case"]
            .sudo()
            .create(
                [
                    {
                        "move_id": move.id,
                        "company_id": move.company_id.id,
                        "partner_id": move.partner_id.id,
                        "policy_id": policy.id,
                        "currency_id": move.currency_id.id,
                        "failed_amount": move.amount_total,
                        "due_date": move.invoice_date_due,
                        "first_failure_at": now,
                    }
                    for move in moves
                ]
            )
        )
        return cases.ids

    def _count_rows(self, model: str, view: str, kind: str, ids: Sequence[int]) -> int:
        with self._env() as env:
            specification = _specify(env, model, view, kind)
            counts = []
            for _turn in range(2):  # The first one fills caches.
                env.cr.flush()
                env.transaction.clear()
                before = self._statements
                found = env[model].web_search_read([("id", "in", list(ids))], specification)
                assert len(found["records"]) == len(ids)
                counts.append(self._statements - before)
        return counts[-1]


def _specify(env: Any, model: str, view: str, kind: str) -> dict[str, Any]:
    """Return what the browser asks for to show a view."""
    found = env[model].get_views([(env.ref(view).id, kind)])
    arch = etree.fromstring(found["views"][kind]["arch"])
    return _read_fields(env, model, arch)


def _read_fields(env: Any, model: str, node: Any) -> dict[str, Any]:
    specification: dict[str, Any] = {}
    for field in _list_fields(node):
        name = field.get("name")
        kind = env[model]._fields[name]
        if kind.relational and kind.type == "many2one":
            specification[name] = {"fields": {"display_name": {}}}
        elif kind.relational and kind.type != "reference":
            inner = _read_fields(env, kind.comodel_name, field) if len(field) else {}
            if re.search("many2many_tags|avatar", field.get("widget", "")):
                inner = {"display_name": {}}
            specification[name] = {"fields": inner, "limit": LIST}
        else:
            specification[name] = {}
    return specification


def _list_fields(node: Any) -> Iterator[Any]:
    """Yield the fields of a view, without those of the views inside it."""
    for child in node:
        if child.tag == "field":
            yield child
        elif isinstance(child.tag, str):
            yield from _list_fields(child)


def _read_memory() -> float:
    """Return the resident memory of this process in megabytes; 0 where the system tells none."""
    try:
        text = Path("/proc/self/status").read_text()
    except OSError:
        return 0.0
    return int(re.search(r"VmRSS:\s+(\d+)", text)[1]) / 1024
