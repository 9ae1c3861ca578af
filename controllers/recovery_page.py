# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The customer's page behind the signed link. Opening it changes nothing."""

import hashlib

from odoo import http
from odoo.http import request

from ..tools.links import get_page_path
from .recovery_page_base import HEADERS, PAGE, enter, go_to_visit, respond
from .recovery_page_limit import within_limits
from .recovery_page_payment import RecoveryPayment

TEMPLATE = "revenue_recovery.recovery_page"
# What the page says of a link that does not open it, with the status of the answer.
REFUSALS = {"wrong": 404, "withdrawn": 410, "expired": 410, "paid": 200, "closed": 410}
# So many invoices are listed at once.
PAGE_SIZE = 20
# So many are named in a sentence, or in the reference of a payment; the others are counted.
_MOST_NAMES = 5


class RecoveryPage(RecoveryPayment):
    @http.route("/recovery/pay/<string:link>", methods=["GET"], readonly=True, **PAGE)
    def show_page(self, link, only=None, page=None, done=None, **_ignored):
        """Show what is owed now, why, and what the customer can do about it.

        :param str only: the number of the one invoice to pay, of those of the link
        :param str page: which part of the list is shown, where it is long; from 1 on
        :param str done: what they have just done, to thank them
        """
        visit, refusal = self._open(link)
        if refusal:
            return refusal
        parts = ("method",) if visit.token else ()  # An expiring card has nothing to pay.
        if not visit.link.is_visit:
            return go_to_visit(visit, *parts)
        if parts:
            return request.redirect(get_page_path(link, *parts))
        return self._render_page(visit, only=only, page=page, done=done)

    @http.route("/recovery/pay/<string:link>/method", methods=["GET"], readonly=True, **PAGE)
    def show_method(self, link, done=None, **_ignored):
        """Show the form that saves another payment method and charges it."""
        visit, refusal = self._open(link)
        if refusal:
            return refusal
        if not visit.link.is_visit:
            return go_to_visit(visit, "method")
        return respond(
            "revenue_recovery.recovery_page_method",
            {
                **self._prepare_common(visit),
                **self._prepare_method_values(visit),
                "done": done,
                "is_charged": all(case._charges_new_method() for case in visit.cases),
                "is_busy": bool(visit.filter_cases("charging", "processing")),
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
            "company": visit.company or self._find_only_company(),
            "state": visit.state,
            "is_asked": request.params.get("done") == "link",
            **values,
        }
        return respond(
            "revenue_recovery.recovery_page_refusal", values, status=REFUSALS[visit.state]
        )

    def _find_only_company(self):
        """Return whose link it can only be, to show logo and contact; none where there are more."""
        companies = request.env["res.company"].sudo().search([], limit=2)
        return companies if len(companies) == 1 else companies.browse()

    def _render_page(self, visit, only=None, page=None, done=None, status=200, **values):
        payable = visit.filter_cases("open")
        chosen = payable.filtered(lambda case: str(case.id) == only) or payable
        # One payment has one currency.
        together = chosen.filtered(lambda case: case.currency_id == chosen[:1].currency_id)
        states = {each.state for each in visit.shown.values()}
        lead = visit.cases[:1]
        return respond(
            TEMPLATE,
            {
                **self._prepare_common(visit),
                **(self._prepare_payment_values(visit, together) if together else {}),
                **self._prepare_promise_values(visit),
                **self._prepare_bills(visit, payable, together, page),
                "reason": (together or visit.cases)._get_page_reason(),
                "decline_class": (together or visit.cases)._get_page_class(),
                "failed_payment": visit.cases._get_failed_payment(),
                # When the saved method is charged is nothing that it takes to pay.
                "next_sentence": not visit.is_far and lead._get_page_next(),
                **self._prepare_part_values(visit, payable),
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

    def _prepare_bills(self, visit, payable, chosen, page):
        """Return the part of the list that is shown, and what is chosen of the whole."""
        cases = visit.cases
        pages = -(-len(cases) // PAGE_SIZE)
        if page and page.isdecimal() and len(page) < 10:
            number = min(max(int(page), 1), pages)
        else:  # Where the one that is to be paid is listed.
            number = 1 + (cases.ids.index(chosen[0].id) // PAGE_SIZE if len(chosen) == 1 else 0)
        first = (number - 1) * PAGE_SIZE
        listed = cases[first : first + PAGE_SIZE]
        is_one_currency = len(payable.currency_id) == 1
        return {
            "bills": [self._describe_bill(visit, case, chosen) for case in listed],
            "bill_count": len(cases),
            "chosen": chosen,
            "payable": payable,
            "total": visit.add_up(payable) if is_one_currency else None,
            "total_currency": payable.currency_id[:1],
            "page": number,
            "pages": pages,
        }

    def _describe_bill(self, visit, case, chosen):
        shown = visit.shown[case]
        return {
            "number": case.id,
            "name": case.move_id.name,
            "state": shown.state,
            "owed": shown.owed,
            "currency": case.currency_id,
            "due_date": case.move_id.invoice_date_due,
            "is_chosen": case in chosen,
        }

    def _prepare_common(self, visit):
        """Return what every page of a visit needs."""
        return {
            "visit": visit,
            "link": visit.text,
            "path": get_page_path(visit.text),
            "res_company": visit.company or request.env.company.sudo(),
            "company": visit.company,
            "names": self._name_invoices(visit.cases),
            "mark": self._get_mark(visit) if visit.state == "ok" else "",
            "html_data": {"lang": (request.env.lang or "en_US").replace("_", "-")},
        }

    def _name_invoices(self, cases):
        """Return the names of invoices in a sentence; of many the first ones, and how many."""
        names = ", ".join(case.move_id.name for case in cases[:_MOST_NAMES])
        others = len(cases) - _MOST_NAMES
        if others <= 0:
            return names
        return request.env._("%(invoices)s and %(count)s more", invoices=names, count=others)

    def _prepare_promise_values(self, visit):
        """Return the days that may be promised, for the invoices that may be promised."""
        cases = visit.filter_cases("open").filtered(
            lambda case: not case.promise_count and not case._get_running_part_plan()
        )
        unpaid = visit.cases - visit.filter_cases("paid", "closed")
        if not cases or len(cases) < len(unpaid):
            return {"promise_first": None, "promise_last": None}
        bounds = [case._get_promise_bounds() for case in cases]
        if not all(bounds):
            return {"promise_first": None, "promise_last": None}
        return {
            "promise_first": max(each.first for each in bounds),
            "promise_last": min(each.last for each in bounds),
        }

    def _prepare_part_values(self, visit, payable):
        """Return which invoices may be paid in parts, and by which plans others are."""
        if visit.is_far:
            return {"part_cases": [], "part_plans": []}
        offered = [case for case in payable[:PAGE_SIZE] if case._may_pay_in_parts(visit.partner)]
        return {"part_cases": offered, "part_plans": visit.cases._get_running_part_plans()}

    def _get_mark(self, visit):
        """Return what changes whenever the page would say something else."""
        facts = [(case.id, *visit.shown[case], len(case.attempt_ids)) for case in visit.cases]
        return hashlib.sha256(repr(facts).encode()).hexdigest()[:16]
