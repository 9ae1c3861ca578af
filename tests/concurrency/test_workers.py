# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Several processes and threads, killed workers, webhooks and portal payments on committed data."""

import os
import random
import time
from datetime import datetime, timedelta
from unittest.mock import patch

import pytest

from benchmarks.bench import scene
from benchmarks.bench.portal import Bill, Browser, PortalError
from benchmarks.bench.processes import Workers, gateway_process, odoo_server
from environment import benchmark
from simulation.client import GatewayClient

ORIGINAL = os.environ.get("RECOVERY_TEST_DB")
DATABASE = f"{ORIGINAL}_workers"
# Long enough for everything that is done while a charge is on its way.
ON_ITS_WAY = {"kind": "delay_after", "seconds": 4.0}
SECOND = timedelta(seconds=1)
ALL_ON_THEIR_WAY = {"rates": {"delay_after": 1.0}, "seconds": 4.0}
_RUNNING = "SELECT count(*) FROM recovery_attempt WHERE state = 'running' AND move_id = ANY (%s)"
_LOCKED = "SELECT FROM {} WHERE id = ANY (%s) FOR UPDATE NOWAIT"
_UNBOOKED = """
    SELECT count(*) FROM payment_transaction WHERE id = ANY (%s) AND is_post_processed IS NOT TRUE
"""
_FREE = """
    SELECT id FROM payment_transaction WHERE id = ANY (%s) AND is_post_processed IS NOT TRUE
       FOR SHARE SKIP LOCKED
"""
_AT_WORK = """
    SELECT count(*) FROM pg_stat_activity
     WHERE application_name = %s AND datname = current_database() AND state = 'active'
"""
_END_SESSIONS = """
    SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = %s
"""
# Of Odoo's jobs, a server shall run the one that charges, and no other.
_OTHER_JOBS = """
    UPDATE ir_cron SET nextcall = '2099-01-01' WHERE id != %(job)s;
    DELETE FROM ir_cron_trigger WHERE cron_id != %(job)s;
"""

pytestmark = pytest.mark.skipif(not ORIGINAL, reason="dev/test gives the database")


