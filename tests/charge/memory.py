# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Four providers in memory, behind the HTTP calls of Odoo's unmodified addons.

They keep the truth: what was requested with which idempotency key, which payments there are, what
was decided about them and when, and what they told. A key brings the first answer again, as at
Stripe ("Idempotent requests"), Adyen ("API idempotency") and Worldline ("Idempotent requests");
Razorpay takes none.
"""

import json
import re

import requests

from .shapes import (
    ADYEN_CODES,
    STRIPE_CODES,
    Payment,
    make_entity,
    make_intent,
    make_worldline,
    says_paid,
)

PROVIDERS = ("stripe", "adyen", "razorpay", "worldline")
# What can happen to a call beside its being answered. Those that end in `before` or `after` name
# when the connection broke: before or after the provider did what it was asked for.
FAULTS = (
    "lost_before",
    "lost_after",
    "limited",
    "unauthorised",
    "missing",
    "broken_before",
    "broken_after",
    "unreached",
    "in_use",
    "killed_before",
    "killed_after",
)
# What a provider may decide of a new payment, at once or not.
DECISIONS = ("paid", "funds", "expired", "stolen", "technical", "pending")
HOSTS = {
    "stripe": r"https://api\.stripe\.com/v1/(.*)",
    "adyen": r"https://[^/]*adyen[^/]*/checkout/V\d+(/.*)",
    "razorpay": r"https://api\.razorpay\.com/v1/(.*)",
    "worldline": r"https://payment\.preprod\.direct\.worldline-solutions\.com/v2/pspid/(.*)",
}
KEYS = ("Idempotency-Key", "idempotency-key", "X-GCS-Idempotence-Key")
REFUSED = {
    "limited": (429, {"error": {"type": "rate_limit_error", "message": "Too many requests"}}),
    "unauthorised": (401, {"error": {"type": "invalid_request_error", "message": "Bad key"}}),
    "missing": (404, {"error": {"message": "Unrecognized request URL"}}),
    "broken": (500, {"error": {"type": "api_error", "message": "Sorry"}}),
}
IN_USE = {
    "stripe": (409, {"error": {"code": "idempotency_key_in_use", "message": "In use"}}),
    "adyen": (
        422,
        {"status": 422, "errorCode": "704", "message": "request already processed or in progress"},
    ),
    "worldline": (409, {"errors": [{"id": "DUPLICATE_REQUEST_IN_PROGRESS", "message": "In use"}]}),
}


class Killed(BaseException):
    """The worker dies here."""


class Memory:
    """The providers of one history.

    :param now: returns the instant (UTC, naive)
    :param on_money: is called with a payment before it takes money, or may take it later
    """

    def __init__(self, now, on_money):
        self._now = now
        self._on_money = on_money
        self.payments = []
        self.events = []
        self.faults = []
        self.decision = "paid"
        self.calls = []
        self._answers = {}
        self._orders = 0

    # === WHAT ODOO CALLS === #

    def request(self, method, url, params=None, data=None, json=None, headers=None, **_kwargs):
        """Answer a call of an addon in place of `requests.request`."""
        provider, endpoint = self._route(url)
        key = next(((headers or {})[name] for name in KEYS if name in (headers or {})), None)
        key = key and (provider, key)
        fault = self.faults.pop(0) if self.faults else None
        self.calls.append((provider, method, endpoint, fault))
        if fault == "in_use":
            fault = None if key not in self._answers else fault
        if fault == "unreached":
            raise requests.exceptions.ConnectTimeout("no way")
        if fault == "in_use":
            return self._respond(*IN_USE[provider])
        if fault in REFUSED:
            return self._respond(*REFUSED[fault])
        if fault and fault.endswith("before"):
            return self._break(fault)
        answer = self._answers.get(key) or self._process(
            provider, method, endpoint, params or data or json or {}
        )
        if key:
            self._answers[key] = answer
        if fault:
            return self._break(fault)
        return self._respond(*answer)

    def _break(self, fault):
        if fault.startswith("killed"):
            raise Killed
        if fault.startswith("lost"):
            raise requests.exceptions.ReadTimeout("slow")
        return self._respond(*REFUSED["broken"])

    def _respond(self, status, body):
        body, payment = body if isinstance(body, tuple) else (body, None)
        if payment and payment.status == "paid" and says_paid(body):
            payment.reported_at = payment.reported_at or self._now()
        response = requests.Response()
        response.status_code = status
        response._content = json.dumps(body).encode()
        response.url = "https://provider.example"
        return response

    @staticmethod
    def _route(url):
        for provider, pattern in HOSTS.items():
            if match := re.fullmatch(pattern, url):
                return provider, match[1]
        raise AssertionError(f"Nobody lives at {url}")

    def _process(self, provider, method, endpoint, values):
        return getattr(self, f"_process_{provider}")(method, endpoint.strip("/"), values)

    # === PAYMENTS === #

    def _create(self, provider, reference, amount, currency, **values):
        values.setdefault("by_customer", "-C" in reference)
        payment = Payment(
            provider,
            f"pi_{len(self.payments)}" if provider == "stripe" else f"pay_{len(self.payments)}",
            reference,
            int(amount),
            currency.upper(),
            int(self._now().timestamp()),
            **values,
        )
        if payment.status != "open":
            self._decide(payment, self.decision)
        self.payments.append(payment)
        return payment

    def _decide(self, payment, decision):
        status = decision if decision in ("paid", "pending") else "declined"
        if status != "declined" and payment.status != "paid":
            self._on_money(payment)
        payment.status, payment.reason = status, decision
        self.events.append((payment, status, decision))

    def decide(self, number, decision):
        """Decide a pending payment; return whether there is one."""
        pending = [each for each in self.payments if each.status == "pending"]
        if not pending or decision == "pending":
            return False
        payment = pending[number % len(pending)]
        payment.status = "declined"  # It is in nobody's way while it is looked at.
        if decision == "paid":
            payment.status = "paid"
        payment.reason = decision
        self.events.append((payment, payment.status, decision))
        return True

    def finish(self, payment, decision):
        """Let the customer finish a payment at the provider's own form; return whether they can."""
        if payment.status not in ("open", "declined"):
            return False
        self._decide(payment, decision)
        return True

    def _find(self, provider, name):
        found = (each for each in self.payments if (each.provider, each.name) == (provider, name))
        return next(found, None)

    # === STRIPE === #

    def _process_stripe(self, method, endpoint, values):
        if endpoint == "customers":
            return 200, {"id": "cus_1"}
        if (method, endpoint) == ("POST", "payment_intents"):
            return self._create_intent(values)
        if endpoint == "payment_intents":
            return self._list_intents(values)
        payment = self._find("stripe", endpoint.split("/")[1])
        if not payment:
            return 404, {"error": {"code": "resource_missing", "message": "No such intent"}}
        if endpoint.endswith("/cancel"):
            if payment.status not in ("open", "declined"):
                error = {"code": "payment_intent_unexpected_state", "message": payment.status}
                return 400, {"error": error}
            payment.status = "withdrawn"
        return 200, (make_intent(payment), payment)

    def _create_intent(self, values):
        is_charge = bool(values.get("confirm"))
        payment = self._create(
            "stripe",
            values["description"],
            values["amount"],
            values["currency"],
            status="pending" if is_charge else "open",
            customer=values.get("customer") or "",
            by_form=not is_charge,
        )
        if payment.status != "declined":
            return 200, (make_intent(payment), payment)
        error = {
            "type": "card_error",
            "code": "card_declined",
            "decline_code": STRIPE_CODES[payment.reason],
            "message": "Your card was declined.",
            "payment_intent": make_intent(payment),
        }
        return 402, {"error": error}

    def _list_intents(self, values):
        found = [
            make_intent(each)
            for each in reversed(self.payments)
            if each.provider == "stripe"
            and each.customer == values["customer"]
            and each.created >= values.get("created[gte]", 0)
        ]
        return 200, {"data": found, "has_more": False}

    # === ADYEN === #

    def _process_adyen(self, _method, endpoint, values):
        assert endpoint == "payments", endpoint
        amount = values["amount"]
        payment = self._create("adyen", values["reference"], amount["value"], amount["currency"])
        body = {
            "pspReference": payment.name,
            "merchantReference": payment.reference,
            "resultCode": {"paid": "Authorised", "pending": "Received"}.get(
                payment.status, "Refused"
            ),
            "amount": amount,
        }
        if payment.status == "declined":
            code, text = ADYEN_CODES[payment.reason]
            body |= {"refusalReasonCode": code, "refusalReason": text}
        return 200, (body, payment)

    # === RAZORPAY === #

    def _process_razorpay(self, method, endpoint, values):
        if (method, endpoint) == ("POST", "orders"):
            self._orders += 1
            return 200, {"id": f"order_{self._orders}", "amount": values["amount"]}
        if endpoint == "payments/create/recurring":
            payment = self._create(
                "razorpay",
                values["description"],
                values["amount"],
                values["currency"],
                order=values["order_id"],
            )
            return 200, {"razorpay_payment_id": payment.name}
        payments = [each for each in self.payments if each.provider == "razorpay"]
        if endpoint == "payments":
            found = [each for each in payments if each.created >= values["from"]]
        elif endpoint.startswith("orders/"):
            found = [each for each in payments if each.order == endpoint.split("/")[1]]
        else:
            payment = self._find("razorpay", endpoint.split("/")[1])
            return 200, (make_entity(payment), payment)
        return 200, {"items": [make_entity(each) for each in reversed(found)]}

    # === WORLDLINE === #

    def _process_worldline(self, method, endpoint, values):
        if method == "GET":
            payment = self._find("worldline", endpoint.split("/")[1].removesuffix("_0"))
            return 200, (make_worldline(payment), payment)
        order = values["order"]
        payment = self._create(
            "worldline",
            order["references"]["merchantReference"],
            order["amountOfMoney"]["amount"],
            order["amountOfMoney"]["currencyCode"],
        )
        made = make_worldline(payment)
        if payment.status != "declined":
            return 201, ({"payment": made}, payment)
        errors = made["statusOutput"]["errors"]
        return 402, {"errorId": "1", "errors": errors, "paymentResult": {"payment": made}}
