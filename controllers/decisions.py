# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
import csv
import io
import json

from odoo import api, fields, http
from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.http import Response, request

from ..tools.guards import check_may_export

BATCH = 500
# Each column with how it is read from an attempt; docs/decisions.md says what they mean.
COLUMNS = {
    "attempt": lambda attempt, _record: attempt.id,
    "case": lambda attempt, _record: attempt.case_id.id,
    "invoice": lambda attempt, _record: attempt.move_id.name,
    "company": lambda attempt, _record: attempt.company_id.name,
    "policy": lambda attempt, _record: attempt.case_id.policy_id.name,
    "arm": lambda _attempt, record: record.get("arm"),
    "model": lambda _attempt, record: record.get("model"),
    "decided_at": lambda attempt, _record: _to_iso(attempt.decided_at),
    "chosen_at": lambda _attempt, record: record.get("at"),
    "planned_at": lambda attempt, _record: _to_iso(attempt.planned_at),
    "charged_at": lambda attempt, _record: _to_iso(attempt.started_at),
    "finished_at": lambda attempt, _record: _to_iso(attempt.finished_at),
    "source": lambda attempt, _record: attempt.source,
    "binding": lambda _attempt, record: record.get("binding"),
    "probability": lambda attempt, _record: attempt.probability or None,
    "probability_low": lambda attempt, _record: attempt.probability_low or None,
    "probability_high": lambda attempt, _record: attempt.probability_high or None,
    "propensity": lambda attempt, _record: attempt.propensity or None,
    "state": lambda attempt, _record: attempt.state,
    "amount": lambda attempt, _record: attempt.amount or None,
    "currency": lambda attempt, _record: attempt.currency_id.name,
    "decline_reason": lambda attempt, _record: attempt.decline_reason_id.code,
    "decline_class": lambda attempt, _record: attempt.decline_class,
    "decline_code": lambda attempt, _record: attempt.network_code or attempt.decline_code,
    "value": lambda _attempt, record: record.get("value"),
    "features": lambda _attempt, record: _to_json(record.get("features")),
    "candidates": lambda _attempt, record: _to_json(record.get("candidates")),
    "plan": lambda _attempt, record: _to_json(record.get("plan")),
    "facts": lambda _attempt, record: _to_json(record.get("case")),
}


class RecoveryDecisions(http.Controller):
    @http.route("/recovery/decisions.csv", type="http", auth="user", methods=["GET"], readonly=True)
    def download_decisions(self, ids=None, **_options):
        """Download decisions with their outcomes as CSV. Whoever may export may.

        :param ids: of the attempts, separated by commas; all that the user may see when empty
        """
        env = request.env
        try:
            check_may_export(env)
            env["recovery.attempt"].check_access("read")
        except AccessError as error:
            headers = [("Content-Type", "text/plain; charset=utf-8")]
            return request.make_response(str(error), headers, status=403)
        domain = Domain("decision", "!=", False)
        if ids:
            try:
                domain &= Domain("id", "in", [int(number) for number in ids.split(",")])
            except ValueError:
                return request.not_found()
        companies = env["res.company"].browse(_read_companies(env))
        context = {**env.context, "allowed_company_ids": companies.ids}
        # As a stream, with a cursor of its own: the request's is closed before it is read.
        stream = _stream(env.registry, env.uid, context, domain)
        day = fields.Date.to_string(fields.Date.context_today(env["recovery.attempt"]))
        headers = [
            ("Content-Type", "text/csv; charset=utf-8"),
            ("Content-Disposition", http.content_disposition(f"recovery_decisions_{day}.csv")),
            ("X-Content-Type-Options", "nosniff"),
        ]
        return Response(stream, headers=headers, direct_passthrough=True)


def _read_companies(env):
    """Return the ids of the companies that the user has switched on, or all theirs."""
    own = env.user.company_ids.ids
    try:
        chosen = [int(number) for number in request.cookies.get("cids", "").split("-") if number]
    except ValueError:
        chosen = []
    return [number for number in chosen if number in own] or own


def _stream(registry, uid, context, domain):
    """Yield the lines of the file; the records are read in batches, by the user's own rights."""
    with registry.cursor(readonly=True) as cr:
        yield _write([COLUMNS])
        attempts = api.Environment(cr, uid, context)["recovery.attempt"]
        last = 0
        while batch := attempts.search(domain & Domain("id", ">", last), order="id", limit=BATCH):
            last = batch[-1].id
            batch.fetch(["decision", "state", "planned_at", "case_id", "move_id"])
            yield _write(_describe(attempt) for attempt in batch)
            attempts.env.invalidate_all()


def _describe(attempt):
    record = attempt.decision or {}
    try:
        return [read(attempt, record) for read in COLUMNS.values()]
    except AccessError:
        return [attempt.id]  # An invoice that the user may not see, though they see its charge.


def _write(rows):
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    for row in rows:
        writer.writerow(_defuse(value) for value in row)
    return buffer.getvalue().encode()


def _defuse(value):
    """Return a value that no spreadsheet takes for a formula."""
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return f"'{value}"
    return "" if value is None or value is False else value


def _to_iso(instant):
    return instant.replace(microsecond=0).isoformat() if instant else None


def _to_json(value):
    return json.dumps(value, separators=(",", ":")) if value else None
