# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What providers are asked of a payment, and which answer is the payment.

The shapes are written by hand: the fields that the look-ups and Odoo's addons read, under the names
of the sources in the look-ups' docstrings. None is a recording.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from revenue_recovery.declines.look_ups import (
    CLOCK_SLACK,
    LOOK_UPS,
    MOST_PAGES,
    NOT_TAKEN,
    ON_ITS_WAY,
    PAGE,
    TAKEN,
    Question,
    Refusal,
    choose,
    find_name,
    is_unfinished,
)

REFERENCE = "INV/2026/00012-R345"
LONG_REFERENCE = "INV/2026/COMPANY/00012-R345"


class Provider:
    """Answers requests from a table, in order, and remembers what it was asked."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = []

    def __call__(self, endpoint, params):
        self.asked.append((endpoint, dict(params)))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def ask(code, *answers, **values):
    """Return what the look-up of a provider makes of these answers, and what it asked."""
    question = Question(
        **{"reference": REFERENCE, "name": "", "amount": 100.0, "currency": "USD", **values}
    )
    provider = Provider(*answers)
    return LOOK_UPS[code](question, provider), provider.asked


# === STRIPE === #


def intent(status="succeeded", **values):
    return {
        "id": "pi_1",
        "object": "payment_intent",
        "amount": 10000,
        "currency": "usd",
        "description": REFERENCE,
        "status": status,
        "payment_method": {"id": "pm_1", "type": "card"},
        **values,
    }


def intents(*data, has_more=False):
    return {"object": "list", "data": list(data), "has_more": has_more}


def test_stripe_is_asked_by_the_id_where_it_is_known():
    found, asked = ask("stripe", intent(), name="pi_1", customer="cus_1")
    assert asked == [("payment_intents/pi_1", {"expand[]": "payment_method"})]
    assert found["payment_intent"]["status"] == "succeeded"
    assert found["payment_method"]["id"] == "pm_1"
    assert found["reference"] == REFERENCE


def test_stripe_is_asked_for_the_customers_intents_since_the_payment_was_begun():
    found, asked = ask("stripe", intents(intent()), customer="cus_1", begun_at=1_800_000_000)
    assert asked[0][0] == "payment_intents"
    assert asked[0][1]["customer"] == "cus_1"
    assert asked[0][1]["created[gte]"] == 1_800_000_000 - CLOCK_SLACK
    assert found["payment_intent"]["id"] == "pi_1"


def test_stripe_intent_that_is_declined_or_pending_is_found_as_it_is():
    for status in ("requires_payment_method", "processing"):
        found, _asked = ask("stripe", intents(intent(status)), customer="cus_1")
        assert found["payment_intent"]["status"] == status


def test_stripe_list_without_the_reference_says_no():
    found, _asked = ask("stripe", intents(intent(description="INV/1")), customer="cus_1")
    assert found is False


def test_stripe_list_is_followed_to_the_next_page():
    pages = intents(intent(id="pi_9", description="x"), has_more=True), intents(intent())
    found, asked = ask("stripe", *pages, customer="cus_1")
    assert asked[1][1]["starting_after"] == "pi_9"
    assert found["payment_intent"]["id"] == "pi_1"


def test_stripe_list_without_an_end_is_not_certain():
    page = intents(intent(description="x"), has_more=True)
    found, asked = ask("stripe", *[page] * MOST_PAGES, customer="cus_1")
    assert found is None
    assert len(asked) == MOST_PAGES


def test_stripe_is_not_asked_without_id_and_customer():
    assert ask("stripe") == (None, [])


def test_stripe_that_does_not_know_the_id_says_no():
    refusal = Refusal(404, {"error": {"code": "resource_missing"}})
    assert ask("stripe", refusal, name="pi_1")[0] is False


def test_stripe_that_refuses_to_answer_says_nothing():
    with pytest.raises(Refusal):
        ask("stripe", Refusal(429, {"error": {"code": "rate_limit"}}), name="pi_1")


def test_stripe_intent_of_another_payment_or_currency_is_not_certain():
    assert ask("stripe", intent(description="INV/1"), name="pi_1")[0] is None
    assert ask("stripe", intent(currency="eur"), name="pi_1")[0] is None
    assert ask("stripe", intents(intent(currency="eur")), customer="cus_1")[0] is None


# === WORLDLINE === #


def worldline(status="CAPTURED", reference=REFERENCE, currency="USD"):
    return {
        "id": "3066019730_0",
        "status": status,
        "paymentOutput": {
            "amountOfMoney": {"amount": 10000, "currencyCode": currency},
            "references": {"merchantReference": reference},
            "cardPaymentMethodSpecificOutput": {"paymentProductId": 1},
        },
    }


@pytest.mark.parametrize("status", ["CAPTURED", "REJECTED", "CAPTURE_REQUESTED"])
def test_worldline_is_asked_by_the_id(status):
    found, asked = ask("worldline", worldline(status), name="3066019730")
    assert asked == [("payments/3066019730_0", {})]
    assert found == {"payment": worldline(status)}, "As the answer to a charge has it."


def test_worldline_that_has_not_decided_says_nothing():
    assert ask("worldline", worldline("AUTHORIZATION_REQUESTED"), name="1")[0] is None


def test_worldline_payment_of_something_else_is_not_certain():
    assert ask("worldline", worldline(reference="INV/1"), name="1")[0] is None
    assert ask("worldline", worldline(currency="EUR"), name="1")[0] is None


def test_worldline_cannot_be_asked_by_our_reference():
    assert ask("worldline") == (None, [])


# === RAZORPAY === #


def razorpay(status="captured", **values):
    return {
        "id": "pay_1",
        "entity": "payment",
        "amount": 10000,
        "currency": "INR",
        "status": status,
        "order_id": "order_1",
        "method": "card",
        "description": REFERENCE,
        **values,
    }


def collection(*items):
    return {"entity": "collection", "count": len(items), "items": list(items)}


@pytest.mark.parametrize("status", ["captured", "failed", "created"])
def test_razorpay_is_asked_for_the_payments_since_it_was_begun(status):
    page = collection(razorpay(description="INV/1", id="pay_0"), razorpay(status))
    found, asked = ask("razorpay", page, currency="INR", begun_at=1_800_000_000)
    assert asked[0][0] == "payments"
    assert asked[0][1]["from"] == 1_800_000_000 - CLOCK_SLACK
    assert found == razorpay(status)


def test_razorpay_list_without_the_reference_says_no():
    assert ask("razorpay", collection(), currency="INR")[0] is False


def test_razorpay_list_is_followed_and_given_up_without_an_end():
    full = collection(*[razorpay(description="x")] * PAGE)
    found, asked = ask("razorpay", full, collection(razorpay()), currency="INR")
    assert found == razorpay()
    assert [params["skip"] for _endpoint, params in asked] == [0, PAGE]
    assert ask("razorpay", *[full] * MOST_PAGES, currency="INR")[0] is None


def test_razorpay_payment_that_failed_may_have_succeeded_at_the_second_try():
    answers = razorpay("failed"), collection(razorpay("failed"), razorpay(id="pay_2"))
    found, asked = ask("razorpay", *answers, name="pay_1", currency="INR")
    assert [endpoint for endpoint, _params in asked] == [
        "payments/pay_1",
        "orders/order_1/payments",
    ]
    assert found["id"] == "pay_2"


def test_razorpay_order_that_nobody_paid_says_no():
    found, asked = ask("razorpay", collection(), name="order_1", currency="INR")
    assert asked == [("orders/order_1/payments", {})]
    assert found is False


# === MERCADO PAGO === #


def mercado_pago(status="approved", **values):
    return {
        "id": 20359978,
        "status": status,
        "currency_id": "BRL",
        "transaction_amount": 100.0,
        "external_reference": REFERENCE,
        **values,
    }


def results(*payments, total=None):
    paging = {"total": len(payments) if total is None else total, "limit": PAGE, "offset": 0}
    return {"paging": paging, "results": list(payments)}


@pytest.mark.parametrize("status", ["approved", "rejected", "in_process"])
def test_mercado_pago_is_asked_by_the_id(status):
    payment = mercado_pago(status, external_reference=None)
    found, asked = ask("mercado_pago", payment, name="20359978", currency="BRL")
    assert asked == [("/v1/payments/20359978", {})]
    assert found == payment


def test_mercado_pago_knows_no_reference_of_the_charge_of_a_saved_card():
    assert ask("mercado_pago", currency="BRL") == (None, [])


def test_mercado_pago_is_asked_by_the_reference_of_a_form():
    rejected = mercado_pago("rejected", id=1)
    answers = results(rejected, mercado_pago()), mercado_pago(additional_info={"items": []})
    found, asked = ask("mercado_pago", *answers, currency="BRL", is_by_method=False)
    assert asked[0][1]["external_reference"] == REFERENCE
    assert asked[1][0] == "/v1/payments/20359978", "The one that succeeded, and whole."
    assert found["additional_info"] == {"items": []}


def test_mercado_pago_page_may_be_paid_after_a_failure():
    values = {"name": "1", "currency": "BRL", "is_by_method": False, "is_redirect": True}
    rejected, paid = mercado_pago("rejected", id=1), mercado_pago()
    found, asked = ask("mercado_pago", rejected, results(rejected, paid), paid, **values)
    assert [path for path, _params in asked] == [
        "/v1/payments/1",
        "/v1/payments/search",
        "/v1/payments/20359978",
    ]
    assert found == paid


def test_mercado_pago_search_without_the_reference():
    values = {"currency": "BRL", "is_by_method": False}
    assert ask("mercado_pago", results(), **values)[0] is False
    assert ask("mercado_pago", results(total=PAGE + 1), **values)[0] is None


# === FLUTTERWAVE AND XENDIT === #


@pytest.mark.parametrize("status", ["successful", "failed", "pending"])
def test_flutterwave_is_asked_by_our_reference(status):
    payment = {"id": 1, "tx_ref": REFERENCE, "currency": "NGN", "amount": 100, "status": status}
    found, asked = ask("flutterwave", payment, currency="NGN")
    assert asked == [("transactions/verify_by_reference", {"tx_ref": REFERENCE})]
    assert found == payment


def test_flutterwave_that_does_not_know_the_reference_says_no():
    body = {"status": "error", "message": "No transaction was found for this id", "data": None}
    assert ask("flutterwave", Refusal(400, body), is_by_method=False)[0] is False
    # That isn't documented, and must not free a saved card to be charged once more.
    assert ask("flutterwave", Refusal(400, body), is_by_method=True)[0] is None


def test_flutterwave_that_refuses_to_answer_says_nothing():
    body = {"status": "error", "message": "Invalid authorization key"}
    with pytest.raises(Refusal):
        ask("flutterwave", Refusal(401, body))


@pytest.mark.parametrize("status", ["CAPTURED", "FAILED", "PENDING"])
def test_xendit_is_asked_by_the_id(status):
    charge = {"id": "5f04", "external_id": REFERENCE, "currency": "IDR", "status": status}
    found, asked = ask("xendit", charge, name="5f04", currency="IDR")
    assert asked == [("credit_card_charges/5f04", {})]
    assert found == charge
    assert ask("xendit", {**charge, "external_id": "x"}, name="5f04", currency="IDR")[0] is None


def test_xendit_cannot_be_asked_by_our_reference_or_for_its_page():
    assert ask("xendit") == (None, [])
    assert ask("xendit", name="inv_1", is_redirect=True) == (None, [])


# === AUTHORIZE.NET === #


def details(status="capturedPendingSettlement", reference=REFERENCE, **values):
    return {
        "transaction": {
            "transId": "60019",
            "transactionType": "authCaptureTransaction",
            "transactionStatus": status,
            "responseCode": 1,
            "responseReasonDescription": "Approval",
            "order": {"invoiceNumber": reference[:20], "description": reference},
            "authAmount": 100.0,
            "payment": {"creditCard": {"cardNumber": "XXXX1111", "cardType": "Visa"}},
            **values,
        }
    }


def unsettled(*numbers):
    listed = [
        {"transId": f"6001{position}", "invoiceNumber": number, "settleAmount": 100.0}
        for position, number in enumerate(numbers)
    ]
    return {"transactions": listed, "totalNumInResultSet": len(listed)}


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        ("capturedPendingSettlement", "1", "auth_capture"),
        ("settledSuccessfully", "1", "auth_capture"),
        ("authorizedPendingCapture", "1", "auth_only"),
        ("voided", "1", "void"),
        ("declined", "2", "auth_capture"),
        ("FDSPendingReview", "4", "auth_capture"),
    ],
)
def test_authorize_details_become_the_answer_to_a_charge(status, code, kind):
    found, asked = ask("authorize", details(status), name="60019")
    assert asked == [("getTransactionDetailsRequest", {"transId": "60019"})]
    assert found["response"]["x_response_code"] == code
    assert found["response"]["x_type"] == kind
    assert found["response"]["x_trans_id"] == "60019"
    assert found["response"]["payment_method_code"] == "Visa"


def test_authorize_state_that_tells_nothing_is_not_certain():
    assert ask("authorize", details("settlementError"), name="60019")[0] is None


def test_authorize_is_asked_for_the_unsettled_ones_by_twenty_characters():
    listed = unsettled("INV/1", LONG_REFERENCE[:20], LONG_REFERENCE[:20])
    other = details(reference=f"{LONG_REFERENCE}-1")
    mine = details("declined", reference=LONG_REFERENCE)
    found, asked = ask("authorize", listed, other, mine, reference=LONG_REFERENCE)
    assert [params.get("transId") for _name, params in asked] == [None, "60011", "60012"]
    assert found["response"]["x_response_code"] == "2", "The details have the whole reference."


def test_authorize_takes_the_amount_where_the_whole_reference_is_missing():
    order = {"invoiceNumber": LONG_REFERENCE[:20]}
    listed = unsettled(LONG_REFERENCE[:20])
    for amount, is_ours in ((100.0, True), (55.0, False)):
        answers = listed, details(order=order, authAmount=amount)
        found, _asked = ask("authorize", *answers, reference=LONG_REFERENCE)
        assert bool(found) is is_ours


def test_authorize_list_without_the_payment_is_not_certain_since_it_may_be_settled():
    assert ask("authorize", unsettled("INV/1"))[0] is None
    assert ask("authorize", {"messages": {"resultCode": "Ok"}})[0] is None


def test_authorize_takes_the_one_that_succeeded():
    listed = unsettled(REFERENCE, REFERENCE)
    found, _asked = ask("authorize", listed, details("declined"), details())
    assert found["response"]["x_response_code"] == "1"


# === ANY PROVIDER === #


def test_adyen_cannot_be_asked():
    assert "adyen" not in LOOK_UPS


ranked = st.lists(
    st.tuples(
        st.integers(),
        st.sampled_from(["USD", "EUR"]),
        st.sampled_from([TAKEN, ON_ITS_WAY, NOT_TAKEN]),
    )
)


@given(ranked, st.booleans())
def test_money_that_was_taken_is_never_overlooked(payments, is_complete):
    chosen = choose(payments, "usd", is_complete)
    taken = [each for each, currency, rank in payments if currency == "USD" and rank == TAKEN]
    if taken:
        assert chosen == taken[0]
    if chosen is False:
        assert is_complete
        assert not payments


def test_name_of_a_payment_that_a_customer_begins():
    assert find_name("stripe", {"client_secret": "pi_1_secret_x"}) == "pi_1"
    assert find_name("stripe", {"client_secret": "seti_1_secret_x"}) == ""
    assert find_name("stripe", {"client_secret": ""}) == ""
    assert find_name("razorpay", {"razorpay_order_id": "order_1"}) == "order_1"
    assert find_name("razorpay", {"razorpay_order_id": None}) == ""
    assert find_name("adyen", {}) == ""


def test_what_a_customer_can_still_finish():
    for status in ("requires_payment_method", "requires_confirmation", "requires_action"):
        assert is_unfinished("stripe", {"payment_intent": intent(status)})
    for status in ("succeeded", "processing", "requires_capture", "canceled"):
        assert not is_unfinished("stripe", {"payment_intent": intent(status)})
    assert is_unfinished("razorpay", razorpay("failed"))
    assert not is_unfinished("razorpay", razorpay("authorized"))
    assert not is_unfinished("flutterwave", {"status": "pending"})


# === OVER HTTP === #


def test_stripe_is_asked_as_its_gateway_understands(merchant):
    card = merchant.create_card()
    mine = merchant.pay(card, description=REFERENCE).body
    merchant.pay(card, description="INV/2026/0001")

    def ask_gateway(endpoint, params):
        return merchant.api("GET", endpoint, params).body

    values = {"reference": REFERENCE, "amount": 25.0, "currency": "USD"}
    values |= {"customer": card.customer, "begun_at": mine["created"] + CLOCK_SLACK}
    for name in ("", mine["id"]):
        found = LOOK_UPS["stripe"](Question(name=name, **values), ask_gateway)
        assert found["payment_intent"]["id"] == mine["id"]
        assert found["payment_method"]["id"] == card.payment_method
    later = Question(name="", **{**values, "begun_at": mine["created"] + 2 * CLOCK_SLACK})
    assert LOOK_UPS["stripe"](later, ask_gateway) is False
