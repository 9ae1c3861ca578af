# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
import hashlib
import hmac
import http.client
from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain

from ...tools import jobs
from ...tools.instants import to_seconds
from .posting import Refused, post

# When a message that did not arrive is sent again; after the last of these it is for a person.
WAITS = tuple(timedelta(minutes=each) for each in (1, 5, 30, 120, 480, 1440, 1440))
_BATCH = 1000
# How long the log is kept; of each customer the last message stays.
_KEPT = timedelta(days=90)


class RecoveryStandingMessage(models.Model):
    """One message to a product: how a customer stands from now on."""

    _name = "recovery.standing.message"
    _description = "Product Message"
    _order = "id desc"
    _rec_name = "identifier"

    identifier = fields.Char(
        string="Message", required=True, readonly=True, help="The same however often it is sent."
    )
    endpoint_id = fields.Many2one(
        comodel_name="recovery.standing.endpoint",
        string="Webhook",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(related="endpoint_id.company_id", store=True)
    partner_id = fields.Many2one(
        comodel_name="res.partner",
        string="Customer",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    standing = fields.Selection(
        selection=[
            ("good", "Good"),
            ("failing", "Failing"),
            ("grace", "Grace"),
            ("ended", "Ended"),
        ],
        required=True,
        readonly=True,
    )
    state = fields.Selection(
        selection=[
            ("waiting", "To Be Sent"),
            ("sent", "Sent"),
            ("failed", "Failed"),
            ("outdated", "Outdated"),
        ],
        default="waiting",
        required=True,
        readonly=True,
        help="Failed: it was tried for two days and more. Outdated: the customer stood differently "
        "again before it could be sent.",
    )
    body = fields.Text(required=True, readonly=True, help="What is sent, to the letter.")
    occurred_at = fields.Datetime(string="Changed", required=True, readonly=True)
    next_try_at = fields.Datetime(string="Next Try", readonly=True)
    sent_at = fields.Datetime(string="Sent On", readonly=True)
    tries = fields.Integer(readonly=True)
    answer = fields.Char(readonly=True, help="What the receiver answered, or why it got nothing.")

    _due_idx = models.Index("(next_try_at) WHERE state = 'waiting'")
    _last_idx = models.Index("(endpoint_id, partner_id, id)")

    # === ACTION METHODS === #

    def action_send_again(self):
        """Send these messages again at once, sent or not."""
        self.check_access("read")
        # In sudo mode: people don't write the log.
        self.sudo().write({"state": "waiting", "tries": 0, "next_try_at": fields.Datetime.now()})
        self.env["recovery.standing.endpoint"]._wake_telling()
        return True

    # === BUSINESS METHODS === #

    @api.model
    def _find_last(self, endpoint, partner):
        """Return the last message on a customer to an endpoint, sent or not."""
        domain = Domain("endpoint_id", "=", endpoint.id) & Domain("partner_id", "=", partner.id)
        return self.search(domain, order="id desc", limit=1)

    def _post_message(self):
        """Post this message, and write down what came of it.

        :return: whether it arrived
        """
        self.ensure_one()
        endpoint_sudo = self.endpoint_id.sudo()  # In sudo mode: for the secret.
        now = fields.Datetime.now()
        timestamp = str(to_seconds(now))
        signed = hmac.new(
            endpoint_sudo.secret.encode(), f"{timestamp}.{self.body}".encode(), hashlib.sha256
        )
        headers = {
            "Recovery-Message": self.identifier,
            "Recovery-Signature": f"t={timestamp},v1={signed.hexdigest()}",
        }
        try:
            status = post(endpoint_sudo.url, self.body.encode(), headers)
        except Refused:
            answer, is_taken = self.env._("Not sent: the address is in a private network."), False
        except (OSError, ValueError, http.client.HTTPException) as error:
            answer, is_taken = str(error) or type(error).__name__, False
        else:
            answer, is_taken = self.env._("Status %(status)s", status=status), 200 <= status < 300
        self._note_answer(is_taken, answer, now)
        return is_taken

    def _note_answer(self, is_taken, answer, now):
        tries = self.tries + 1
        values = {"tries": tries, "answer": answer}
        if is_taken:
            values |= {"state": "sent", "sent_at": now, "next_try_at": False}
        elif tries > len(WAITS):
            values |= {"state": "failed", "next_try_at": False}
        else:
            values["next_try_at"] = now + WAITS[tries - 1]
        self.write(values)

    # === CRON === #

    @api.model
    def _send_due(self):
        """Send what is due, the oldest first; what an endpoint did not take waits for its turn."""
        silent = set()
        domain = (
            Domain("state", "=", "waiting")
            & Domain("next_try_at", "<=", fields.Datetime.now())
            & Domain("endpoint_id.active", "=", True)
            & Domain("endpoint_id.state", "=", "live")
        )
        due = self.search(domain, order="id", limit=_BATCH)

        def send(message_id):
            message = self.browse(message_id)
            endpoint_id = message.endpoint_id.id
            # An endpoint that is down must not hold the others up, ten seconds for each message.
            if endpoint_id not in silent and not message._post_message():
                silent.add(endpoint_id)

        jobs.work_on_each(self.env, due.ids, send, doing="Message to a product")

    @api.autovacuum
    def _gc_messages(self):
        self.env.cr.execute(
            """
            DELETE FROM recovery_standing_message old
             WHERE old.occurred_at < %s AND old.state != 'waiting'
               AND EXISTS (SELECT FROM recovery_standing_message newer
                            WHERE newer.endpoint_id = old.endpoint_id
                              AND newer.partner_id = old.partner_id AND newer.id > old.id)
            """,
            [fields.Datetime.now() - _KEPT],
        )