class Company:
    """The scene of these tests."""

    def __init__(self, gateway):
        self.client = GatewayClient(gateway)
        with benchmark.odoo_env(DATABASE) as env:
            self.scene = scene.prepare(env)

    def create_invoices(self, count=1):
        """Return invoices that are due, with their charges planned."""
        with benchmark.odoo_env(DATABASE) as env:
            tokens = scene.create_payers(env, self.scene, self.client, [[]] * count)
            ids = scene.create_invoices(env, self.scene, tokens, random.Random(1))
            for invoice in env["account.move"].browse(ids):
                invoice._plan_collection()
        return ids

    def get_bill(self, invoice_id):
        with benchmark.odoo_env(DATABASE) as env:
            invoice = env["account.move"].browse(invoice_id)
            token = invoice.collect_token_id
            return Bill(
                invoice.id,
                invoice.access_token,
                invoice.amount_residual,
                token.id,
                token.payment_method_id.id,
                token.partner_id.id,
            )

    def read(self, invoice_ids):
        """Return plain values of the invoices, with their charges and payments."""
        with benchmark.odoo_env(DATABASE) as env:
            return [
                {
                    "paid": invoice.payment_state in ("paid", "in_payment"),
                    "attempts": invoice.recovery_attempt_ids.mapped("state"),
                    "planned_at": invoice.recovery_attempt_ids[:1].planned_at,
                    "transactions": invoice.transaction_ids.mapped("reference"),
                    "payments": len(invoice.transaction_ids.payment_id),
                    "taken": sum(
                        len(self.client.ledger(description=reference))
                        for reference in invoice.transaction_ids.mapped("reference")
                    ),
                }
                for invoice in env["account.move"].browse(invoice_ids)
            ]

    def wait_for(self, invoice_ids, condition, seconds=60):
        """Wait until each of the invoices fulfils a condition; return their values."""
        until = time.monotonic() + seconds
        while not all(map(condition, values := self.read(invoice_ids))):
            late = [each for each in values if not condition(each)]
            assert time.monotonic() < until, late
            time.sleep(0.1)
        return values

    def set_rate(self, rate):
        """Set how many requests a second the provider takes; 0: as many as there are."""
        with benchmark.odoo_env(DATABASE) as env:
            env["payment.provider"].browse(self.scene.provider).recovery_request_rate = rate

    def set_at_once(self, number):
        with benchmark.odoo_env(DATABASE) as env:
            env["ir.config_parameter"].set_param(scene.AT_ONCE, number)

    def wait_until_running(self, invoice_ids, number):
        """Wait until so many of the invoices are being charged, all of them sent by now."""
        until = time.monotonic() + 60
        with benchmark.odoo_env(DATABASE) as env:
            while True:
                # Looking costs a processor that the workers need.
                env.cr.execute(_RUNNING, [invoice_ids])
                count, answers = env.cr.fetchone()[0], self.client.faults()["running"]
                env.cr.rollback()
                if (count, answers) == (number, number):
                    return
                assert time.monotonic() < until, self.read(invoice_ids)
                time.sleep(0.1)

    def work_as_job(self):
        """Charge what is due in this process, as a job of Odoo's does."""
        with benchmark.odoo_env(DATABASE) as env:
            context = {"cron_end_time": time.monotonic() + 10}
            env["recovery.attempt"].with_context(**context)._cron_charge()

    def get_instants(self, values):
        """Return when the money of these invoices was taken, by the gateway's clock."""
        references = {name for each in values for name in each["transactions"]}
        return sorted(
            datetime.fromisoformat(entry["instant"])
            for entry in self.client.ledger()
            if entry["description"] in references
        )

    def charge_only(self):
        """Charge what is due as a process that dies before it books."""
        with benchmark.odoo_env(DATABASE) as env:
            attempts = env["recovery.attempt"]
            with patch.object(type(attempts), "_book_paid", lambda *_args, **_options: None):
                attempts._cron_charge()

    def wait_until_booking(self, invoice_ids):
        """Wait until somebody books charges of the invoices; return whether any are left."""
        with benchmark.odoo_env(DATABASE) as env:
            ids = env["account.move"].browse(invoice_ids).transaction_ids.ids
            while True:
                env.cr.rollback()
                env.cr.execute(_UNBOOKED, [ids])
                waiting = env.cr.fetchone()[0]
                env.cr.execute(_FREE, [ids])
                if len(env.cr.fetchall()) < waiting or not waiting:
                    return bool(waiting)
                env.cr.rollback()
                time.sleep(0.02)

    def count_entries(self, invoice_ids):
        """Return how many payments, of whatever transaction, are booked for the invoices."""
        with benchmark.odoo_env(DATABASE) as env:
            invoices = env["account.move"].browse(invoice_ids)
            return env["account.payment"].search_count(
                [("invoice_ids", "in", invoices.ids), ("state", "in", ("in_process", "paid"))]
            )

    def work_off(self):
        """Charge what is due, and resolve what is unknown, in this process."""
        with benchmark.odoo_env(DATABASE, log_level="critical") as env:
            env["recovery.attempt"]._cron_charge()
            env["recovery.invoice.queue"]._cron_follow()


@pytest.fixture(scope="module")
def database():
    """A copy of the test database: others copy it, too, which nobody can who is connected to it."""
    with benchmark.copied_database(ORIGINAL, DATABASE):
        yield


@pytest.fixture(scope="module")
def company(database):
    with (
        gateway_process("concurrency") as gateway,
        patch.dict(os.environ, RECOVERY_GATEWAY_URL=gateway),
    ):
        yield Company(gateway)


@pytest.fixture(scope="module")
def server(company):
    with odoo_server("concurrency", DATABASE, company.client.url) as url:
        yield url


@pytest.fixture(scope="module")
def nursery(company):
    with Workers("concurrency", DATABASE, company.client.url, ("charge",)) as workers:
        yield workers


