# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Three months of a company whose customers' cards fail, run by the real engine in virtual time.

The clock of this process and that of the gateway move together, hour by hour; nothing else is
simulated in here: invoices, charges, bookings, retries and notices are Odoo's and the addon's own.
"""

import random
import sys
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from unittest.mock import patch

from freezegun import freeze_time

from odoo import SUPERUSER_ID
from odoo.fields import Command, Date, Datetime
from odoo.sql_db import Cursor
from odoo.tools import SQL, mute_logger

from simulation.accounts import Account, PayHabit
from simulation.client import GatewayClient
from simulation.payers import generate_payers

from .demo_table import print_table, remember_comparison

SEED = 19
POPULATION = 260
DAYS = 92
# How many days lie between the bills of a customer.
BILLED_EVERY = 31
START = "recovery_simulation.start"
# Where a demo served that was started before.
LOCAL_URL = r"http://(localhost|127\.0\.0\.1)(:[0-9]+)?(?=[/\"<])"
# Odoo logs each declined charge, with the provider's whole answer, as an error of the server.
NOISY_LOGGER = "odoo.addons.payment.models.payment_provider"
# Two recipes are switched on, one of them for each tenth customer.
RECIPES = ("flow_first_payment", "flow_vip")
VIP_EVERY = 10
# Customers who can't pay at the end: name, brand, how sure their bank advises how long to wait, and
# in how many days they are paid. The last of them has a question.
LATE = (
    ("Alice Ortiz", "mastercard", 1.0, 3),
    ("Victor Lang", "visa", 0.0, 2),
    ("Nora Blake", "visa", 0.0, 4),
    ("Samuel Price", "mastercard", 0.0, 3),
)
QUESTION = "I left the club in October. Can you please check this invoice?"
# Their bills are two days old at the end: collected a day later, in the hours of their day.
LATE_BILLED = DAYS - 2
# Customers who react to a notice: the share, and after how many days.
REACTING_SHARE = 0.3
REACTION_DAYS = (1, 6)


def run(env, gateway_url, base_url):
    """Run the three months, which end now, and print what became of the money.

    :param base_url: where Odoo will serve, for the links in messages
    """
    end = datetime.now(timezone.utc).replace(minute=0, second=0, microsecond=0)
    start = end - timedelta(days=DAYS)
    client = GatewayClient(gateway_url)
    client.reset(start)
    demo = Demo(env, client, start)
    lead_links(env, base_url)
    with (
        mute_logger(NOISY_LOGGER),
        freeze_time(start.replace(tzinfo=None)) as clock,
        # What records are dated with is PostgreSQL's clock otherwise.
        patch.object(Cursor, "now", lambda cursor: Datetime.now()),
    ):
        demo.prepare()
        for hour in range(DAYS * 24 + 1):
            instant = start + timedelta(hours=hour)
            clock.move_to(instant.replace(tzinfo=None))
            client.set_clock(instant)
            demo.live_an_hour(instant)
            if hour % 24 == 0:
                _show_progress(hour // 24)
    open_on_today(env)
    note_runs(env)
    agrees = remember_comparison(env, client.totals(), end)
    client.set_clock(datetime.now(timezone.utc))
    env["ir.cron"]._commit_progress()
    print_table(env)
    return 0 if agrees else sys.exit(1)


def open_on_today(env):
    """Let whoever logs in begin with the page *Today*."""
    today = env.ref("revenue_recovery.action_recovery_today")
    env.ref("base.user_admin").action_id = today.id


def note_runs(env):
    """Let the addon's scheduled actions be in time: the run has done their work up to now."""
    own = env["ir.model.data"].search(
        [("module", "=", "revenue_recovery"), ("model", "=", "ir.cron")]
    )
    now = Datetime.now()
    env["ir.cron"].browse(own.mapped("res_id")).write({"lastcall": now, "nextcall": now})


def resume(env, gateway_url, base_url):
    """Make the saved cards known to a new gateway and print the table of the run again."""
    client = GatewayClient(gateway_url)
    client.set_clock(datetime.now(timezone.utc))
    lead_links(env, base_url)
    restore_cards(env, client)
    env["ir.cron"]._commit_progress()
    print_table(env)


