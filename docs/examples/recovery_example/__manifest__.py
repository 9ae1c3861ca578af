# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
{
    "name": "Recovery Example",
    "version": "19.0.1.0.0",
    "category": "Accounting/Accounting",
    "summary": "A custom step, a custom condition of policies, and an act when money came back",
    "author": "Revenue Recovery",
    "license": "LGPL-3",
    "depends": ["revenue_recovery"],
    "data": ["views/recovery_policy_views.xml"],
}
