"""What every part of the customer's page has in common: the link, the language, the headers."""

from odoo import fields
from odoo.exceptions import ValidationError
from odoo.http import request

from ..tools.links import Link
from .recovery_page_limit import link_within_limits, within_limits

# The link is the key: it must not be kept, passed on in a Referer, indexed, or framed.
HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "frame-ancestors 'none'",
}
PAGE = {"type": "http", "auth": "public", "website": True, "multilang": False, "sitemap": False}


class Visit:
    """One request of somebody who holds a link.

    :ivar link: none when it is not ours
    :ivar cases: those of the link, in sudo mode, in its company and in the customer's language
    :ivar partner: the contact who reads the page
    :ivar own_methods_of: the contact whose saved methods may be offered; empty when unsure
    :ivar state: ``ok``; ``wrong``; ``expired``; ``paid``; ``closed``
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
        self.is_same_owner = self.is_others = False
        if self.link:
            self._find_records()
        self.state = self._find_state()

    def _find_records(self):
        person = self.partner.browse(self.link.partner_id).exists()
        self.notice = self.notice.browse(self.link.notice_id or []).exists()
        if self.link.kind == "token":
            record = self.token = self.token.browse(self.link.ids).exists()
            # A customer who was merged into another one gets a new link by the old way.
            self.is_same_owner = bool(person) and self.token.partner_id == person
            self.own_methods_of = person
        else:
            cases = self.cases = self.cases.browse(self.link.ids).exists()
            record, customer = cases[:1], cases.partner_id
            self.is_same_owner = len(customer) == 1 and person._belongs_to(customer)
            if self.is_same_owner:
                # What somebody else owes by now is none of their business.
                self.cases = cases.filtered(lambda case: case._is_of_its_customer())
                self.is_others = not self.cases
                person = self._find_reader(person, customer)
        self.partner = contact = person
        self.company = record.company_id
        lang = contact.lang or self.company.partner_id.lang or request.env.lang
        if not request.env["res.lang"]._get_data(code=lang):
            lang = request.env.lang
        request.update_context(lang=lang)
        # Of the records only: who looks at the page may have no right to their company.
        context = {**request.env.context, "allowed_company_ids": self.company.ids}
        for name in ("cases", "token", "partner", "company", "notice"):
            setattr(self, name, getattr(self, name).with_context(**context))

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
        if not self.is_same_owner or self.link.expires_at <= fields.Datetime.now():
            return "expired"
        if self.token:
            return "ok" if self.token.active else "closed"
        states = {case._get_page_state() for case in self.cases}
        if states & {"open", "held", "charging", "processing", "begun"}:
            return "ok"
        return "paid" if "paid" in states else "closed"


def enter(text, kind):
    """Return the visit of somebody who holds a link, or thinks so; none beyond the limits.

    :param kind: of the limits of `recovery_page_limit`
    """
    if not within_limits(kind):
        return None
    link = Link.parse(request.env, text)
    if link and not link_within_limits(kind, text):
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


def respond(template, values=None, status=200):
    """Return a rendered page with the headers that keep its address private."""
    response = request.render(template, values or {}, status=status)
    response.headers.update(HEADERS)
    return response
