# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What the customer does on their page beside paying: a promise, a question, a new link."""

from odoo import fields, http
from odoo.http import request

from ..models.page.contest import REASONS as CONTEST_REASONS
from ..tools.links import get_page_path
from .backup import arrange
from .recovery_page import PAGE_SIZE, RecoveryPage
from .recovery_page_base import PAGE, enter, respond

# What the forms send is read no further.
_MOST_CHARACTERS = 5000


class RecoveryPageActs(RecoveryPage):
    @http.route("/recovery/pay/<string:link>/promise", methods=["POST"], **PAGE)
    def promise(self, link, day="", **_ignored):
        """Keep the day until which the customer promises to pay."""
        visit, refusal = self._open(link, "act")
        if refusal:
            return refusal
        error = self._promise(visit, day)
        if error:
            return self._complain(visit, "promise", error, day)
        visit.notice._note_result("promise")
        return self._go_on(link, "promise")

    @http.route("/recovery/pay/<string:link>/question", methods=["POST"], **PAGE)
    def ask(self, link, question="", reason="", invoice="", **_ignored):
        """Put the customer's question into the chatter of their case.

        :param str reason: why they contest the invoice; empty for a question
        :param str invoice: the number of the one that it is about, of those of the link; empty
            for all of them, where they fit on one page
        """
        visit, refusal = self._open(link, "act")
        if refusal:
            return refusal
        question = question[:_MOST_CHARACTERS]
        reason = reason if reason in dict(CONTEST_REASONS) else None
        error = self._ask(visit, question, reason, invoice)
        if error:
            return self._complain(visit, "question", error, question, reason=reason)
        visit.notice._note_result("question")
        return self._go_on(link, "contest" if reason else "question")

    @http.route("/recovery/pay/<string:link>/backup", methods=["POST"], **PAGE)
    def keep_backups(self, link, **_ignored):
        """Keep which of their own methods the customer agrees to have charged for another."""
        visit, refusal = self._open(link, "act")
        if refusal:
            return refusal
        arrange(self._list_backups(visit))
        return request.redirect(f"{get_page_path(link, 'method')}?done=backup", code=303)

    @http.route("/recovery/pay/<string:link>/renew", methods=["POST"], **PAGE)
    def renew(self, link, **_ignored):
        """Send a new link to the customer's own address; the answer is always the same."""
        visit = enter(link, "act")
        if not visit:
            return respond("revenue_recovery.recovery_page_busy", status=429)
        if visit.state == "expired" and visit.cases:
            visit.cases._send_new_link()
        return self._go_on(link, "link")

    @http.route("/recovery/pay/<string:link>/opened", type="jsonrpc", auth="public")
    def note_opened(self, link):
        """Trace that a person opened the page: only its script calls this, no mail scanner."""
        visit = enter(link, "opened")  # Not as an act: it would use up those of the customer.
        if visit and visit.state == "ok":
            visit.notice._note_opened()
        return True

    # === HELPERS === #

    def _promise(self, visit, day):
        """Return why the day can't be promised; nothing when it is kept, for all invoices."""
        try:
            day = fields.Date.to_date(day)
        except ValueError:
            day = None
        cases = visit.filter_cases("open")
        if not day or not cases:
            return request.env._("Please choose a day.")
        return cases._promise_all(day, visit.partner)

    def _ask(self, visit, question, reason, invoice):
        """Return why it can't be asked; nothing when it was, of all that it is about or of none."""
        cases = visit.cases.filtered(lambda case: str(case.id) == invoice)
        if not cases and reason and len(visit.cases) > PAGE_SIZE:
            return request.env._("Please choose the invoice.")
        cases = cases or (visit.cases if reason else visit.cases[:1])
        return next(
            filter(None, [case._ask_question(question, visit.partner, reason) for case in cases]),
            None,
        )

    def _complain(self, visit, form, error, entered, **others):
        """Show the page again with what has to be mended in a form."""
        if not visit.cases:
            return self._go_on(visit.text, "")
        entered = {form: entered, **others}
        return self._render_page(visit, status=422, error={form: error}, entered=entered)

    def _go_on(self, link, done):
        return request.redirect(f"{get_page_path(link)}?done={done}", code=303)
