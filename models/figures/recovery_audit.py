# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""An audit: what a company's payments were like before recovery, and what policies would bring."""

import base64
import binascii
import logging
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools.safe_eval import safe_eval

from ...audit.exports import BadFile, read_export
from ...audit.packing import pack_debts, unpack_debts
from ...tools.errors import describe_error
from ...tools.instants import naive
from ...tools.jobs import work
from ..schedule.past import PastReader
from ..schedule.recovery_timing import MANAGER_GROUP, PAST_YEARS
from .audit_page import AuditPage, describe_refusal
from .auditing import Auditor

_logger = logging.getLogger(__name__)

# Whoever fills a form fills these; all else is written by the job.
_OWN_FIELDS = {"company_id", "source", "file", "file_name"}
_SHIPPED = ("standard", "annual", "vip")


class RecoveryAudit(models.Model):
    """What the payments of two years, or those of a provider's file, say."""

    _name = "recovery.audit"
    _description = "Recovery Audit"
    _order = "id DESC"

    company_id = fields.Many2one(
        comodel_name="res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    source = fields.Selection(
        selection=[("database", "This database"), ("file", "A provider's export")],
        default="database",
        required=True,
        help="This database: the payments of the last two years that recovery had no part in.\n"
        "A provider's export: Stripe's payments, or Adyen's payment accounting, received payment "
        "details or settlement details, as CSV.",
    )
    file = fields.Binary(
        string="CSV File",
        compute="_compute_file",
        inverse="_inverse_file",
        help="It is read at once and not kept. Numbers of cards, names and addresses are not read.",
    )
    file_name = fields.Char()
    state = fields.Selection(
        selection=[
            ("new", "New"),
            ("waiting", "Being Read"),
            ("done", "Done"),
            ("failed", "Failed"),
        ],
        default="new",
        required=True,
        readonly=True,
        copy=False,
    )
    made_at = fields.Datetime(
        string="Made", default=fields.Datetime.now, required=True, readonly=True, copy=False
    )
    error = fields.Char(readonly=True, copy=False, help="Why it could not be made.")
    date_from = fields.Datetime(string="From", readonly=True, copy=False)
    date_to = fields.Datetime(string="To", readonly=True, copy=False)
    result = fields.Json(
        readonly=True, copy=False, prefetch=False, help="What was found, as plain values."
    )
    # Of a file: its failed debts without names, to be learned from again.
    packed = fields.Json(
        string="Failed Payments of the File", readonly=True, copy=False, prefetch=False
    )
    is_learned = fields.Boolean(
        string="Learned",
        readonly=True,
        copy=False,
        help="The company's timing has learned from the retries in this file.",
    )
    suggested_policy_id = fields.Many2one(
        comodel_name="recovery.policy", readonly=True, copy=False, ondelete="set null"
    )
    switched_policy_id = fields.Many2one(
        comodel_name="recovery.policy",
        string="Switched On",
        readonly=True,
        copy=False,
        ondelete="set null",
        help="The policy that was made when the suggested one was switched on.",
    )
    is_in_use = fields.Boolean(
        compute="_compute_is_in_use",
        help="Failed payments of the company follow the suggested policy already.",
    )
    page = fields.Html(compute="_compute_page", sanitize=False)

    # === COMPUTE METHODS === #

    @api.depends("source", "file_name", "made_at")
    @api.depends_context("lang", "tz")
    def _compute_display_name(self):
        for audit in self:
            day = fields.Datetime.context_timestamp(audit, audit.made_at).date().isoformat()
            name = audit.file_name if audit.source == "file" else audit.company_id.name
            audit.display_name = f"{name or ''} {day}".strip()

    def _compute_file(self):
        self.file = False

    def _inverse_file(self):
        """Read the file; what is kept of it are the failed debts, without names.

        :raise UserError: for one that can't be read
        """
        for audit in self.filtered("file"):
            audit._read_file(audit.file)

    @api.depends("suggested_policy_id", "switched_policy_id")
    def _compute_is_in_use(self):
        for audit in self:
            general = audit._find_general_policy()
            audit.is_in_use = bool(general) and general in (
                audit.suggested_policy_id | audit.switched_policy_id
            )

    @api.depends("result", "state")
    @api.depends_context("lang", "tz")
    def _compute_page(self):
        for audit in self:
            audit.page = (
                self.env["ir.qweb"]._render(
                    "revenue_recovery.recovery_audit_page", AuditPage(audit).get_values()
                )
                if audit.state == "done"
                else False
            )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Take from a form what a form has, and no result."""
        return super().create([self._filter_own(vals) for vals in vals_list])

    def write(self, vals):
        """Take from a form what a form has, and no result.

        :raise UserError: for another company or source once something was read
        """
        vals = self._filter_own(vals)
        if vals.keys() & {"company_id", "source"} and any(
            audit.state != "new" or audit.date_to for audit in self
        ):
            raise UserError(self.env._("What was read stays as it is. Make another audit."))
        return super().write(vals)

    # === ACTION METHODS === #

    def action_run(self):
        """Let the job read the past.

        :raise AccessError: for whoever is no manager
        :raise UserError: for an export without a file
        """
        self._check_manager()
        for audit in self:
            if audit.source == "file" and not audit.date_to:
                raise UserError(self.env._("Choose the CSV file first."))
        self.sudo().write({"state": "waiting", "error": False})
        self.env.ref("revenue_recovery.ir_cron_recovery_audit").sudo()._trigger()
        return self.action_reload()

    def action_reload(self):
        """Show the audit as it stands now."""
        self.check_access("read")
        return {"type": "ir.actions.client", "tag": "soft_reload"}

    def action_print(self):
        """Return the page as a PDF."""
        self.check_access("read")
        return self.env.ref("revenue_recovery.action_report_recovery_audit").report_action(self)

    def action_view_cards(self):
        """Open the open invoices whose customers have a working saved method."""
        self.ensure_one()
        self.check_access("read")
        now = fields.Datetime.now()
        # In sudo mode for methods and payments; the list shows what the user may see.
        reader = PastReader(self.company_id.sudo(), now, now)
        ids = [move for move, _owed in reader.read_working_cards()]
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "account.action_move_out_invoice_type"
        )
        context = safe_eval(action["context"] or "{}", {"uid": self.env.uid})
        context = {key: value for key, value in context.items() if "search_default" not in key}
        return {
            **action,
            "name": self.env._("Open, With a Working Saved Method"),
            "domain": [("id", "in", ids)],
            "context": context,
        }

    def action_switch_on(self):
        """Let the company's failed payments follow the suggested policy from now on.

        A policy of the company's own is made of it, before all others, for all invoices: what other
        companies follow stays as it is, and so do cases that are open.

        :raise AccessError: for whoever is no manager
        :raise UserError: when none is suggested, or it is in use already
        """
        self.ensure_one()
        self._check_manager()
        policy = self.suggested_policy_id
        if not policy:
            raise UserError(self.env._("This audit suggests no policy."))
        if self.is_in_use:
            raise UserError(
                self.env._(
                    "Failed payments follow the policy “%(policy)s” already.", policy=policy.name
                )
            )
        first = self._find_first_policy(self.env["recovery.policy"])
        own = policy.copy(
            {
                "name": policy.name,
                "active": True,
                "company_id": self.company_id.id,
                "domain": "[]",
                "sequence": (first.sequence or 1) - 1,
            }
        )
        self.sudo().switched_policy_id = own
        return {
            "type": "ir.actions.act_window",
            "res_model": "recovery.policy",
            "res_id": own.id,
            "views": [(False, "form")],
        }

    # === BUSINESS METHODS === #

    def _check_manager(self):
        """Check that the user may make audits, and use what they suggest.

        :raise AccessError: when they may not
        """
        self.check_access("write")
        if not (self.env.su or self.env.user.has_group(MANAGER_GROUP)):
            raise AccessError(self.env._("Only managers of recovery may do that."))

    @api.model
    def _filter_own(self, vals):
        if self.env.su:
            return vals
        return {name: value for name, value in vals.items() if name in _OWN_FIELDS}

    def _read_file(self, content):
        """Read an uploaded file, and keep its failed debts without names.

        :raise UserError: for one that can't be read, or an audit of the database
        """
        self.ensure_one()
        if self.source != "file":
            raise UserError(self.env._("Choose “A provider's export” to have a file read."))
        try:
            export = read_export(
                base64.b64decode(content, validate=False),
                self.env["recovery.decline.code"]._get_taxonomy(),
            )
        except BadFile as error:
            raise UserError(describe_refusal(self.env, str(error))) from error
        except binascii.Error as error:
            raise UserError(describe_refusal(self.env, "binary")) from error
        known = self._find_known(export)
        debts = export.to_debts(known)
        instants = [line.at for line in export.lines]
        paid = sum(line.decline is None for line in export.lines)
        # In sudo mode: nobody writes these by hand.
        self.sudo().write(
            {
                "packed": pack_debts(debts),
                "date_from": naive(min(instants)),
                "date_to": naive(max(instants)),
                "state": "new",
                "is_learned": False,
                "result": {
                    "file": {
                        "format": export.format,
                        "currency": export.currency,
                        "rows": export.rows,
                        "payments": len(export.lines),
                        "paid": paid,
                        "others": export.others,
                        "twice": export.twice,
                        "foreign": export.foreign,
                        "known": sum(any(n in known for n in line.names) for line in export.lines),
                        "unread": export.unread_count,
                        "unread_rows": export.unread,
                        "lists_failures": export.lists_failures,
                    }
                },
            }
        )

    def _find_known(self, export):
        """Return the references in a file that transactions of the company have: counted there."""
        names = {name for line in export.lines for name in line.names}
        transactions_sudo = self.env["payment.transaction"].sudo()
        domain = Domain("company_id", "=", self.company_id.id)
        found = transactions_sudo.search_fetch(
            domain & Domain("provider_reference", "in", list(names)), ["provider_reference"]
        )
        return set(found.mapped("provider_reference"))

    def _run(self):
        """Make the audit, and let the company's timing learn from what was read."""
        self.ensure_one()
        company = self.company_id
        timing = self.env["recovery.timing"]._get_row(company)
        timing._learn()
        auditor = Auditor(company, timing, self._get_policies())
        if self.source == "file":
            debts = unpack_debts(self.packed)
            if not self.is_learned:
                timing._learn_debts(self._leave_out_learned(debts))
                self.is_learned = True
            result = {**(self.result or {}), **auditor.audit_debts(debts, self.date_to)}
        else:
            self.date_to = fields.Datetime.now()
            self.date_from = self.date_to - timedelta(days=365 * PAST_YEARS)
            result = auditor.audit_database(self.date_from, self.date_to)
        self.write(
            {
                "state": "done",
                "made_at": fields.Datetime.now(),
                "error": False,
                "result": result,
                "suggested_policy_id": result.get("suggested") or False,
            }
        )

    def _leave_out_learned(self, debts):
        """Return the debts of which no other file has told the model."""
        learned = {debt.key for other in self._get_learned(self.company_id) for debt in other}
        return [debt for debt in debts if debt.key not in learned]

    @api.model
    def _get_learned(self, company):
        """Return the debts that a company's model has learned from files, a list for each."""
        audits = self.search([("company_id", "=", company.id), ("is_learned", "=", True)])
        return [unpack_debts(audit.packed) for audit in audits.sorted("id")]

    # === CRON === #

    @api.model
    def _cron_audit(self):
        """Make the audits that wait, each committed."""
        for audit in self.search([("state", "=", "waiting")], order="id"):
            work(
                self.env,
                audit._run,
                failed=lambda error, audit=audit: audit.write(
                    {"state": "failed", "error": describe_error(error)}
                ),
                doing=f"Audit {audit.id}",
            )

    # === GETTERS === #

    def _get_policies(self):
        """Return the policies to judge: those in use, and those that are shipped."""
        policies = self.env["recovery.policy"].with_context(active_test=False)
        shipped = policies.browse(
            shipped.id
            for name in _SHIPPED
            if (shipped := self.env.ref(f"revenue_recovery.recovery_policy_{name}", False))
        )
        domain = policies._check_company_domain(self.company_id)
        in_use = policies.search(Domain(domain) & Domain("active", "=", True))
        return (shipped | in_use).filtered(
            lambda policy: policy.retry_schedule in ("smart", "fixed")
        )

    def _find_general_policy(self):
        """Return the policy that the company's failed payments follow, where it is for all."""
        first = self._find_first_policy(self.env["recovery.policy"].sudo())
        return first if first and (first.domain or "").strip() == "[]" else first.browse()

    def _find_first_policy(self, policies):
        """Return the policy that comes first where the company's failed payments look for one."""
        return policies.search(policies._check_company_domain(self.company_id), limit=1)
