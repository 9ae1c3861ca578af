"""The customer's page behind the signed link. Opening it changes nothing."""

import hashlib

from odoo import http
from odoo.http import request

from ..tools.links import get_page_path
from .recovery_page_base import HEADERS, PAGE, enter, respond
from .recovery_page_limit import within_limits
from .recovery_page_payment import RecoveryPayment

TEMPLATE = "revenue_recovery.recovery_page"
# What the page says of a link that does not open it, with the status of the answer.
REFUSALS = {"wrong": 404, "expired": 410, "paid": 200, "closed": 410}


class RecoveryPage(RecoveryPayment):
    @http.route("/recovery/pay/<string:link>", methods=["GET"], readonly=True, **PAGE)
    def show_page(self, link, only=None, done=None, **_ignored):
        """Show what is owed now, why, and what the customer can do about it.

        :param str only: the number of the one invoice to pay, of those on the page
        :param str done: what they have just done, to thank them
        """
        visit, refusal = self._open(link)
        if refusal:
            return refusal
        if visit.token:  # The link of an expiring card has nothing to pay.
            return request.redirect(get_page_path(link, "method"))
        return self._render_page(visit, only=only, done=done)

    @http.route("/recovery/pay/<string:link>/method", methods=["GET"], readonly=True, **PAGE)
    def show_method(self, link, done=None, **_ignored):
        """Show the form that saves another payment method and charges it."""
        visit, refusal = self._open(link)
        if refusal:
            return refusal
        return respond(
            "revenue_recovery.recovery_page_method",
            {
                **self._prepare_common(visit),
                **self._prepare_method_values(visit),
                "done": done,
                "is_charged": all(case._charges_new_method() for case in visit.cases),
                "is_busy": any(
                    case._get_page_state() in ("charging", "processing") for case in visit.cases
                ),
            },
        )

    @http.route("/recovery/pay/<string:link>/state", methods=["GET"], readonly=True, **PAGE)
    def show_state(self, link, **_ignored):
        """Tell the script of the page whether it is still up to date."""
        visit, refusal = self._open(link)
        mark = "" if refusal else self._get_mark(visit)
        return request.make_json_response({"mark": mark}, headers=HEADERS)

    # === HELPERS === #

    def _open(self, text, kind="view"):
        """Return the visit, and the page that refuses it, if it is to be refused."""
        visit = enter(text, kind)
        if not visit:
            return None, respond("revenue_recovery.recovery_page_busy", status=429)
        if visit.state == "ok":
            return visit, None
        if visit.state == "wrong" and not within_limits("wrong"):
            return None, respond("revenue_recovery.recovery_page_busy", status=429)
        return visit, self._refuse(visit)

    def _refuse(self, visit, **values):
        """Return the friendly page that says why the link does not open anything."""
        values = {
            **self._prepare_common(visit),
            "state": visit.state,
            "is_asked": request.params.get("done") == "link",
            **values,
        }
        return respond(
            "revenue_recovery.recovery_page_refusal", values, status=REFUSALS[visit.state]
        )

    def _render_page(self, visit, only=None, done=None, status=200, **values):
        bills = [self._describe_bill(number, case) for number, case in enumerate(visit.cases, 1)]
        states = {bill["state"] for bill in bills}
        payable = [bill for bill in bills if bill["state"] == "open"]
        chosen = [bill for bill in payable if str(bill["number"]) == only] or payable
        cases = visit.cases.browse([bill["case"].id for bill in chosen])
        # One payment has one currency.
        together = cases.filtered(lambda case: case.currency_id == cases[:1].currency_id)
        lead = visit.cases[:1]
        return respond(
            TEMPLATE,
            {
                **self._prepare_common(visit),
                **(self._prepare_payment_values(visit, together) if together else {}),
                **self._prepare_promise_values(visit),
                "bills": bills,
                "chosen": [bill for bill in chosen if bill["case"] in together],
                "payable": payable,
                "reason": (together or visit.cases)._get_page_reason(),
                "decline_class": (together or visit.cases)._get_page_class(),
                "failed_payment": visit.cases._get_failed_payment(),
                "next_sentence": lead._get_page_next(),
                "contest_reasons": lead._get_contest_choices(),
                # Others that can be paid go on meanwhile.
                "busy": not payable and bool(states & {"charging", "processing"}),
                "begun": not payable and "begun" in states,
                "done": done,
                "error": {},
                "entered": {},
                **values,
            },
            status=status,
        )

    def _describe_bill(self, number, case):
        return {
            "number": number,
            "case": case,
            "name": case.move_id.name,
            "state": case._get_page_state(),
            "owed": case._get_owed(),
            "currency": case.currency_id,
            "due_date": case.move_id.invoice_date_due,
        }

    def _prepare_common(self, visit):
        """Return what every page of a visit needs."""
        names = [case.move_id.name for case in visit.cases]
        return {
            "visit": visit,
            "link": visit.text,
            "path": get_page_path(visit.text),
            "res_company": visit.company or request.env.company.sudo(),
            "company": visit.company,
            "names": names,
            "mark": self._get_mark(visit) if visit.state == "ok" else "",
            "html_data": {"lang": (request.env.lang or "en_US").replace("_", "-")},
        }

    def _prepare_promise_values(self, visit):
        """Return the days that may be promised, for the invoices that may be promised."""
        cases = visit.cases.filtered(
            lambda case: case._get_page_state() == "open" and not case.promise_count
        )
        bounds = [case._get_promise_bounds() for case in cases]
        if not cases or len(cases) < len(visit.cases) or not all(bounds):
            return {"promise_first": None, "promise_last": None}
        return {
            "promise_first": max(each.first for each in bounds),
            "promise_last": min(each.last for each in bounds),
        }

    def _get_mark(self, visit):
        """Return what changes whenever the page would say something else."""
        facts = [
            (case.id, case._get_page_state(), case._get_owed(), len(case.attempt_ids))
            for case in visit.cases
        ]
        return hashlib.sha256(repr(facts).encode()).hexdigest()[:16]
