# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Asking a provider what became of a payment: what to ask for, and which answer is the payment.

A look-up is a function of a :class:`Question` and of `ask`, which sends one request and returns the
content of its answer. It returns the payment as the provider's Odoo addon takes it; ``False`` when
the provider surely has no such payment; ``None`` when it can't be asked for, or the answer isn't
certain. What `ask` raises goes through, except a :class:`Refusal` that says *not found*.

A payment that is found is *the* payment: of our reference and in our currency. Of several, since
some providers let a customer try again under one reference, it is the one that took money.

Plain Python: no Odoo, no database, no network.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .knowledge import Known
from .statuses import STATUSES
from .values import dig

Ask = Callable[[str, Mapping[str, Any]], Any]
Answer = dict[str, Any] | bool | None
LookUp = Callable[["Question", Ask], Answer]

# A list longer than so many pages of so many payments is not read to its end.
MOST_PAGES = 10
PAGE = 100
# By how much, in seconds, a provider's clock may differ from ours.
CLOCK_SLACK = 3600
# Authorize.Net keeps so many characters of a reference where its lists show it, and where its
# details do.
NUMBER_LENGTH = 20
DESCRIPTION_LENGTH = 255
MOST_DETAILS = 5

# How far a payment is: money taken, on its way or perhaps, not.
TAKEN, ON_ITS_WAY, NOT_TAKEN = range(3)
_HOW_FAR = {Known.PAID: TAKEN, Known.PENDING: ON_ITS_WAY, Known.DECLINED: NOT_TAKEN}


def _rank(provider: str) -> dict[str, int]:
    """Return how far a payment is, by its status at a provider."""
    return {status: _HOW_FAR[known] for status, known in STATUSES[provider].items()}


STRIPE = {**_rank("stripe"), "requires_capture": ON_ITS_WAY}
RAZORPAY = _rank("razorpay")
MERCADO_PAGO = _rank("mercado_pago")
# Of Authorize.Net: the response code and the type of request by which Odoo's addon knows them.
AUTHORIZE = {
    "authorizedPendingCapture": ("1", "auth_only"),
    "capturedPendingSettlement": ("1", "auth_capture"),
    "settledSuccessfully": ("1", "auth_capture"),
    "voided": ("1", "void"),
    "declined": ("2", "auth_capture"),
    "communicationError": ("3", "auth_capture"),
    "generalError": ("3", "auth_capture"),
    "FDSAuthorizedPendingReview": ("4", "auth_capture"),
    "FDSPendingReview": ("4", "auth_capture"),
    "underReview": ("4", "auth_capture"),
}
# In which a customer can still finish, or try again, what they began.
UNFINISHED = {
    "stripe": {"requires_payment_method", "requires_confirmation", "requires_action"},
    "razorpay": {"failed"},
}


class Refusal(Exception):
    """The provider answered a look-up with an error.

    :ivar status: of HTTP; 0 where the provider doesn't use it
    :ivar body: the parsed answer
    """

    def __init__(self, status: int, body: Any, sentence: str = "") -> None:
        super().__init__(sentence)
        self.status = status
        self.body = body


@dataclass(frozen=True)
class Question:
    """What is known of a payment that its provider is asked for.

    :ivar reference: ours, unique to the payment
    :ivar name: the provider's, empty where it isn't known
    :ivar amount: in the major unit of the currency
    :ivar currency: its ISO code
    :ivar customer: the provider's name of the customer whose saved method was charged, or empty
    :ivar is_by_method: whether a saved method was charged, rather than a form filled in
    :ivar is_redirect: whether the customer was sent to the provider's page
    :ivar begun_at: Unix seconds; nothing was sent before
    :ivar asked_at: Unix seconds; now
    """

    reference: str
    name: str
    amount: float
    currency: str
    customer: str = ""
    is_by_method: bool = True
    is_redirect: bool = False
    begun_at: int = 0
    asked_at: int = 0


