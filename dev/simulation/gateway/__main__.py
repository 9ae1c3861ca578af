# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""`python -m simulation.gateway`: the gateway as a process of its own."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from datetime import datetime, timezone
from pathlib import Path

from .server import Gateway
from .webhooks import MODES, WebhookSettings


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; return the exit code."""
    options = _parser().parse_args(arguments)
    try:
        gateway = Gateway(
            options.port,
            now=options.now or (datetime.now(timezone.utc) if options.clock == "manual" else None),
            seed=options.seed,
            secret_key=options.secret_key,
            ledger_path=options.ledger,
            webhooks=WebhookSettings(
                url=options.webhook_url, secret=options.webhook_secret, mode=options.webhooks
            ),
            verbose=options.verbose,
        )
    except (OSError, ValueError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        print(f"The gateway cannot start on port {options.port}: {reason}.", file=sys.stderr)
        return 1
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with gateway:
        print(f"gateway ready: {gateway.url}", flush=True)
        stop.wait()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m simulation.gateway",
        description="A payment gateway on 127.0.0.1 that speaks what Odoo's Stripe provider does.",
    )
    parser.add_argument("--port", type=int, default=0, help="TCP port; 0, the default: a free one")
    parser.add_argument(
        "--clock",
        choices=("real", "manual"),
        default="real",
        help="follow the machine's clock, or stand still until moved",
    )
    parser.add_argument(
        "--now",
        type=datetime.fromisoformat,
        metavar="INSTANT",
        help="stand a manual clock at this instant, such as 2026-01-01T08:00:00+00:00",
    )
    parser.add_argument("--seed", type=int, help="make ids and card numbers reproducible")
    parser.add_argument("--secret-key", help="the only secret key accepted; default: any sk_test_…")
    parser.add_argument(
        "--ledger", type=Path, metavar="FILE", help="append each movement of money as a JSON line"
    )
    parser.add_argument("--webhook-url", metavar="URL", help="Odoo's …/payment/stripe/webhook")
    parser.add_argument("--webhook-secret", default="whsec_simulation", help="signing secret")
    parser.add_argument("--webhooks", choices=MODES, default="off", help="when events are sent")
    parser.add_argument("--verbose", action="store_true", help="print one line per request")
    return parser


if __name__ == "__main__":
    sys.exit(main())