def restore_cards(env, client):
    """Make the saved cards known to a gateway, as Odoo knows them.

    With any other validity, number or fingerprint they would be renewed cards, which are charged at
    once wherever a case waits for one.
    """
    start = datetime.fromisoformat(env["ir.config_parameter"].get_param(START))
    payers = {payer.email: payer for payer in (*_choose_payers(start), *_choose_late(start))}
    for token in env["payment.token"].search([("provider_code", "=", "stripe")], order="id"):
        # The first card of a payer behaves as they do; with others they paid by themselves.
        payer = payers.pop(token.partner_id.email, None)
        method = client.create_card(payer.behaviour() if payer else {}, **_read_card(token))
        client.update_card(method.payment_method, fingerprint=token.recovery_fingerprint)
        token.write(
            {
                "provider_ref": method.customer,
                "stripe_payment_method": method.payment_method,
            }
        )


def _read_card(token):
    """Return what Odoo knows of a card, as the gateway makes one."""
    return {
        "brand": token.recovery_network,
        "country": token.recovery_country,
        "funding": token.recovery_funding,
        "exp_month": token.recovery_expiry.month,
        "exp_year": token.recovery_expiry.year,
        "last4": token.payment_details[-4:],
    }


def lead_links(env, base_url):
    """Let links lead to the server that will answer, those of messages that went out as well."""
    env["ir.config_parameter"].set_param("web.base.url", base_url)
    env.flush_all()
    for table, column in (("mail_message", "body"), ("mail_mail", "body_html")):
        env.cr.execute(
            SQL(
                "UPDATE %(table)s "
                "SET %(column)s = regexp_replace(%(column)s, %(old)s, %(new)s, 'g') "
                "WHERE %(column)s ~ %(old)s",
                table=SQL.identifier(table),
                column=SQL.identifier(column),
                old=LOCAL_URL,
                new=base_url,
            )
        )
    env.invalidate_all()


def _choose_payers(start):
    """Return those who have trouble paying, and a few who have none.

    All of one country, so that the table needs one currency.
    """
    population = generate_payers(SEED, POPULATION, start=start, days=DAYS, countries=("US",))
    return [
        payer
        for number, payer in enumerate(population)
        if payer.kind != "steady" or number % 4 == 0
    ]


def _choose_late(start):
    """Return customers whose accounts are empty at the end, and will be until their next pay day.

    Their last charges failed a day ago at most, so that something is open whenever the demo ends.
    The bank of some advises how long to wait.
    """
    end = start + timedelta(days=DAYS)
    payers = generate_payers(SEED, len(LATE), start=start, days=DAYS, countries=("US",))
    for payer, (name, brand, advises, days) in zip(payers, LATE, strict=True):
        pay = PayHabit(payer.bill * 20, weekday=(end + timedelta(days=days)).weekday())
        account = Account(0, end - timedelta(days=3), pay, time_zone=payer.time_zone)
        yield replace(
            payer,
            name=name,
            email=f"{name.lower().replace(' ', '.')}@example.com",
            kind="short",
            brand=brand,
            exp_year=end.year + 2,
            account=account,
            noise={},
            advises=advises,
            dies_at=None,
            authentication="never",
        )


def _show_progress(day):
    end = "\n" if day == DAYS else "\r"
    print(f"  day {day:2} of {DAYS}", end=end, file=sys.stderr, flush=True)