def find_name(provider_code: str, values: Mapping[str, Any]) -> str:
    """Return the provider's name of a payment that a customer begins, empty when it has none yet.

    :param values: which the provider's Odoo addon gives the browser to go on
    """
    if provider_code == "stripe":
        name, _, secret = str(values.get("client_secret") or "").partition("_secret_")
        return name if secret and name.startswith("pi_") else ""
    if provider_code == "razorpay":
        return str(values.get("razorpay_order_id") or "")
    return ""


def is_unfinished(provider_code: str, payment_data: Mapping[str, Any]) -> bool:
    """Return whether a customer began this payment and nothing is on its way by it.

    :param payment_data: as a look-up returns it
    """
    status = dig(payment_data, "payment_intent", "status") or dig(payment_data, "status")
    return status in UNFINISHED.get(provider_code, ())


def choose(
    payments: Iterable[tuple[Any, Any, int]], currency: str, is_complete: bool = True
) -> Any:
    """Return the payment out of those with our reference.

    :param payments: each with its currency and how far it is
    :param is_complete: whether there are no others
    :return: ``False`` when there surely is none; ``None`` when that isn't certain
    """
    payments = list(payments)
    ours = [each for each in payments if str(each[1]).upper() == currency.upper()]
    if ours:
        best = min(ours, key=lambda each: each[2])
        return best[0] if is_complete or best[2] == TAKEN else None
    # One of another currency is not ours, and yet has our reference: a person has to look.
    return False if is_complete and not payments else None


# === STRIPE === #


def look_up_stripe(question: Question, ask: Ask) -> Answer:
    """Ask Stripe for a payment intent by its id, else among those of the customer.

    Its description is our reference. Searching for it would be shorter, but finds only what is a
    minute old or more. Source: Stripe's API reference, *Retrieve a PaymentIntent*, *List all
    PaymentIntents*.
    """
    if question.name.startswith("pi_"):
        try:
            intent = ask(f"payment_intents/{question.name}", {"expand[]": "payment_method"})
        except Refusal as refusal:
            if dig(refusal.body, "error", "code") == "resource_missing":
                return False
            raise
        if intent.get("description") != question.reference:
            return None
        return _prepare_stripe(question, choose([_rank_stripe(intent)], question.currency))
    if not question.customer:
        return None
    intents, is_complete = _list_stripe(question, ask)
    found = [each for each in intents if each.get("description") == question.reference]
    chosen = choose(map(_rank_stripe, found), question.currency, is_complete)
    return _prepare_stripe(question, chosen)


def _list_stripe(question: Question, ask: Ask) -> tuple[list[dict[str, Any]], bool]:
    """Return the customer's intents since the payment was begun, and whether these are all."""
    intents: list[dict[str, Any]] = []
    params = {
        "customer": question.customer,
        "created[gte]": question.begun_at - CLOCK_SLACK,
        "limit": PAGE,
        "expand[]": "data.payment_method",
    }
    for _page in range(MOST_PAGES):
        page = ask("payment_intents", params)
        intents += page["data"]
        if not page.get("has_more") or not page["data"]:
            return intents, True
        params = {**params, "starting_after": intents[-1]["id"]}
    return intents, False


def _rank_stripe(intent: dict[str, Any]) -> tuple[Any, Any, int]:
    return intent, intent.get("currency"), STRIPE.get(intent.get("status"), NOT_TAKEN)


def _prepare_stripe(question: Question, intent: Any) -> Answer:
    if not intent:
        return intent
    return {
        "reference": question.reference,
        "payment_intent": intent,
        "payment_method": intent.get("payment_method"),
    }


# === OTHER PROVIDERS === #


def look_up_worldline(question: Question, ask: Ask) -> Answer:
    """Ask Worldline for a payment by its id; it has no list by our reference.

    Odoo keeps the id without the number of the operation, which is 0 for the payment itself. A
    payment whose authorisation was only requested is not decided, though Odoo's addon takes it for
    an error. Source: Worldline Direct's SDKs, *Get payment*
    (``/v2/{merchantId}/payments/{paymentId}``); the suffix from the ids that Odoo's addon cuts.
    """
    if not question.name:
        return None
    payment = ask(f"payments/{question.name}_0", {})
    output = dig(payment, "paymentOutput")
    if dig(output, "references", "merchantReference") != question.reference:
        return None
    if dig(output, "amountOfMoney", "currencyCode") != question.currency:
        return None
    return None if payment.get("status") == "AUTHORIZATION_REQUESTED" else {"payment": payment}


