# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""A company with a gateway, customers with saved cards, and invoices that are due."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from environment import benchmark
from simulation.client import GatewayClient

# Currency and amounts, in its minor units, of the invoices.
AMOUNTS = {
    "EUR": (1000, 4999, 12050, 99999),
    "USD": (900, 2500, 10001, 250000),
    "JPY": (500, 12800, 98000),
}
DECLINES = ("insufficient_funds", "generic_decline", "do_not_honor", "try_again_later")
PASSWORD = "benchmark"
# The system parameter that says how many charges a job sends at once.
AT_ONCE = "revenue_recovery.charges_at_once"


@dataclass(frozen=True)
class Scene:
    """Ids of what every invoice needs."""

    provider: int
    policy: int
    currencies: dict[str, int]
    members: tuple[int, ...]


def prepare(env: Any, members: int = 0, unit: str = "hours") -> Scene:
    """Set up the company, the provider, a policy with short waits, and customers who log in.

    :param members: how many customers have a login, `member0@example.com` and so on
    :param unit: in which the policy waits once after each decline, `hours` or `days`
    """
    company = env.company
    env["account.chart.template"].try_loading("generic_coa", company, install_demo=False)
    company.recovery_charge_test_providers = True
    provider = env["recovery.simulation"]._configure_provider(company)
    # Whoever may be waited for in the real world is waited for here, too; the clock is moved.
    env["recovery.policy"].search([]).action_archive()
    policy = env["recovery.policy"].create(
        {
            "name": "Benchmark",
            "retry_schedule": "fixed",
            "spread_evenly": False,
            "retry_ids": [(0, 0, {"delay_count": 1, "delay_unit": unit}) for _rung in range(10)],
            "charge_hour_from": 0,
            "charge_hour_to": 24,
        }
    )
    currencies = env["res.currency"].with_context(active_test=False)
    currencies = currencies.search([("name", "in", list(AMOUNTS))])
    currencies.active = True
    env["ir.config_parameter"].sudo().set_param("password.hashing.rounds", 1000)
    return Scene(
        provider=provider.id,
        policy=policy.id,
        currencies={currency.name: currency.id for currency in currencies},
        members=tuple(_create_members(env, members)),
    )


def _create_members(env: Any, count: int) -> Sequence[int]:
    users = (
        env["res.users"]
        .with_context(no_reset_password=True)
        .create(
            [
                {
                    "name": f"Member {number}",
                    "login": f"member{number}@example.com",
                    "email": f"member{number}@example.com",
                    "password": PASSWORD,
                    "group_ids": [(6, 0, [env.ref("base.group_portal").id])],
                }
                for number in range(count)
            ]
        )
    )
    return users.partner_id.ids


def create_payers(
    env: Any, scene: Scene, client: GatewayClient, scripts: Sequence[Sequence[Any]]
) -> list[int]:
    """Create a customer with a saved card for each script of answers; return the tokens.

    Every second customer with a login gets further cards instead, when there are any.
    """
    simulation = env["recovery.simulation"]
    provider = env["payment.provider"].browse(scene.provider)
    partners = env["res.partner"].create(
        [{"name": f"Payer {number}"} for number in range(len(scripts))]
    )
    tokens = []
    for number, (partner, script) in enumerate(zip(partners, scripts, strict=True)):
        card = client.create_card({"script": list(script)})
        if scene.members and number % 4 == 0:
            partner = partner.browse(scene.members[number // 4 % len(scene.members)])
        tokens.append(simulation._save_method(provider, card, partner).id)
    return tokens


def vacuum(database: str, tables: str = "") -> None:
    """Let PostgreSQL know what it has to do with, as it does by itself after a while.

    :param tables: their names, by commas; all by default
    """
    with benchmark.odoo_env(database) as env:
        env.cr._cnx.rollback()
        env.cr._cnx.autocommit = True
        env.cr.execute(f"VACUUM ANALYZE {tables}")
        env.cr._cnx.autocommit = False


def find_day(env: Any) -> date:
    """Return a day that has begun wherever a customer may live, at any hour of the machine."""
    return env.cr.now().date() - timedelta(days=1)


def create_invoices(env: Any, scene: Scene, tokens: Sequence[int], chance: random.Random) -> list:
    """Post an invoice for each token, due and collected automatically; return the ids."""
    day, lines = find_day(env), []
    for token in env["payment.token"].browse(tokens):
        name = chance.choice(list(scene.currencies))
        currency = env["res.currency"].browse(scene.currencies[name])
        amount = chance.choice(AMOUNTS[name]) / 10**currency.decimal_places
        lines.append(
            {
                "move_type": "out_invoice",
                "partner_id": token.partner_id.id,
                "currency_id": currency.id,
                "invoice_date": day,
                "invoice_date_due": day,
                "invoice_payment_term_id": False,
                "collect_automatically": True,
                "collect_token_id": token.id,
                "invoice_line_ids": [
                    (0, 0, {"name": "Service", "price_unit": amount, "tax_ids": False})
                ],
            }
        )
    invoices = env["account.move"].create(lines)
    invoices.action_post()
    for invoice in invoices:
        invoice._portal_ensure_token()
    return invoices.ids