class Demo:
    """The company, its customers and what they do."""

    def __init__(self, env, client: GatewayClient, start: datetime):
        self.env = env
        self.client = client
        self.start = start
        self.payers = _choose_payers(start)
        self.random = random.Random(SEED)
        self.bills: dict[Date, list[tuple]] = {}
        self.reactions: list[tuple[datetime, int]] = []
        self.noticed: set[int] = set()

    # === The scene === #

    def prepare(self):
        """Set up provider, policy and customers, and decide who is billed when."""
        env = self.env
        company = env.company
        if not company.chart_template:
            env["account.chart.template"].try_loading("generic_coa", company)
        company.recovery_charge_test_providers = True
        env["ir.config_parameter"].set_param(START, self.start.isoformat())
        policy = env.ref("revenue_recovery.recovery_policy_standard")
        # Half of the cases stay on the fixed schedule, so that three months show something.
        policy.write({"grace_days": 3, "control_share": 0.5})
        provider = env["recovery.simulation"]._configure_provider(company)
        product = env["product.product"].create(
            {"name": "Membership", "type": "service", "taxes_id": [Command.clear()]}
        )
        for recipe in RECIPES:
            env.ref(f"revenue_recovery.{recipe}").action_recovery_activate()
        vip = env["res.partner.category"].create({"name": "VIP"})
        for number, payer in enumerate(self.payers):
            first = self.random.randrange(30)
            days = range(first, DAYS, BILLED_EVERY)
            partner = self._prepare_payer(provider, product, payer, days)
            if number % VIP_EVERY == 0:
                partner.category_id = vip
        for payer in _choose_late(self.start):
            asking = self._prepare_payer(provider, product, payer, (LATE_BILLED,))
        self.asking = asking
        env["ir.cron"]._commit_progress()

    def _prepare_payer(self, provider, product, payer, days):
        method = self.client.create_card(payer.behaviour(), **payer.card())
        country = self.env["res.country"].search([("code", "=", payer.country)])
        token = self.env["recovery.simulation"]._create_payer(
            provider,
            method,
            name=payer.name,
            email=payer.email,
            tz=payer.time_zone,
            country_id=country.id,
        )
        token.partner_id.write({"collect_automatically": True, "collect_token_id": token.id})
        for day in days:
            date = Date.today() + timedelta(days=day)
            self.bills.setdefault(date, []).append((token.partner_id, product, payer.bill / 100))
        return token.partner_id

    # === An hour === #

    def live_an_hour(self, instant):
        """Bill who is to be billed, let the scheduled jobs run, let customers react."""
        if instant.hour == 5:
            self._bill(Date.today())
            self.env["account.move"]._cron_collect()
        attempt = self.env["recovery.attempt"]
        if attempt._count_due(limit=1):
            attempt._cron_charge()
        self.env["recovery.invoice.queue"]._cron_follow()
        # Nobody gets an e-mail of the demo; all of them are in the database to read.
        self.env["mail.mail"].process_email_queue()
        self._note_reactions(instant)
        self._react(instant)
        self._ask()
        # The environment would remember every record of three months.
        self.env["ir.cron"]._commit_progress()
        self.env.invalidate_all()

    def _bill(self, today):
        moves = self.env["account.move"].create(
            [
                {
                    "move_type": "out_invoice",
                    "partner_id": partner.id,
                    "invoice_date": today,
                    "invoice_line_ids": [
                        Command.create({"product_id": product.id, "price_unit": price})
                    ],
                }
                for partner, product, price in self.bills.pop(today, [])
            ]
        )
        moves.action_post()

    def _note_reactions(self, instant):
        """Decide which of the newly noticed customers will pay by himself, and when."""
        notices = self.env["recovery.notice"].search(
            [("state", "=", "sent"), ("id", "not in", list(self.noticed))]
        )
        for notice in notices:
            self.noticed.add(notice.id)
            if self.random.random() < REACTING_SHARE:
                wait = timedelta(days=self.random.randint(*REACTION_DAYS))
                self.reactions.append((instant + wait, notice.case_id.id))

    def _react(self, instant):
        due = [reaction for reaction in self.reactions if reaction[0] <= instant]
        self.reactions = [reaction for reaction in self.reactions if reaction[0] > instant]
        for _at, case_id in due:
            case = self.env["recovery.case"].browse(case_id)
            if case.state in ("in_recovery", "grace") and case.move_id._has_to_be_paid():
                self._pay_by_link(case)

    def _ask(self):
        """Let a customer ask a question on the page, as soon as a charge of theirs has failed."""
        case = self.env["recovery.case"].search([("partner_id", "=", self.asking.id)], limit=1)
        if case and not case.attention:
            case._ask_question(QUESTION, self.asking)

    def _pay_by_link(self, case):
        """Play the customer who opens the link of a notice and pays with another card."""
        provider = case.move_id.collect_token_id.provider_id or self.env.ref(
            "payment.payment_provider_stripe"
        )
        method = self.client.create_card(brand="visa")
        token = self.env["recovery.simulation"]._save_method(
            provider, method, case.move_id.partner_id
        )
        # Who follows the link has not logged in.
        public = self.env.ref("base.public_user")
        transaction = (
            self.env["payment.transaction"]
            .with_user(public)
            .sudo()
            .create(
                {
                    "provider_id": token.provider_id.id,
                    "payment_method_id": token.payment_method_id.id,
                    "amount": case.amount_owed,
                    "currency_id": case.currency_id.id,
                    "partner_id": case.move_id.partner_id.id,
                    "token_id": token.id,
                    "operation": "online_token",
                    "invoice_ids": [Command.set(case.move_id.ids)],
                }
            )
        )
        transaction._charge_with_token()
        self.env["ir.cron"]._commit_progress()
        transaction.with_user(SUPERUSER_ID)._post_process()
        self.env["ir.cron"]._commit_progress()
