# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The page on which the customer chooses to pay in parts. No script is needed for it."""

from odoo import http
from odoo.http import request

from ..models.page.part_form import PartForm
from ..tools.links import get_page_path
from .recovery_page_act import RecoveryPageActs
from .recovery_page_base import PAGE, go_to_visit, respond


class RecoveryPageParts(RecoveryPageActs):
    @http.route("/recovery/pay/<string:link>/parts", methods=["GET"], readonly=True, **PAGE)
    def show_parts(self, link, only="", count="", first="", step="", **_ignored):
        """Show the parts that the customer has chosen, or could choose; nothing is changed.

        :param str only: the number of the invoice's case, of those of the link
        :param str count: how many parts
        :param str first: the day of the first one
        :param str step: what lies between two parts: week, fortnight or month
        """
        visit, refusal = self._open(link)
        if refusal:
            return refusal
        if not visit.link.is_visit:
            return go_to_visit(visit, "parts")
        return self._render_parts(visit, self._find_case(visit, only), count, first, step)

    @http.route("/recovery/pay/<string:link>/parts", methods=["POST"], **PAGE)
    def agree_parts(
        self, link, only="", count="", first="", step="", mark="", agree="", **_ignored
    ):
        """Keep the parts that the customer agreed to."""
        visit, refusal = self._open(link, "act")
        if refusal:
            return refusal
        case = self._find_case(visit, only)
        form = case and PartForm(case, visit.partner, count, first, step)
        if not form:
            return self._go_on(link, "")
        if error := form.agree(mark, bool(agree)):
            form.error = form.reason or error
            return self._render_parts(visit, case, count, first, step, form, status=422)
        visit.notice._note_result("parts")
        return self._go_on(link, "parts")

    # === HELPERS === #

    def _find_case(self, visit, only):
        """Return the case to be paid in parts: the chosen one, else the first that may be."""
        # Which method is charged, and when, is nothing for somebody who holds a link from afar.
        cases = visit.cases.browse() if visit.is_far else visit.filter_cases("open")
        chosen = cases.filtered(lambda case: str(case.id) == only)
        if chosen:
            return chosen
        return next((case for case in cases if case._may_pay_in_parts(visit.partner)), cases[:1])

    def _render_parts(self, visit, case, count, first, step, form=None, status=200):
        if not case:
            return request.redirect(get_page_path(visit.text), code=303)
        form = form or PartForm(case, visit.partner, count, first, step)
        return respond(
            "revenue_recovery.recovery_page_parts",
            {
                **self._prepare_common(visit),
                "case": case,
                "form": form,
                "is_chosen": bool(count),
                "currency": case.currency_id,
            },
            status=status,
        )
