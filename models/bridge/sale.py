# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Sales orders of customers who can't order anything new until they have paid."""


def check_customers(confirm, orders, *args, **kwargs):
    """Let orders be confirmed, unless one is of a customer whose orders are blocked.

    :param confirm: the method that confirms them
    :raise UserError: when one is
    """
    for order in orders:
        order.partner_id.with_company(order.company_id)._recovery_check_may_order()
    return confirm(orders, *args, **kwargs)