@pytest.fixture(scope="module")
def bookers(company):
    """Workers that run Odoo's own job, which books what others left."""
    with Workers("bookers", DATABASE, company.client.url, ("book",)) as workers:
        yield workers


@pytest.fixture
def workers(nursery, company):
    yield nursery
    nursery.end()
    company.set_at_once(4)
    company.client.clear_faults()
    company.client.set_webhooks()


def test_two_workers_charge_each_due_attempt_exactly_once(company, workers):
    invoices = company.create_invoices(12)
    workers.start(2)
    for values in company.wait_for(invoices, lambda values: values["paid"]):
        assert values["attempts"] == ["paid"]
        assert (values["taken"], values["payments"]) == (1, 1)


def test_charge_of_a_killed_worker_is_resolved_by_asking_for_the_same_charge(company, workers):
    company.client.set_faults([ON_ITS_WAY])
    invoices = company.create_invoices()
    workers.start()
    company.wait_for(invoices, lambda values: values["taken"])
    workers.kill(workers.pids[0])
    (values,) = company.read(invoices)
    assert values["attempts"] == ["running"], "The worker died before it could write the outcome."

    company.work_off()
    (values,) = company.read(invoices)
    assert values["attempts"] == ["running"], "A worker that has just begun may still be alive."

    replayed = company.client.counters()["replayed"]
    with benchmark.odoo_env(DATABASE) as env:
        attempt = env["account.move"].browse(invoices).recovery_attempt_ids
        attempt.started_at -= timedelta(minutes=1)
    company.work_off()
    (values,) = company.read(invoices)
    assert values["attempts"] == ["paid"]
    assert values["paid"]
    assert (values["taken"], values["payments"]) == (1, 1)
    assert len(values["transactions"]) == 1
    assert company.client.counters()["replayed"] == replayed + 1


def test_portal_payment_is_refused_while_a_charge_is_on_its_way(company, server, workers):
    company.client.set_faults([ON_ITS_WAY])
    invoices = company.create_invoices()
    bill = company.get_bill(invoices[0])
    browser = Browser(server, company.scene.provider)
    workers.start()
    company.wait_for(invoices, lambda values: values["taken"])
    with pytest.raises(PortalError, match="is being processed"):
        browser.start(bill, flow="token", token_id=bill.token)
    with pytest.raises(PortalError, match="is being processed"):
        browser.start(bill, flow="direct", payment_method_id=bill.method)
    (values,) = company.wait_for(invoices, lambda values: values["paid"])
    assert (values["taken"], values["payments"]) == (1, 1)
    with pytest.raises(PortalError, match="has been paid already"):
        browser.start(bill, flow="token", token_id=bill.token)


def test_charge_waits_while_the_customer_may_be_paying(company, server):
    invoices = company.create_invoices()
    bill = company.get_bill(invoices[0])
    browser = Browser(server, company.scene.provider)
    assert browser.start(bill, flow="direct", payment_method_id=bill.method)["client_secret"]
    company.work_off()
    (values,) = company.read(invoices)
    assert values["attempts"] == ["planned"]
    assert values["taken"] == 0
    assert values["planned_at"] > datetime.utcnow() + timedelta(minutes=50)


def test_webhook_that_overtakes_the_answer_brings_one_payment(company, server, workers):
    url = f"{server}/payment/stripe/webhook"
    company.client.set_webhooks(url=url, mode="immediate")
    company.client.set_faults([ON_ITS_WAY])
    invoices = company.create_invoices()
    workers.start()
    company.wait_for(invoices, lambda values: values["taken"])
    company.client.wait_for_webhooks()
    with benchmark.odoo_env(DATABASE) as env:
        invoice = env["account.move"].browse(invoices)
        assert invoice.transaction_ids.state == "done", "The webhook came first."
        assert invoice.recovery_attempt_ids.state == "running"
    (values,) = company.wait_for(invoices, lambda values: values["attempts"] == ["paid"])
    (values,) = company.wait_for(invoices, lambda values: values["paid"])
    assert (values["taken"], values["payments"]) == (1, 1)


