# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo import api, fields, models, tools
from odoo.exceptions import AccessError, ValidationError
from odoo.fields import NO_ACCESS, Domain

from ...tools import jobs
from .changes import tell_of
from .posting import find_fault
from .tokens import make_signing_secret

_BATCH = 500


class RecoveryStandingEndpoint(models.Model):
    """An address of the merchant's own product that is told when a customer stands differently."""

    _name = "recovery.standing.endpoint"
    _description = "Product Webhook"
    _order = "name, id"

    name = fields.Char(required=True, help="Which product listens there.")
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        comodel_name="res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
        help="The product is told of customers of this company only.",
    )
    url = fields.Char(
        string="URL",
        required=True,
        help="Where messages are posted to: https, and not within a private network.",
    )
    secret = fields.Char(readonly=True, copy=False, groups=NO_ACCESS)
    state = fields.Selection(
        selection=[("new", "No Secret Yet"), ("live", "In Use")],
        default="new",
        required=True,
        readonly=True,
        copy=False,
        help="Nothing is sent before there is a secret to sign with.",
    )
    message_count = fields.Integer(compute="_compute_message_count")

    # === COMPUTE METHODS AND CONSTRAINTS === #

    def _compute_message_count(self):
        counts = dict(
            self.env["recovery.standing.message"]._read_group(
                [("endpoint_id", "in", self.ids)], ["endpoint_id"], ["__count"]
            )
        )
        for endpoint in self:
            endpoint.message_count = counts.get(endpoint, 0)

    @api.constrains("url")
    def _check_url(self):
        sentences = {
            "https": self.env._("The address of a webhook must begin with https://."),
            "user": self.env._("The address of a webhook must not contain a user or a password."),
            "host": self.env._("The address of a webhook can't be read."),
            "private": self.env._(
                "The address of a webhook must not be within a private network, or on this machine."
            ),
        }
        for endpoint in self:
            if fault := find_fault(endpoint.url):
                raise ValidationError(sentences[fault])

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Keep secrets from being chosen by people."""
        for vals in vals_list:
            self._check_own_fields(vals)
        self.env.registry.clear_cache()
        return super().create(vals_list)

    def write(self, vals):
        """Keep what buttons set from everybody else."""
        self._check_own_fields(vals)
        self.env.registry.clear_cache()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_forget(self):
        self.env.registry.clear_cache()

    # === ACTION METHODS === #

    def action_make_secret(self):
        """Make a new secret to sign with, which is shown once; one made before is void."""
        self.ensure_one()
        self.check_access("write")
        secret = make_signing_secret()
        # In sudo mode: not even who makes a secret may write it by hand.
        self.sudo().write({"secret": secret, "state": "live"})
        return {
            "type": "ir.actions.act_window",
            "res_model": "recovery.standing.key.show",
            "name": self.env._("The Secret of %(endpoint)s", endpoint=self.name),
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_secret": secret},
        }

    def action_view_messages(self):
        """Open what was sent there, or is to be."""
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "revenue_recovery.action_recovery_standing_message"
        )
        return {**action, "domain": [("endpoint_id", "in", self.ids)]}

    # === BUSINESS METHODS === #

    def _check_own_fields(self, vals):
        own = sorted(name for name in vals if name in self._fields and self._fields[name].readonly)
        if own and not self.env.su:
            raise AccessError(
                self.env._(
                    "%(fields)s can't be edited: use the buttons of the webhook.",
                    fields=", ".join(self._fields[name].string for name in own),
                )
            )

    @api.model
    @tools.ormcache("company_id")
    def _has_any(self, company_id):
        """Return whether a product is told of the customers of a company; asked at each change."""
        domain = Domain("company_id", "=", company_id) & Domain("state", "=", "live")
        return bool(self.sudo().search_count(domain, limit=1))

    @api.model
    def _wake_telling(self):
        self.env.ref("revenue_recovery.ir_cron_recovery_standing").sudo()._trigger()

    # === CRON === #

    @api.model
    def _cron_tell(self):
        """Write down how customers stand where that has changed, then send what is due."""
        cases = self.env["recovery.case"].with_context(active_test=False)
        found = cases.search([("standing_outdated", "=", True)], limit=_BATCH, order="id")
        groups = found.grouped(lambda case: (case.company_id, case.partner_id))
        jobs.work_on_each(
            self.env,
            list(groups),
            lambda key: self._tell_products(*key, groups[key]),
            failed=lambda key, _error: self._give_up(groups[key]),
            doing="The standing of",
        )
        if len(found) == _BATCH:
            self._wake_telling()
        self.env["recovery.standing.message"]._send_due()

    @api.model
    def _tell_products(self, company, partner, cases):
        cases.standing_outdated = False
        endpoints = self.search([("company_id", "=", company.id), ("state", "=", "live")])
        tell_of(endpoints, company, partner)

    @api.model
    def _give_up(self, cases):
        """Leave cases alone on which it failed, until their next change."""
        cases.standing_outdated = False
