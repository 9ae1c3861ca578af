# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Files of providers: what is read of them, and which are refused, and why."""

import csv
import io
from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from revenue_recovery.audit.exports import REFUSALS, BadFile, read_export
from revenue_recovery.audit.packing import pack_debts

STRIPE = (
    "id,Created date (UTC),Amount,Currency,Decline Reason,Seller Message,Status,Customer ID,"
    "Customer Email,Card Brand,Card Funding,Card Issue Country,Card Fingerprint,PaymentIntent ID,"
    "Invoice ID"
)
ADYEN = (
    "Company Account,Merchant Account,Psp Reference,Merchant Reference,Payment Method,Booking Date,"
    "TimeZone,Main Currency,Main Amount,Record Type,Shopper Reference,Issuer Country,"
    "Acquirer Response,Raw Acquirer Response"
)
SETTLEMENT = (
    "Company Account,Merchant Account,Psp Reference,Merchant Reference,Payment Method,"
    "Creation Date,TimeZone,Type,Gross Currency,Gross Credit (GC)"
)


def stripe(*rows, heading=STRIPE):
    return read_export("\n".join([heading, *rows]).encode())


def stripe_row(number, status="Failed", reason="insufficient_funds", day=1, **values):
    row = {
        "id": f"ch_{number}",
        "at": f"2025-03-{day:02} 10:00:00",
        "amount": "49.00",
        "currency": "usd",
        "invoice": "in_1",
        **values,
    }
    return (
        f"{row['id']},{row['at']},{row['amount']},{row['currency']},{reason},,{status},cus_1,"
        f"jane@example.com,Visa,credit,US,fp_1,pi_{number},{row['invoice']}"
    )


def test_stripe_payments_of_one_invoice_are_one_debt():
    export = stripe(stripe_row(1), stripe_row(2, "Paid", "", 4), stripe_row(3, "Canceled", "", 5))
    (debt,) = export.to_debts()
    assert (export.format, export.currency, export.others) == ("stripe", "USD", 1)
    assert [payment.is_paid for payment in debt.payments] == [False, True]
    assert debt.first.decline.reason == "insufficient_funds"
    assert (debt.first.decline.network, debt.first.decline.funding) == ("visa", "credit")
    assert debt.first.at == datetime(2025, 3, 1, 10, tzinfo=timezone.utc)


def test_adyen_refusals_are_read_in_their_time_zone():
    rows = [
        "A,B,P1,ORDER-1,visa,2025-03-01 10:00:00,CET,EUR,20.00,Received,s1,DE,,",
        "A,B,P1,ORDER-1,visa,2025-03-01 10:00:00,CET,EUR,20.00,Refused,s1,DE,Not enough balance,"
        "51 : Insufficient funds",
        "A,B,P2,ORDER-1,visa,2025-03-04 10:00:00,CET,EUR,20.00,Authorised,s1,DE,,",
        "A,B,P2,ORDER-1,visa,2025-03-05 10:00:00,CET,EUR,20.00,SentForSettle,s1,DE,,",
    ]
    export = read_export("\n".join([ADYEN, *rows]).encode())
    (debt,) = export.to_debts()
    assert (export.format, export.others) == ("adyen", 2)
    assert debt.first.decline.reason == "insufficient_funds"
    assert debt.first.at == datetime(2025, 3, 1, 9, tzinfo=timezone.utc)
    assert debt.paid.at == datetime(2025, 3, 4, 9, tzinfo=timezone.utc)


def test_settlement_details_have_no_failures_and_say_so():
    row = "A,B,P1,ORDER-1,visa,2025-03-01 10:00:00,CET,Settled,EUR,20.00"
    export = read_export(f"{SETTLEMENT}\n{row}".encode())
    assert (export.format, len(export.lines), export.to_debts()) == ("adyen_settlement", 1, [])
    assert not export.lists_failures


def test_rows_that_can_not_be_read_are_counted_and_named():
    export = stripe(
        stripe_row(1),
        stripe_row(2, at="yesterday"),
        stripe_row(3, amount="much"),
        stripe_row(4, currency="dollars"),
        stripe_row(1),
    )
    assert (export.rows, export.unread_count, export.unread) == (5, 3, [3, 4, 5])
    assert export.twice == 1


def test_commonest_currency_is_read_and_others_are_counted():
    export = stripe(stripe_row(1), stripe_row(2), stripe_row(3, currency="eur"))
    assert (export.currency, export.foreign, len(export.lines)) == ("USD", 1, 2)


def test_debts_that_count_elsewhere_are_left_out():
    export = stripe(stripe_row(1), stripe_row(2, day=3), stripe_row(5, invoice="in_2"))
    assert [len(debt.payments) for debt in export.to_debts({"pi_2"})] == [1]


def test_amounts_are_read_with_comma_and_point():
    amounts = ("1,234.50", "1.234,50", "1234.5", "1 234,50")
    for amount in amounts:
        export = stripe(stripe_row(1, amount=f'"{amount}"'))
        assert export.lines[0].amount == 1234.5, amount


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "empty"),
        (b"  \n", "empty"),
        (STRIPE.encode(), "empty"),
        (b"PK\x03\x04rest of a workbook", "binary"),
        (b"%PDF-1.7", "binary"),
        (f"{STRIPE}\nNa\xefve".encode("latin-1"), "encoding"),
        (b"just a text\nof two lines", "table"),
        (b"name,street\nJane,Here", "unknown"),
        (b"id,Created date (UTC),Amount,Status\nch_1,2025-03-01,1,Paid", "columns"),
        (f"{STRIPE}\nx,,,,,,,,,,,,,,".encode(), "rows"),
    ],
)
def test_bad_files_are_refused_with_their_reason(content, why):
    with pytest.raises(BadFile) as raised:
        read_export(content)
    assert str(raised.value) == why
    assert why in REFUSALS


def test_nothing_that_is_kept_names_a_card_or_a_person():
    heading = STRIPE + ",Card Last4,Card Name,Card Number"
    export = stripe(stripe_row(1) + ",4242,Jane Doe,4242424242424242", heading=heading)
    kept = str(pack_debts(export.to_debts()))
    for secret in ("4242", "Jane", "jane@", "cus_1", "fp_1", "in_1"):
        assert secret not in kept, secret


def test_formula_and_quotes_in_a_file_are_only_text():
    buffer = io.StringIO()
    csv.writer(buffer).writerow(["=cmd()", 'a"b', "x,y"])
    assert stripe(stripe_row(1), buffer.getvalue().strip()).unread_count == 1


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(content):
    for begin in (b"", STRIPE.encode() + b"\n", ADYEN.encode() + b"\n"):
        try:
            read_export(begin + content)
        except BadFile as error:
            assert str(error) in REFUSALS
