# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What a merchant's own product asks: how does this customer stand?

Answers are read from the ledger, kept for four seconds in a memory that the workers share, and told
to the holder of a key, or to a browser that holds a token signed with one.
"""

import hashlib
import json
import logging

import psycopg2

from odoo import SUPERUSER_ID, fields, http
from odoo.http import Response, request

from ..models.standing.customers import Ambiguous, Unreadable, find_customer
from ..models.standing.memory import ANSWERS, KEYS
from ..models.standing.standing import read_standing
from ..models.standing.tokens import is_secret_of, read_identifier, read_token
from ..tools.instants import to_iso, to_seconds
from .standing_limit import BROWSER_RATE, BUCKETS, STRANGER_RATE

_logger = logging.getLogger(__name__)

PATH = "/recovery/v1/standing"
# Until when a token may be good, in seconds from now; a minute more for clocks that differ.
TOKEN_LIFE = 24 * 3600
CLOCK_SKEW = 60
# For how many seconds a browser needn't ask again whether it may ask.
PREFLIGHT_AGE = 600
# What can be wrong, with the status of the answer and what it says.
PROBLEMS = {
    "no-customer": (400, "Name the customer: ?customer= and a reference, an id or an e-mail."),
    "no-key": (401, "Send a key, or a token signed with one: Authorization: Bearer …"),
    "wrong-key": (401, "The key or token is wrong, or it was revoked."),
    "token-expired": (401, "The token has expired. Sign a new one."),
    "token-too-long": (401, "The token expires too late. Let it be good for a day at most."),
    "no-scope": (403, "The key does not allow this."),
    "other-customer": (403, "The token is for another customer."),
    "wrong-origin": (403, "The key does not list the address of this page."),
    "unknown-customer": (404, "The company has no such customer."),
    "method-not-allowed": (405, "Only GET is answered here."),
    "ambiguous-customer": (409, "Several customers have this reference or e-mail. Ask by id."),
    "too-many-requests": (429, "These were too many requests. Wait, then ask again."),
    "internal-error": (500, "The standing could not be read. The server's log says why."),
}


class Problem(Exception):
    """Something that is wrong with a request; of :data:`PROBLEMS`."""

    def __init__(self, kind, wait=0):
        super().__init__(kind)
        self.kind = kind
        self.wait = wait


class RecoveryStanding(http.Controller):
    # Not from a replica: what was paid a second ago may not be there yet.
    @http.route(PATH, type="http", auth="none", csrf=False, save_session=False, readonly=False)
    def show_standing(self, customer=None, **_ignored):
        """Tell how a customer stands; docs/standing.md says what is answered when.

        :param str customer: a reference, an id or an e-mail; of the token when there is one
        """
        question = Question(request.env(user=SUPERUSER_ID, su=True), request.httprequest)
        try:
            return question.answer(customer)
        except Problem as problem:
            return question.refuse(problem)
        except psycopg2.Error:
            raise  # Odoo asks again when it met somebody else.
        except Exception:
            _logger.exception("The standing of a customer could not be read")
            return question.refuse(Problem("internal-error"))


class Question:
    """One request: who asks, from where, and what they are told.

    :param env: in sudo mode; nobody is logged in, the key is the right
    """

    def __init__(self, env, http_request):
        self.env = env
        self.db = env.cr.dbname
        self.request = http_request
        self.origin = (http_request.headers.get("Origin") or "").lower()
        self.key = None
        # Told to the browser once it is known that its page may read the answer.
        self.cors = {}

    def answer(self, customer):
        """Return the response.

        :raise Problem: instead
        """
        if self.request.method == "OPTIONS":
            return self._answer_preflight()
        if self.request.method not in ("GET", "HEAD"):
            raise Problem("method-not-allowed")
        customer = self._authorise(customer)
        if not customer:
            raise Problem("no-customer")
        self.env["recovery.standing.key"]._note_used(self.key)
        known = self.db, *self._get_view(), customer
        kind, tag, body = ANSWERS.get(known, lambda: self._find(customer)).split(b"\n", 2)
        if kind:
            raise Problem(kind.decode())
        tag = tag.decode()
        headers = {"ETag": tag, "Cache-Control": "private, no-cache", **self._get_headers()}
        if self.request.if_none_match.contains_weak(tag.removeprefix("W/").strip('"')):
            return Response(status=304, headers=headers)
        return Response(body, content_type="application/json", headers=headers)

    def refuse(self, problem):
        """Return the response that says what is wrong."""
        status, detail = PROBLEMS[problem.kind]
        body = {
            "type": f"urn:revenue-recovery:standing:{problem.kind}",
            "title": problem.kind.replace("-", " ").capitalize(),
            "status": status,
            "detail": detail,
        }
        headers = {"Cache-Control": "no-store", **self._get_headers()}
        if status == 401:
            headers["WWW-Authenticate"] = "Bearer"
        if status == 405:
            headers["Allow"] = "GET, HEAD, OPTIONS"
        if problem.wait:
            headers["Retry-After"] = str(problem.wait)
        return Response(
            json.dumps(body),
            status=status,
            content_type="application/problem+json",
            headers=headers,
        )

    # === WHO ASKS === #

    def _answer_preflight(self):
        """Tell a browser whether a page may ask at all; whether with this key, is told later."""
        keys = self.env["recovery.standing.key"]
        headers = {"Vary": "Origin", "Cache-Control": "no-store"}
        if self.origin in KEYS.get((self.db, "origins"), keys._read_origins):
            headers |= {
                "Access-Control-Allow-Origin": self.origin,
                "Access-Control-Allow-Methods": "GET",
                "Access-Control-Allow-Headers": "Authorization, If-None-Match",
                "Access-Control-Max-Age": str(PREFLIGHT_AGE),
            }
        return Response(status=204, headers=headers)

    def _authorise(self, customer):
        """Find the key, and return the customer whom it is asked for.

        :raise Problem: when there is no right to ask
        """
        scheme, _space, text = self.request.headers.get("Authorization", "").partition(" ")
        text = text.strip()
        if scheme.lower() != "bearer" or not text:
            raise self._turn_away("no-key")
        if token := read_token(text):
            return self._authorise_token(token, customer)
        facts = self._read_key(read_identifier(text))
        if not facts or not is_secret_of(text, facts.secret_hash):
            raise self._turn_away("wrong-key")
        self.key = facts
        self._count((self.db, facts.id), facts.rate)
        if not facts.may_read:
            raise Problem("no-scope")
        return customer

    def _authorise_token(self, token, customer):
        facts = self._read_key(token.key)
        if not facts or not token.is_signed_by(facts.secret_hash):
            raise self._turn_away("wrong-key")
        self.key = facts
        self._check_origin()
        self._count((self.db, facts.id, token.customer), BROWSER_RATE)
        self._count((self.db, facts.id), facts.rate)
        left = token.expires - to_seconds(fields.Datetime.now())
        if left <= 0:
            raise Problem("token-expired")
        if left > TOKEN_LIFE + CLOCK_SKEW:
            raise Problem("token-too-long")
        if not facts.may_browse:
            raise Problem("no-scope")
        if customer and customer != token.customer:
            raise Problem("other-customer")
        return token.customer

    def _read_key(self, identifier):
        if not identifier or "\0" in identifier:
            return None
        keys = self.env["recovery.standing.key"]
        return KEYS.get((self.db, identifier), lambda: keys._read_facts(identifier))

    def _check_origin(self):
        """Let the page of a browser read the answer if the key lists it; programs have none."""
        if not self.origin:
            return
        if self.origin not in self.key.origins:
            raise Problem("wrong-origin")
        self.cors = {
            "Access-Control-Allow-Origin": self.origin,
            "Access-Control-Expose-Headers": "ETag, Retry-After",
        }

    def _count(self, whose, rate):
        if wait := BUCKETS.take(whose, rate):
            raise Problem("too-many-requests", wait)

    def _turn_away(self, kind):
        """Return the problem of somebody without a key: a guess too many is not even answered."""
        wait = BUCKETS.take((self.db, self.request.remote_addr), STRANGER_RATE)
        return Problem("too-many-requests", wait) if wait else Problem(kind)

    # === WHAT THEY ARE TOLD === #

    def _get_headers(self):
        return {"Vary": "Authorization, Origin", "X-Content-Type-Options": "nosniff", **self.cors}

    def _get_view(self):
        """Return what of a key decides on its answers: whose customers, and what is told of them.

        The key as well, so that none is ever given what another one has asked.
        """
        key = self.key
        return key.id, key.company_id, key.company_ids, key.may_tell_amounts, key.may_tell_page

    def _find(self, customer):
        """Return three lines: the kind of the problem, the tag of the answer, and its body."""
        company = self.env["res.company"].browse(self.key.company_id)
        context = {"allowed_company_ids": company.ids}
        company = company.with_context(**context)
        try:
            partner = find_customer(company, customer, self.key.company_ids)
        except Ambiguous:
            return b"ambiguous-customer\n\n"
        except Unreadable:
            return b"no-customer\n\n"
        if not partner:
            return b"unknown-customer\n\n"
        return self._put(read_standing(company, partner))

    def _put(self, standing):
        """Return the JSON of a standing as the key lets it be told, after its tag."""
        values = {
            "standing": standing.standing,
            "until": to_iso(standing.until),
            "processing": standing.processing,
            "in_parts": standing.in_parts,
        }
        if self.key.may_tell_amounts:
            values["owed"] = standing.owed
        # Neither the instant nor the link, which is another one each minute, makes it a new answer;
        # a day does, or the link that somebody keeps would expire, and so does a withdrawal.
        page = standing.page and f"{standing.as_of:%Y-%m-%d} {standing.withdrawn}"
        known = {**values, "page": page}
        digest = hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()[:32]
        if self.key.may_tell_page:
            values["page"] = standing.page
        values["as_of"] = to_iso(standing.as_of)
        return f'\nW/"{digest}"\n{json.dumps(values)}'.encode()