def test_two_workers_together_keep_the_limit_of_the_provider(company, workers):
    rate = 8
    company.set_rate(rate)
    try:
        invoices = company.create_invoices(24)
        workers.start(2)
        values = company.wait_for(
            invoices,
            lambda values: values["paid"],
        )
    finally:
        company.set_rate(0)
    assert [each["taken"] for each in values] == [1] * len(invoices)
    instants = company.get_instants(values)
    span = (instants[-1] - instants[0]).total_seconds()
    seconds = [[each for each in instants if first <= each < first + SECOND] for first in instants]
    # What is sent a moment late may meet the next one in its second.
    assert max(map(len, seconds)) <= rate + 1, instants
    assert span >= (len(instants) - 2) / rate


def test_limit_that_one_worker_meets_lets_all_of_them_wait(company, workers):
    company.client.set_faults([{"kind": "error_429"}])
    # More than both send while the first is told.
    invoices = company.create_invoices(60)
    workers.start(2)
    values = company.wait_for(
        invoices, lambda each: each["paid"] or "not_sent" in each["attempts"], seconds=120
    )
    limited = [each for each in values if not each["paid"]]
    assert [(each["attempts"].count("not_sent"), each["taken"]) for each in limited] == [(1, 0)]
    assert {each["taken"] for each in values if each["paid"]} == {1}
    instants = company.get_instants(values)
    gaps = [later - earlier for earlier, later in zip(instants, instants[1:], strict=False)]
    assert max(gaps) >= 0.9 * SECOND, "Two seconds, in whole seconds of the clock."


def test_one_worker_charges_several_at_once_each_exactly_once(company, workers):
    company.client.set_faults(**ALL_ON_THEIR_WAY)
    invoices = company.create_invoices(8)
    workers.start()
    company.wait_until_running(invoices, 4)
    for values in company.wait_for(invoices, lambda values: values["paid"]):
        assert values["attempts"] == ["paid"]
        assert (values["taken"], values["payments"]) == (1, 1)


def test_charge_that_waits_for_its_provider_holds_no_lock_and_no_processor(company, workers):
    company.client.set_faults(**ALL_ON_THEIR_WAY)
    invoices = company.create_invoices(4)
    workers.start()
    company.wait_until_running(invoices, 4)
    with benchmark.odoo_env(DATABASE) as env:
        moves = env["account.move"].browse(invoices)
        attempts = moves.recovery_attempt_ids
        for records in (moves, attempts, attempts.transaction_id, attempts.token_id):
            # The method is referenced by its transaction, which keeps only its deletion waiting.
            env.cr.execute(_LOCKED.format(records._table), [records.ids])
        env.cr.execute(_AT_WORK, [f"odoo-{workers.pids[0]}"])
        assert env.cr.fetchone()[0] == 0
    company.wait_for(invoices, lambda values: values["paid"])


def test_several_charges_of_a_killed_worker_are_all_resolved_once(company, workers):
    company.client.set_faults(**ALL_ON_THEIR_WAY)
    invoices = company.create_invoices(4)
    workers.start()
    company.wait_until_running(invoices, 4)
    workers.kill(workers.pids[0])
    assert {tuple(each["attempts"]) for each in company.read(invoices)} == {("running",)}
    company.client.clear_faults()
    with benchmark.odoo_env(DATABASE) as env:
        for attempt in env["account.move"].browse(invoices).recovery_attempt_ids:
            attempt.started_at -= timedelta(minutes=1)
    company.work_off()
    for values in company.read(invoices):
        assert values["attempts"] == ["paid"]
        assert (values["taken"], values["payments"]) == (1, 1)
        assert len(values["transactions"]) == 1


