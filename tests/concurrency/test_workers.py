"""Two processes, killed workers, webhooks and portal payments on committed data."""

import os
import random
import time
from datetime import datetime, timedelta

import pytest

from benchmarks.bench import scene
from benchmarks.bench.portal import Bill, Browser, PortalError
from benchmarks.bench.processes import Workers, gateway_process, odoo_server
from environment import benchmark
from simulation.client import GatewayClient

DATABASE = os.environ.get("RECOVERY_TEST_DB")
# Long enough for everything that is done while a charge is on its way.
ON_ITS_WAY = {"kind": "delay_after", "seconds": 4.0}
SECOND = timedelta(seconds=1)

pytestmark = pytest.mark.skipif(not DATABASE, reason="dev/test gives the database")


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

    def wait_for(self, invoice_ids, condition, seconds=20):
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

    def get_instants(self, values):
        """Return when the money of these invoices was taken, by the gateway's clock."""
        references = {name for each in values for name in each["transactions"]}
        return sorted(
            datetime.fromisoformat(entry["instant"])
            for entry in self.client.ledger()
            if entry["description"] in references
        )

    def work_off(self):
        """Charge what is due, and resolve what is unknown, in this process."""
        with benchmark.odoo_env(DATABASE, log_level="critical") as env:
            env["recovery.attempt"]._cron_charge()
            env["recovery.invoice.queue"]._cron_follow()


@pytest.fixture(scope="module")
def company():
    with gateway_process("concurrency") as gateway:
        os.environ["RECOVERY_GATEWAY_URL"] = gateway
        yield Company(gateway)


@pytest.fixture(scope="module")
def server(company):
    with odoo_server("concurrency", DATABASE, company.client.url) as url:
        yield url


@pytest.fixture(scope="module")
def nursery(company):
    with Workers("concurrency", DATABASE, company.client.url, ("charge",)) as workers:
        yield workers


@pytest.fixture
def workers(nursery, company):
    yield nursery
    nursery.end()
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
        values = company.wait_for(invoices, lambda values: values["paid"], seconds=60)
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
    invoices = company.create_invoices(12)
    workers.start(2)
    values = company.wait_for(
        invoices, lambda each: each["paid"] or "not_sent" in each["attempts"], seconds=60
    )
    limited = [each for each in values if not each["paid"]]
    assert [(each["attempts"].count("not_sent"), each["taken"]) for each in limited] == [(1, 0)]
    assert {each["taken"] for each in values if each["paid"]} == {1}
    instants = company.get_instants(values)
    gaps = [later - earlier for earlier, later in zip(instants, instants[1:], strict=False)]
    assert max(gaps) >= 0.9 * SECOND, "Two seconds, in whole seconds of the clock."
