# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
{
    "name": "Revenue Recovery: simulated payments",
    "summary": "Sends Stripe's traffic to the payment gateway of this machine. Development only.",
    "version": "19.0.1.0.0",
    "category": "Hidden",
    "author": "Revenue Recovery",
    "license": "LGPL-3",
    "depends": ["account_payment", "payment_stripe"],
}
