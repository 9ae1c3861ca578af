# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Payments as four providers know them, and what they tell of them.

Sources of the shapes: Stripe's API reference, *The PaymentIntent object*, *Create*, *Cancel*,
*List all PaymentIntents*, *Errors*; Adyen's Checkout API, *Payments*, and its webhook
*AUTHORISATION* as Odoo's controller gives it on; Worldline Direct's API reference, *Create
payment*, *Get payment*; Razorpay's API reference, *Create an order*, *Create a recurring payment*,
*Fetch a payment*, *Fetch payments of an order*, *Fetch all payments*.
"""

from dataclasses import dataclass

# How each provider says why it declined: soft, to be updated, dead, trouble on the way.
STRIPE_CODES = {
    "funds": "insufficient_funds",
    "expired": "expired_card",
    "stolen": "stolen_card",
    "technical": "processing_error",
}
ADYEN_CODES = {
    "funds": ("12", "Not enough balance"),
    "expired": ("6", "Expired Card"),
    "stolen": ("5", "Blocked Card"),
    "technical": ("4", "Acquirer Error"),
}
RAZORPAY_REASONS = {
    "funds": "insufficient_funds",
    "expired": "card_expired",
    "stolen": "card_not_enrolled",
    "technical": "gateway_technical_error",
}
WORLDLINE_CODES = {
    "funds": "30511001",
    "expired": "30331001",
    "stolen": "30431001",
    "technical": "30001010",
}


@dataclass(eq=False)
class Payment:
    """One payment as its provider knows it.

    :ivar amount: in minor units
    :ivar status: ``paid``, ``pending``, ``declined``, ``open`` (the customer can still finish it)
        or ``withdrawn``
    :ivar by_customer: whether they pay by themselves, which our references tell
    :ivar by_form: whether they do so at the provider's form, where they can try again
    :ivar reported_at: when a success reached Odoo, as an answer or a webhook
    """

    provider: str
    name: str
    reference: str
    amount: int
    currency: str
    created: int
    status: str = "pending"
    reason: str = ""
    order: str = ""
    customer: str = ""
    by_customer: bool = False
    by_form: bool = False
    reported_at: object = None


def describe(payment, status, reason):
    """Return what a webhook tells of an event, as the addon's controller passes it on."""
    return _DESCRIBE[payment.provider](payment, status, reason)


def says_paid(body):
    """Return whether an answer, of whichever provider, tells of a success."""
    payment = body.get("payment") or body
    status = payment.get("status") or payment.get("resultCode")
    return status in ("succeeded", "Authorised", "captured", "CAPTURED")


def make_intent(payment, status=None):
    statuses = {
        "paid": "succeeded",
        "pending": "processing",
        "declined": "requires_payment_method",
        "open": "requires_payment_method",
        "withdrawn": "canceled",
    }
    intent = {
        "id": payment.name,
        "object": "payment_intent",
        "status": statuses[status or payment.status],
        "amount": payment.amount,
        "currency": payment.currency.lower(),
        "customer": payment.customer,
        "created": payment.created,
        "description": payment.reference,
        "payment_method": {"id": "pm_1", "type": "card", "card": {"brand": "visa"}},
    }
    if payment.by_form:
        intent["client_secret"] = f"{payment.name}_secret_x"
    return intent


def _describe_stripe(payment, status, reason):
    intent = make_intent(payment, status)
    if status == "declined":
        intent["last_payment_error"] = {
            "type": "card_error",
            "code": "card_declined",
            "decline_code": STRIPE_CODES[reason],
            "message": "Your card was declined.",
        }
    return {
        "reference": payment.reference,
        "event_type": "payment_intent.x",
        "payment_intent": intent,
        "payment_method": intent["payment_method"],
    }


def _describe_adyen(payment, status, reason):
    if status == "pending":
        return None  # Adyen sends no webhook of that.
    payload = {
        "eventCode": "AUTHORISATION",
        "pspReference": payment.name,
        "merchantReference": payment.reference,
        "amount": {"value": payment.amount, "currency": payment.currency},
        "success": str(status == "paid").lower(),
        "resultCode": "Authorised" if status == "paid" else "Error",
        "paymentMethod": "visa",
    }
    if status == "declined":
        payload["reason"] = ADYEN_CODES[reason][1]
    return payload


def make_entity(payment, status=None, reason=None):
    statuses = {"paid": "captured", "pending": "authorized", "declined": "failed"}
    status = status or payment.status
    entity = {
        "id": payment.name,
        "entity": "payment",
        "description": payment.reference,
        "amount": payment.amount,
        "currency": payment.currency,
        "status": statuses[status],
        "order_id": payment.order,
        "method": "card",
        "card": {"network": "Visa"},
    }
    if status == "declined":
        entity |= {
            "error_code": "BAD_REQUEST_ERROR",
            "error_reason": RAZORPAY_REASONS[reason or payment.reason],
            "error_description": "Payment failed",
        }
    return entity


def _describe_razorpay(payment, status, reason):
    return {**make_entity(payment, status, reason), "entity_type": "payment"}


def make_worldline(payment, status=None, reason=None):
    statuses = {"paid": "CAPTURED", "pending": "AUTHORIZATION_REQUESTED"}
    status = status or payment.status
    made = {
        "id": f"{payment.name}_0",
        "status": statuses.get(status, "REJECTED"),
        "paymentOutput": {
            "references": {"merchantReference": payment.reference},
            "amountOfMoney": {"amount": payment.amount, "currencyCode": payment.currency},
            "cardPaymentMethodSpecificOutput": {"paymentProductId": 1},
        },
    }
    if status == "declined":
        code = WORLDLINE_CODES[reason or payment.reason]
        error = {"errorCode": code, "httpStatusCode": 402, "message": "Declined"}
        made["statusOutput"] = {"errors": [error]}
    return made


def _describe_worldline(payment, status, reason):
    return {"payment": make_worldline(payment, status, reason)}


_DESCRIBE = {
    "stripe": _describe_stripe,
    "adyen": _describe_adyen,
    "razorpay": _describe_razorpay,
    "worldline": _describe_worldline,
}
