# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Files with which banks tell of direct debits that were not paid, as small as they may be.

Shapes: the public schemas of ISO 20022, pain.002.001.03 (customer payment status report) and
camt.054.001.02 (debit and credit notification), as Bank of Ireland's *SEPA Direct Debit Unpaid
Report File Format* of 2013-07-26 and Febelfin's *Payment Status Report Implementation Guidelines*
1.0 use them.
"""

from typing import NamedTuple

IBAN = "NL77ABNA0574908765"


class Entry(NamedTuple):
    """One debit that the bank tells of; a code in lower case is the bank's own."""

    reference: str
    amount: float = 100.0
    code: str = "AM04"
    currency: str = "EUR"
    status: str = "RJCT"
    message: str = ""

    def write_reason(self):
        code = f"<Prtry>{self.code}</Prtry>" if self.code.islower() else f"<Cd>{self.code}</Cd>"
        remark = f"<AddtlInf>{self.message}</AddtlInf>" if self.message else ""
        return (f"<Rsn>{code}</Rsn>" if self.code else "") + remark


def write_pain(*entries, name="REPORT1", day="2026-03-06"):
    """Return a status report in which the bank refuses debits, or accepts them."""
    transactions = "".join(
        f"""<TxInfAndSts><StsId>{name}-{number}</StsId>
        <OrgnlEndToEndId>{entry.reference}</OrgnlEndToEndId><TxSts>{entry.status}</TxSts>
        <StsRsnInf>{entry.write_reason()}</StsRsnInf>
        <OrgnlTxRef>
          <Amt><InstdAmt Ccy="{entry.currency}">{entry.amount:.2f}</InstdAmt></Amt>
          <ReqdColltnDt>{day}</ReqdColltnDt><Dbtr><Nm>Customer</Nm></Dbtr>
          <CdtrAcct><Id><IBAN>{IBAN}</IBAN></Id></CdtrAcct>
        </OrgnlTxRef></TxInfAndSts>"""
        for number, entry in enumerate(entries, start=1)
    )
    return f"""<?xml version="1.0" encoding="UTF-8"?>
    <Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.03"><CstmrPmtStsRpt>
      <GrpHdr><MsgId>{name}</MsgId><CreDtTm>{day}T08:00:00</CreDtTm></GrpHdr>
      <OrgnlGrpInfAndSts>
        <OrgnlMsgId>DEBITS1</OrgnlMsgId><OrgnlMsgNmId>pain.008.001.02</OrgnlMsgNmId>
      </OrgnlGrpInfAndSts>
      <OrgnlPmtInfAndSts><OrgnlPmtInfId>BATCH1</OrgnlPmtInfId>{transactions}</OrgnlPmtInfAndSts>
    </CstmrPmtStsRpt></Document>""".encode()


def write_camt(*entries, name="NOTICE1", day="2026-03-06"):
    """Return a notification of one booking in which the bank took debits back."""
    details = "".join(
        f"""<TxDtls><Refs><EndToEndId>{entry.reference}</EndToEndId></Refs>
        <AmtDtls><InstdAmt><Amt Ccy="{entry.currency}">{entry.amount:.2f}</Amt></InstdAmt></AmtDtls>
        <RltdPties><Dbtr><Nm>Customer</Nm></Dbtr></RltdPties>
        <RtrInf>{entry.write_reason()}</RtrInf></TxDtls>"""
        for entry in entries
    )
    total = sum(entry.amount for entry in entries)
    return f"""<?xml version="1.0" encoding="UTF-8"?>
    <Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.02"><BkToCstmrDbtCdtNtfctn>
      <GrpHdr><MsgId>{name}</MsgId><CreDtTm>{day}T08:00:00</CreDtTm></GrpHdr>
      <Ntfctn><Id>{name}</Id><CreDtTm>{day}T08:00:00</CreDtTm>
        <Acct><Id><IBAN>{IBAN}</IBAN></Id></Acct>
        <Ntry><Amt Ccy="EUR">{total:.2f}</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts>BOOK</Sts>
          <BookgDt><Dt>{day}</Dt></BookgDt>
          <BkTxCd><Domn><Cd>PMNT</Cd>
            <Fmly><Cd>IDDT</Cd><SubFmlyCd>UPDD</SubFmlyCd></Fmly></Domn></BkTxCd>
          <NtryDtls>{details}</NtryDtls></Ntry></Ntfctn>
    </BkToCstmrDbtCdtNtfctn></Document>""".encode()