def test_answer_is_written_down_although_its_database_session_has_ended(company, workers):
    """As by a restart of PostgreSQL: the charge has been made, and nobody has to ask for it."""
    company.client.set_faults(**ALL_ON_THEIR_WAY)
    invoices = company.create_invoices(4)
    workers.start()
    company.wait_until_running(invoices, 4)
    replayed = company.client.counters()["replayed"]
    with benchmark.odoo_env(DATABASE) as env:
        env.cr.execute(_END_SESSIONS, [f"odoo-{workers.pids[0]}"])
    for values in company.wait_for(invoices, lambda values: values["paid"]):
        assert values["attempts"] == ["paid"]
        assert (values["taken"], values["payments"]) == (1, 1)
        assert len(values["transactions"]) == 1
    assert company.client.counters()["replayed"] == replayed


def test_two_workers_with_several_at_once_charge_each_exactly_once(company, workers):
    company.client.set_faults(**{**ALL_ON_THEIR_WAY, "seconds": 0.3})
    invoices = company.create_invoices(12)
    workers.start(2)
    values = company.wait_for(invoices, lambda values: values["paid"], seconds=120)
    assert {(tuple(each["attempts"]), each["taken"], each["payments"]) for each in values} == {
        (("paid",), 1, 1)
    }


def test_workers_killed_while_they_book_book_nothing_twice_and_lose_nothing(company, bookers):
    chance = random.Random(7)
    invoices = company.create_invoices(30)
    company.charge_only()
    values = company.read(invoices)
    assert {(each["taken"], each["payments"], each["paid"]) for each in values} == {(1, 0, False)}
    kills = 0
    while kills < 5 and not all(each["paid"] for each in company.read(invoices)):
        bookers.start(2)
        is_booking = company.wait_until_booking(invoices)
        time.sleep(chance.uniform(0.0, 0.4))
        for pid in list(bookers.pids):
            bookers.kill(pid)
        kills += is_booking
        for values in company.read(invoices):
            assert values["payments"] == values["paid"], "All of it, or nothing."
    assert kills
    bookers.start(2)
    try:
        values = company.wait_for(invoices, lambda values: values["paid"], seconds=120)
    finally:
        bookers.end()
    assert {(each["taken"], each["payments"], len(each["transactions"])) for each in values} == {
        (1, 1, 1)
    }
    assert company.count_entries(invoices) == len(invoices)


def test_out_of_connections_there_are_fewer_at_once_and_it_is_said_once(company):
    from odoo import sql_db

    from odoo.addons.revenue_recovery.tools import crew

    company.set_at_once(16)
    try:
        # One is in use before, that of the job: four hands and two for a moment are too many.
        with (
            patch.object(sql_db._Pool, "_maxconn", 6),
            patch.object(crew._logger, "warning") as warning,
        ):
            for _turn in range(2):
                invoices = company.create_invoices(16)
                company.work_as_job()
                for values in company.read(invoices):
                    assert values["attempts"] in (["paid"], ["planned"])
                    assert values["taken"] == (values["attempts"] == ["paid"])
    finally:
        company.set_at_once(4)
    # Where fewer are free the second time it is another number, and said again.
    said = [call.args[1:3] for call in warning.call_args_list]
    assert said and len(said) == len(set(said))
    assert all(hands < 6 and wanted == 16 for hands, wanted in said)
    company.work_off()


def test_server_that_stops_lets_what_is_under_way_come_to_its_end(company):
    company.client.set_faults(**ALL_ON_THEIR_WAY)
    try:
        with odoo_server("stopped", DATABASE, company.client.url, jobs=1):
            with benchmark.odoo_env(DATABASE) as env:
                job = env.ref("revenue_recovery.ir_cron_recovery_charge")
                env.cr.execute(_OTHER_JOBS, {"job": job.id})
            invoices = company.create_invoices(12)
            with benchmark.odoo_env(DATABASE) as env:
                env["recovery.attempt"]._make_due()
            company.wait_until_running(invoices, 4)
    finally:
        company.client.clear_faults()
    values = company.read(invoices)
    states = [each["attempts"][0] for each in values]
    assert states.count("paid") >= 4, states
    assert set(states) == {"paid", "planned"}, "None was left alone, and none was begun any more."
    assert {each["taken"] for each in values if each["attempts"] == ["planned"]} == {0}
    company.work_off()
