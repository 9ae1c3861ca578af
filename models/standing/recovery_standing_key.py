# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
import logging
from datetime import timedelta
from typing import NamedTuple

import psycopg2

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import NO_ACCESS
from odoo.tools import SQL

from .memory import ANSWERS, KEYS
from .origins import is_origin, read_origins
from .tokens import hash_secret, make_identifier, make_secret

_logger = logging.getLogger(__name__)

# How exactly it is kept when a key was used: asking must not write a row each time.
USED_STEP = timedelta(minutes=10)
_MOST_RATE = 600_000


class KeyFacts(NamedTuple):
    """What a worker needs of a key to answer.

    :ivar company_ids: of its company and those above it, whose customers are its own
    :ivar origins: from which pages browsers may ask
    :ivar rate: requests a minute, of one worker
    :ivar last_used_at: naive UTC, when these facts were read
    """

    id: int
    company_id: int
    company_ids: tuple
    secret_hash: str
    may_read: bool
    may_browse: bool
    may_tell_amounts: bool
    may_tell_page: bool
    origins: frozenset
    rate: int
    last_used_at: object


class RecoveryStandingKey(models.Model):
    """A key with which the merchant's own product asks how a customer stands."""

    _name = "recovery.standing.key"
    _description = "Product Key"
    _order = "name, id"

    name = fields.Char(
        required=True, help="Where the key is used, so that you know what stops when you revoke it."
    )
    company_id = fields.Many2one(
        comodel_name="res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
        help="The key tells of customers of this company only.",
    )
    state = fields.Selection(
        selection=[("new", "No Secret Yet"), ("live", "In Use"), ("revoked", "Revoked")],
        default="new",
        required=True,
        readonly=True,
        copy=False,
    )
    scope_read = fields.Boolean(
        string="Ask for Any Customer",
        default=True,
        help="The product's server may ask for every customer of the company with the secret.",
    )
    scope_browser = fields.Boolean(
        string="Sign for Browsers",
        default=True,
        help="The product may sign tokens with which a customer's browser asks for that customer "
        "only, for a day at most.",
    )
    scope_amounts = fields.Boolean(
        string="Tell What Is Owed",
        default=True,
        help="The answer says how much is owed in each currency.",
    )
    scope_page = fields.Boolean(
        string="Give the Link to Pay",
        default=True,
        help="The answer has the link to the customer's page. Whoever has the link can pay, and "
        "sees what is owed.",
    )
    origins = fields.Text(
        string="Web Addresses",
        help="The addresses of your product whose pages may ask from the browser, one a line, such "
        "as https://app.example.com. None: no browser may.",
    )
    rate = fields.Integer(
        string="Requests a Minute",
        default=6000,
        required=True,
        help="How many requests each worker of the server answers a minute with this key. More are "
        "refused, with the time to wait.",
    )
    identifier = fields.Char(
        readonly=True, copy=False, help="The public part of the secret, which tells the key."
    )
    secret_hash = fields.Char(readonly=True, copy=False, groups=NO_ACCESS)
    last_used_at = fields.Datetime(
        string="Last Used", readonly=True, copy=False, help="To some ten minutes."
    )
    revoked_at = fields.Datetime(string="Revoked On", readonly=True, copy=False)

    _identifier_uniq = models.UniqueIndex("(identifier)", "Two keys can't have one identifier.")

    # === CONSTRAINTS === #

    @api.constrains("origins")
    def _check_origins(self):
        for key in self:
            wrong = [origin for origin in read_origins(key.origins) if not is_origin(origin)]
            if wrong:
                raise ValidationError(
                    self.env._(
                        "“%(origin)s” can't be used. Enter an address such as "
                        "https://app.example.com, without a path and without *; http is for "
                        "localhost only.",
                        origin=wrong[0],
                    )
                )

    @api.constrains("rate")
    def _check_rate(self):
        if any(not 1 <= key.rate <= _MOST_RATE for key in self):
            raise ValidationError(
                self.env._(
                    "The requests a minute must lie between 1 and %(most)s.", most=_MOST_RATE
                )
            )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Keep secrets from being chosen by people."""
        for vals in vals_list:
            self._check_own_fields(vals)
        return super().create(vals_list)

    def write(self, vals):
        """Keep what buttons set from everybody else, and a secret with its company."""
        self._check_own_fields(vals)
        if "company_id" in vals:
            moved = self.filtered(lambda key: key.company_id.id != vals["company_id"])
            if any(key.state != "new" for key in moved):
                raise UserError(
                    self.env._(
                        "A key stays with its company, whose customers its product knows. Make "
                        "another key."
                    )
                )
        result = super().write(vals)
        self._forget()
        return result

    # === ACTION METHODS === #

    def action_make_secret(self):
        """Make a new secret, which is shown once; one made before is void."""
        self.ensure_one()
        self.check_access("write")
        identifier = make_identifier()
        secret = make_secret(identifier)
        # In sudo mode: not even who makes a secret may write it by hand.
        self.sudo().write(
            {
                "identifier": identifier,
                "secret_hash": hash_secret(secret),
                "state": "live",
                "last_used_at": False,
                "revoked_at": False,
            }
        )
        return {
            "type": "ir.actions.act_window",
            "res_model": "recovery.standing.key.show",
            "name": self.env._("The Secret of %(key)s", key=self.name),
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_secret": secret},
        }

    def action_revoke(self):
        """Let these keys open nothing any more, for good."""
        self.check_access("write")
        # In sudo mode: see above.
        live_sudo = self.sudo().filtered(lambda key: key.state == "live")
        live_sudo.write(
            {"state": "revoked", "secret_hash": False, "revoked_at": fields.Datetime.now()}
        )
        return True

    # === HELPERS === #

    def _check_own_fields(self, vals):
        own = sorted(name for name in vals if name in self._fields and self._fields[name].readonly)
        if own and not self.env.su:
            raise AccessError(
                self.env._(
                    "%(fields)s can't be edited: use the buttons of the key.",
                    fields=", ".join(self._fields[name].string for name in own),
                )
            )

    @api.model
    def _forget(self):
        """Let this worker forget what it knows; others do so within two seconds."""
        self.env.cr.postcommit.add(KEYS.forget)
        KEYS.forget()
        ANSWERS.forget()

    # === GETTERS === #

    @api.model
    def _read_facts(self, identifier):
        """Return the :class:`KeyFacts` of the key with this identifier, none unless it is in use.

        For the interface, in sudo mode: the secret is checked afterwards.
        """
        key = self.search([("identifier", "=", identifier), ("state", "=", "live")], limit=1)
        if not key or not key.secret_hash:
            return None
        return KeyFacts(
            id=key.id,
            company_id=key.company_id.id,
            company_ids=tuple(key.company_id.parent_ids.ids),
            secret_hash=key.secret_hash,
            may_read=key.scope_read,
            may_browse=key.scope_browser,
            may_tell_amounts=key.scope_amounts,
            may_tell_page=key.scope_page,
            origins=frozenset(read_origins(key.origins)),
            rate=key.rate,
            last_used_at=key.last_used_at,
        )

    @api.model
    def _read_origins(self):
        """Return every origin from which some key lets browsers ask, in sudo mode."""
        keys = self.search([("state", "=", "live"), ("scope_browser", "=", True)])
        return frozenset(origin for key in keys for origin in read_origins(key.origins))

    @api.model
    def _note_used(self, facts):
        """Write down now and then that a key is in use, in a database transaction of its own.

        :param facts: the :class:`KeyFacts` of the key
        """
        now = fields.Datetime.now()
        if facts.last_used_at and now - facts.last_used_at < USED_STEP:
            return
        try:
            with self.env.registry.cursor() as cr:
                # Whoever is writing the same row writes the same.
                cr.execute(
                    SQL(
                        """
                        UPDATE recovery_standing_key SET last_used_at = %(now)s
                         WHERE id IN (SELECT id FROM recovery_standing_key WHERE id = %(id)s
                                         FOR NO KEY UPDATE SKIP LOCKED)
                        """,
                        now=now,
                        id=facts.id,
                    ),
                    log_exceptions=False,
                )
        except psycopg2.Error:
            _logger.info("The use of key %s could not be noted", facts.id, exc_info=True)
        KEYS.forget()  # Else each request of the next two seconds would write it anew.