def look_up_razorpay(question: Question, ask: Ask) -> Answer:
    """Ask Razorpay for a payment by its id or order, else among those since it was begun.

    Odoo gives orders no receipt, so that they can't be found by our reference, but payments their
    description. A customer may pay an order after a failure, by a payment with another id.
    Source: Razorpay's API reference, *Fetch a Payment With ID*, *Fetch Payments Based on Orders*,
    *Fetch All Payments* (newest first, 100 a page).
    """
    order_id = question.name if question.name.startswith("order_") else ""
    if question.name and not order_id:
        payment = ask(f"payments/{question.name}", {})
        order_id = payment.get("order_id")
        if RAZORPAY.get(payment.get("status")) == TAKEN or not order_id:
            return choose([_rank_razorpay(payment)], question.currency) or None
    if order_id:
        payments, is_complete = ask(f"orders/{order_id}/payments", {})["items"], True
    else:
        payments, is_complete = _list_razorpay(question, ask)
        payments = [each for each in payments if each.get("description") == question.reference]
    return choose(map(_rank_razorpay, payments), question.currency, is_complete)


def _list_razorpay(question: Question, ask: Ask) -> tuple[list[dict[str, Any]], bool]:
    payments: list[dict[str, Any]] = []
    params = {
        "from": question.begun_at - CLOCK_SLACK,
        "to": question.asked_at + CLOCK_SLACK,
        "count": PAGE,
    }
    for page_number in range(MOST_PAGES):
        page = ask("payments", {**params, "skip": page_number * PAGE})["items"]
        payments += page
        if len(page) < PAGE:
            return payments, True
    return payments, False


def _rank_razorpay(payment: dict[str, Any]) -> tuple[Any, Any, int]:
    return payment, payment.get("currency"), RAZORPAY.get(payment.get("status"), NOT_TAKEN)


def look_up_mercado_pago(question: Question, ask: Ask) -> Answer:
    """Ask Mercado Pago for a payment by its id, else by our reference.

    Odoo's addon sends no reference with the charge of a saved card, and payer and amount are no
    proof: such a charge is found by its id only. What is found is fetched once more, since a list
    leaves out what the addon reads. Source: Mercado Pago's API reference, *Get payment*, *Search
    payments*.
    """
    if question.name:
        payment = ask(f"/v1/payments/{question.name}", {})
        reference = payment.get("external_reference")
        if reference and reference != question.reference:
            return None
        ranked = _rank_mercado_pago(payment)
        # On its page a customer may pay after a failure, by a payment with another id.
        if not question.is_redirect or not reference or ranked[2] != NOT_TAKEN:
            return choose([ranked], question.currency) or None
    if question.is_by_method:
        return None
    params = {"external_reference": question.reference, "limit": PAGE}
    page = ask("/v1/payments/search", params)
    payments = [
        each for each in page["results"] if each.get("external_reference") == question.reference
    ]
    is_complete = (dig(page, "paging", "total") or 0) <= PAGE
    found = choose(map(_rank_mercado_pago, payments), question.currency, is_complete)
    return ask(f"/v1/payments/{found['id']}", {}) if found else found


def _rank_mercado_pago(payment: dict[str, Any]) -> tuple[Any, Any, int]:
    status = MERCADO_PAGO.get(payment.get("status"), NOT_TAKEN)
    return payment, payment.get("currency_id"), status


def look_up_flutterwave(question: Question, ask: Ask) -> Answer:
    """Ask Flutterwave for a payment by our reference, as Odoo's addon does.

    Source: the request that Odoo's addon sends. That a payment which Flutterwave doesn't know is
    refused as *No transaction was found for this id* is reported by its users, not documented: it
    is believed of a page that a customer left, and does not free a saved card to be charged again.
    """
    try:
        payment = ask("transactions/verify_by_reference", {"tx_ref": question.reference})
    except Refusal as refusal:
        message = str(dig(refusal.body, "message"))
        if message.startswith("No transaction was found"):
            return None if question.is_by_method else False
        raise
    is_ours = dig(payment, "tx_ref") == question.reference
    return payment if is_ours and payment.get("currency") == question.currency else None


