# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What one entry of a bank's file says."""

import pytest

from revenue_recovery.declines.bank_files import BankEntry, read_entry

PAIN = """<TxInfAndSts xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.03">
<OrgnlEndToEndId>INV/1</OrgnlEndToEndId><TxSts>{status}</TxSts>
<StsRsnInf><Orgtr><Nm>Bank</Nm></Orgtr>{reason}</StsRsnInf>
<ChrgsInf><Amt Ccy="USD">1.00</Amt></ChrgsInf>
<OrgnlTxRef><Amt><InstdAmt Ccy="EUR">10.00</InstdAmt></Amt>
<PmtTpInf><SvcLvl><Cd>SEPA</Cd></SvcLvl></PmtTpInf></OrgnlTxRef></TxInfAndSts>"""
CAMT = """<TxDtls xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.02">
<Refs><EndToEndId>INV/1</EndToEndId></Refs>
<AmtDtls><TxAmt><Amt Ccy="chf">10.00</Amt></TxAmt></AmtDtls>
<Purp><Cd>CBFF</Cd></Purp><RtrInf>{reason}</RtrInf></TxDtls>"""


def reason(code, kind="Cd"):
    return f"<Rsn><{kind}>{code}</{kind}></Rsn>"


def test_code_status_and_currency_are_read_and_no_other_code_of_the_entry():
    read = read_entry(PAIN.format(status="RJCT", reason=reason("am04")))
    assert read == BankEntry("AM04", "RJCT", "EUR")
    assert read_entry(CAMT.format(reason=reason("MD06"))) == BankEntry("MD06", "", "CHF")


def test_banks_own_code_counts_and_the_first_that_says_something():
    assert read_entry(CAMT.format(reason=reason("X9", "Prtry"))).code == "X9"
    both = reason(" ") + reason("AC04")
    assert read_entry(PAIN.format(status="RJCT", reason=both)).code == "AC04"
    assert read_entry(CAMT.format(reason="<AddtlInf>AM04</AddtlInf>")).code == ""


@pytest.mark.parametrize(
    ("status", "code", "is_return"),
    [
        ("RJCT", "AM04", True),
        ("RJCT", "", True),
        ("", "0", True),  # Bacs: refer to payer.
        ("", "0000", False),
        ("RJCT", "0000", False),
        ("ACSC", "", False),
        ("ACCP", "AM04", False),
        ("PDNG", "NARR", False),
    ],
)
def test_only_what_was_refused_or_taken_back_is_a_return(status, code, is_return):
    assert BankEntry(code, status).is_return() is is_return


@pytest.mark.parametrize("xml", ["", "<TxDtls", "nothing", b"\xff\xfe", "<a><!-- b --></a>"])
def test_what_cannot_be_read_stays_empty(xml):
    assert read_entry(xml) == BankEntry()
