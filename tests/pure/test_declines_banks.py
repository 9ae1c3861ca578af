# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Codes with which banks return debits."""

import pytest

from revenue_recovery.declines import read_return


@pytest.mark.parametrize(
    ("scheme", "code", "reason", "decline_class"),
    [
        ("sepa", "AM04", "insufficient_funds", "later"),
        ("sepa", "MS03", "unspecified_return", "later"),
        ("sepa", "AC04", "account_closed", "never"),
        ("sepa", "MD01", "no_mandate", "never"),
        ("sepa", "MD06", "debit_refused", "customer_action"),
        ("ach", "R01", "insufficient_funds", "later"),
        ("ach", "R02", "account_closed", "never"),
        ("ach", "R10", "no_mandate", "never"),
        ("bacs", "0", "refer_to_payer", "later"),
        ("bacs", "2", "deceased", "never"),
        ("becs", "6", "refer_to_payer", "later"),
        ("pad", "901", "insufficient_funds", "later"),
        ("pad", "05", "unknown", "later"),
    ],
)
def test_banks_return_is_read_by_the_codes_of_its_scheme(scheme, code, reason, decline_class):
    decline = read_return(scheme, code)
    assert (decline.reason, decline.decline_class) == (reason, decline_class)
    assert (decline.network, decline.network_code, decline.code) == (scheme, code, code)