def look_up_xendit(question: Question, ask: Ask) -> Answer:
    """Ask Xendit for the charge of a card by its id; it has no list by our reference.

    Source: Xendit's SDKs, *getCharge* of credit cards.
    """
    if not question.name or question.is_redirect:
        return None
    charge = ask(f"credit_card_charges/{question.name}", {})
    is_ours = charge.get("external_id") == question.reference
    return charge if is_ours and charge.get("currency") == question.currency else None


# === AUTHORIZE.NET === #


def look_up_authorize(question: Question, ask: Ask) -> Answer:
    """Ask Authorize.Net for a payment by its id, else among those that are not settled yet.

    Once settled, within a day, a payment leaves that list: one that isn't there may have been made.
    The list shows 20 characters of our reference, the details all of it. An account has one
    currency. `ask` takes the name of the request. Source: Authorize.Net's SDKs,
    *getTransactionDetailsRequest*, *getUnsettledTransactionListRequest*.
    """
    if question.name:
        numbers = [question.name]
    else:
        page = {"limit": "1000", "offset": "1"}
        order = {"orderBy": "submitTimeUTC", "orderDescending": "true"}
        listed = ask("getUnsettledTransactionListRequest", {"sorting": order, "paging": page})
        number = question.reference[:NUMBER_LENGTH]
        numbers = [
            each.get("transId")
            for each in listed.get("transactions") or []
            if each.get("invoiceNumber") == number
        ]
    if len(numbers) > MOST_DETAILS:
        return None
    details = [
        ask("getTransactionDetailsRequest", {"transId": each}).get("transaction") or {}
        for each in numbers
    ]
    ours = [each for each in details if is_authorize_payment(question, each)]
    responses = [each for each in map(convert_authorize, ours) if each]
    if not responses or len(responses) < len(ours):
        return None  # Settled by now, or in a state that tells nothing.
    codes = "1423"  # Approved, held for review, declined, failed.
    return min(responses, key=lambda each: codes.index(each["response"]["x_response_code"]))


def is_authorize_payment(question: Question, transaction: Mapping[str, Any]) -> bool:
    """Return whether the details of Authorize.Net are those of the payment.

    By its description, our whole reference; where that is missing, by its number and the amount.
    """
    order = dig(transaction, "order")
    if dig(order, "invoiceNumber") != question.reference[:NUMBER_LENGTH]:
        return False
    if description := dig(order, "description"):
        return description == question.reference[:DESCRIPTION_LENGTH]
    amount = dig(transaction, "authAmount") or dig(transaction, "settleAmount") or 0
    is_whole = len(question.reference) <= NUMBER_LENGTH
    return is_whole or abs(float(amount) - question.amount) < 0.005


def convert_authorize(transaction: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the details of Authorize.Net in the words of its answer to a charge.

    :return: none for a state in which the money may be, or may have been, anywhere
    """
    status = str(dig(transaction, "transactionStatus"))
    if status not in AUTHORIZE:
        return None
    code, kind = AUTHORIZE[status]
    return {
        "response": {
            "x_response_code": code,
            "x_trans_id": transaction.get("transId"),
            "x_type": kind,
            "x_response_reason_text": transaction.get("responseReasonDescription") or "",
            "payment_method_code": dig(transaction, "payment", "creditCard", "cardType") or "",
        }
    }


# Adyen is missing: it answers for a payment only once, and by webhook. Its charges are asked for by
# the same request with the same key.
LOOK_UPS: dict[str, LookUp] = {
    "authorize": look_up_authorize,
    "flutterwave": look_up_flutterwave,
    "mercado_pago": look_up_mercado_pago,
    "razorpay": look_up_razorpay,
    "stripe": look_up_stripe,
    "worldline": look_up_worldline,
    "xendit": look_up_xendit,
}
