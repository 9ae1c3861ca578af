# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What every part of the customer's page has in common: the link, the language, the headers."""

from functools import cached_property

from odoo import fields
from odoo.exceptions import ValidationError
from odoo.http import request

from ..models.page.shown import show
from ..tools.links import Link, get_page_path
from ..tools.logs import mask_links
from .recovery_page_limit import link_within_limits, within_limits
from .recovery_page_place import is_far

# The link is the key: it must not be kept, passed on in a Referer, indexed, or framed.
HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "frame-ancestors 'none'",
}
mask_links()
PAGE = {"type": "http", "auth": "public", "website": True, "multilang": False, "sitemap": False}


class Visit:
    """One request of somebody who holds a link.

    :ivar link: none when it is not ours
    :ivar cases: those of the link, in sudo mode, in its company and in the customer's language
    :ivar partner: the contact who reads the page
    :ivar own_methods_of: the contact whose saved methods may be offered; empty when unsure
    :ivar is_far: whether it comes from a country that isn't the customer's
    :ivar state: ``ok``; ``wrong``; ``withdrawn``; ``expired``; ``paid``; ``closed``
    """

    def __init__(self, text, link):
        self.text = text
        self.link = link
        # In sudo mode: the link is the right, and it names what it opens.
        self.cases = request.env["recovery.case"].sudo()
        self.token = request.env["payment.token"].sudo()
        self.partner = request.env["res.partner"].sudo()
        self.company = request.env["res.company"].sudo()
        self.notice = request.env["recovery.notice"].sudo()
        self.own_methods_of = self.partner
        self.is_same_owner = self.is_others = self.is_withdrawn = self.is_far = False
        if self.link:
            self._find_records()
        self.state = self._find_state()

    def _find_records(self):
        person = self.partner.browse(self.link.partner_id).exists()
        self.notice = self.notice.browse(self.link.notice_id or []).exists()
        if self.link.is_about_method:
            record = self.token = self.token.browse(self.link.ids).exists()
            self.is_withdrawn = record.recovery_links_withdrawn != self.link.number
            # A customer who was merged into another one gets a new link by the old way.
            self.is_same_owner = bool(person) and self.token.partner_id == person
            self.own_methods_of = person
        else:
            cases = self._find_cases()
            record, customer = cases[:1], cases.partner_id
            self.is_same_owner = len(customer) == 1 and person._belongs_to(customer)
            if self.is_same_owner:
                # What somebody else owes by now is none of their business.
                self.cases = cases.filtered(lambda case: case._is_of_its_customer())
                self.is_others = not self.cases
                person = self._find_reader(person, customer)
        self.partner = contact = person
        self.company = record.company_id
        self.is_far = bool(person) and is_far(person, self.company)
        lang = contact.lang or self.company.partner_id.lang or request.env.lang
        if not request.env["res.lang"]._get_data(code=lang):
            lang = request.env.lang
        request.update_context(lang=lang)
        # Of the records only: who looks at the page may have no right to their company.
        context = {**request.env.context, "allowed_company_ids": self.company.ids}
        for name in ("cases", "token", "partner", "company", "notice"):
            setattr(self, name, getattr(self, name).with_context(**context))

    def _find_cases(self):
        """Return the cases that the link opens, the one that it names first."""
        cases = self.cases.browse(self.link.ids).exists()
        if cases:
            self.is_withdrawn = cases._count_withdrawals(self.link.kind) != self.link.number
        if cases and self.link.kind == "customer" and not self.is_withdrawn:
            cases = cases._find_page_cases()
        # Read together, instead of two hundred columns of each invoice.
        cases.move_id._fetch_for_recovery()
        self.cases = cases
        return cases

    def _find_reader(self, person, customer):
        """Return who reads the page: whom the notice with the link went to, else whom it is for.

        Where it went to several, they share no methods but the one that is charged anyway.
        """
        people = self.notice.mail_message_id.notified_partner_ids
        family = people.filtered(lambda each: each._belongs_to(customer))
        reader = family if len(family) == 1 else person
        self.own_methods_of = reader if len(people) <= 1 else reader.browse()
        return reader

    def _find_state(self):
        if self.is_others:
            return "closed"
        if not self.link or not (self.cases or self.token):
            return "wrong"
        if self.is_withdrawn:
            return "withdrawn"
        if not self.is_same_owner or self.link.expires_at <= fields.Datetime.now():
            return "expired"
        if self.token:
            return "ok" if self.token.active else "closed"
        states = {each.state for each in self.shown.values()}
        if states & {"open", "held", "charging", "processing", "begun"}:
            return "ok"
        return "paid" if "paid" in states else "closed"

    @cached_property
    def shown(self):
        """What the page says of each case, as `models.page.shown` has it."""
        return show(self.cases)

    def filter_cases(self, *states):
        """Return those of the cases of which the page says one of these."""
        return self.cases.filtered(lambda case: self.shown[case].state in states)

    def add_up(self, cases):
        """Return what is owed on cases in one currency."""
        total = sum(self.shown[case].owed for case in cases)
        return cases.currency_id.round(total) if cases else 0.0


def enter(text, kind):
    """Return the visit of somebody who holds a link, or thinks so; none beyond the limits.

    :param kind: of the limits of `recovery_page_limit`
    """
    if not within_limits(kind):
        return None
    link = Link.parse(request.env, text)
    if link and not link_within_limits(kind, link.subject):
        return None
    return Visit(text, link)


def open_for_payment(text):
    """Return the visit of somebody who begins a payment, within the limits.

    :raise ValidationError: when the link does not open anything (any more)
    """
    visit = enter(text, "pay")
    if not visit:
        raise ValidationError(
            request.env._("These were many tries. Please wait a few minutes, then try again.")
        )
    if visit.state != "ok":
        raise ValidationError(request.env._("Please reload the page."))
    return visit


def go_to_visit(visit, *parts):
    """Return what leads from a link that somebody has got to the page of this visit.

    So the link stands in one line of a log only; what stands in the others opens nothing for long.
    It works without cookies.
    """
    link = visit.link.begin_visit(fields.Datetime.now())
    path = get_page_path(link.sign(request.env), *parts)
    query = request.httprequest.query_string.decode("ascii", "ignore")
    response = request.redirect(f"{path}?{query}" if query else path, code=303)
    response.headers.update(HEADERS)
    return response


def respond(template, values=None, status=200):
    """Return a rendered page with the headers that keep its address private."""
    response = request.render(template, values or {}, status=status)
    response.headers.update(HEADERS)
    return response
