# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
{
    "name": "Stand-In for Odoo's Subscriptions",
    "version": "19.0.1.0.0",
    "category": "Hidden",
    "summary": "The one field by which invoices of the subscription app are known",
    "author": "Revenue Recovery",
    "license": "LGPL-3",
    "depends": ["sale"],
}
