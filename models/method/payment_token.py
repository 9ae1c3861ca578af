# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""A saved payment method: what is known of it, and whether it may be charged."""

import logging
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from ...declines import read_method
from ...timing.ceiling import CeilingBlock, Charge, check
from ...tools import jobs
from ...tools.instants import aware, naive
from ...tools.said import say
from ..rules.block import Block
from .backup import BackupConsent
from .defaults import DefaultMethods
from .history import CardHistory, find_blocking_charge, find_dead_charge, to_minor_units
from .news import MethodNews
from .usage import MethodUsage

_logger = logging.getLogger(__name__)

RECOVERY_GROUP = "revenue_recovery.group_recovery_user"
# Who may mend what keeps methods and providers from being charged.
MANAGERS = "base.group_system,revenue_recovery.group_recovery_manager"
# How often a provider is asked for the facts of a saved method that it didn't tell.
REFRESH_WAIT = timedelta(days=30)
# A card that expires within so many days, or has expired, is asked for more often.
EXPIRY_NOTICE = timedelta(days=40)
EXPIRY_REFRESH_WAIT = timedelta(days=7)
FUNDINGS = [("credit", "Credit"), ("debit", "Debit"), ("prepaid", "Prepaid")]
# An event is dated in whole seconds: what it tells was true at the end of its second.
EVENT_PRECISION = timedelta(seconds=1)
# Days before the last one in which a method is shown as ending soon, or next.
SOON, NEXT = timedelta(days=30), timedelta(days=60)


class PaymentToken(models.Model):
    _inherit = "payment.token"

    recovery_network = fields.Char(
        string="Network",
        readonly=True,
        groups=RECOVERY_GROUP,
        help="The card network, or the scheme of a bank debit, as the provider tells it.",
    )
    recovery_funding = fields.Selection(
        selection=FUNDINGS,
        string="Funding",
        readonly=True,
        groups=RECOVERY_GROUP,
    )
    recovery_country = fields.Char(
        string="Issuer Country",
        size=2,
        readonly=True,
        groups=RECOVERY_GROUP,
        help="Where the card or account was issued, as a two-letter code.",
    )
    recovery_issuer = fields.Char(
        string="First Digits",
        size=6,
        readonly=True,
        groups=RECOVERY_GROUP,
        help="The first six digits of the card, which name the bank that issued it. The timing of "
        "charges learns from them what a bank allows.",
    )
    recovery_expiry = fields.Date(
        string="Valid Until",
        readonly=True,
        groups=RECOVERY_GROUP,
        help="The last day on which the card works.",
    )
    recovery_fingerprint = fields.Char(
        string="Card Fingerprint",
        readonly=True,
        index="btree_not_null",
        groups=RECOVERY_GROUP,
        help="The provider's mark that is the same whenever the same card is saved. What the "
        "networks allow is counted over all payment methods that share it.",
    )
    recovery_updated_at = fields.Datetime(
        string="Added or Updated",
        default=fields.Datetime.now,
        readonly=True,
        copy=False,
        groups=RECOVERY_GROUP,
        help="Declines before this time say nothing of the method as it is now.",
    )
    recovery_asked_at = fields.Datetime(
        string="Provider Asked",
        readonly=True,
        copy=False,
        groups=RECOVERY_GROUP,
        help="When the provider was last asked for network, country and validity.",
    )
    recovery_told_at = fields.Datetime(
        string="Known As Of",
        readonly=True,
        copy=False,
        groups=RECOVERY_GROUP,
        help="When what is known of the method was true at its provider. What is told later about "
        "an earlier time changes nothing.",
    )
    recovery_removed_at = fields.Datetime(
        string="Removed at the Provider",
        readonly=True,
        copy=False,
        groups=RECOVERY_GROUP,
        help="When the method was removed at its provider, who can charge it no more.",
    )
    recovery_is_dead = fields.Boolean(
        string="Called Dead",
        compute="_compute_recovery_is_dead",
        compute_sudo=True,
        groups=RECOVERY_GROUP,
        help="A decline said that the method will never pay again, so it is not charged any more.",
    )
    recovery_alive_at = fields.Datetime(
        string="Called Alive Again",
        readonly=True,
        copy=False,
        groups=RECOVERY_GROUP,
        help="When somebody let a method that was called dead be charged again. Its history counts "
        "from then.",
    )
    recovery_alive_by_id = fields.Many2one(
        comodel_name="res.users",
        string="Called Alive By",
        readonly=True,
        copy=False,
        ondelete="set null",
        groups=RECOVERY_GROUP,
    )
    recovery_expiry_state = fields.Selection(
        selection=[
            ("expired", "Expired"),
            ("soon", "Ends in 30 Days"),
            ("next", "Ends in 60 Days"),
        ],
        string="Validity",
        compute="_compute_recovery_expiry_state",
        groups=RECOVERY_GROUP,
        help="An expired card may still be charged: many banks take charges of a card that they "
        "have renewed. Whether this one does, the next charge tells.",
    )
    recovery_in_use = fields.Boolean(
        string="In Use for Collection",
        compute="_compute_recovery_in_use",
        search="_search_recovery_in_use",
        groups=RECOVERY_GROUP,
        help="Invoices are charged to it automatically: those of a customer, or an open one.",
    )
    recovery_backup_at = fields.Datetime(
        string="Agreed as a Backup",
        readonly=True,
        copy=False,
        groups=RECOVERY_GROUP,
        help="When the customer agreed that this method is charged when another one of theirs "
        "fails. Empty: they did not, and it is charged only where it was chosen.",
    )
    recovery_backup_by_id = fields.Many2one(
        comodel_name="res.users",
        string="Agreement Noted By",
        readonly=True,
        copy=False,
        ondelete="set null",
        groups=RECOVERY_GROUP,
        help="Who wrote the agreement down for the customer; empty when they gave it themselves.",
    )
    recovery_backup_order = fields.Integer(
        string="Backup Order",
        readonly=True,
        copy=False,
        aggregator=None,
        groups=RECOVERY_GROUP,
        help="Of several backups, the one with the lowest number is charged first.",
    )
    recovery_backup_told_at = fields.Datetime(
        string="Use Announced",
        readonly=True,
        copy=False,
        groups=RECOVERY_GROUP,
        help="When the customer was told by e-mail of the first charge of this backup. It goes "
        "out a day later at the earliest.",
    )
    recovery_provider_name = fields.Char(
        string="Provider Name", related="provider_id.name", groups=RECOVERY_GROUP
    )

    # === COMPUTE METHODS === #

    @api.depends("recovery_expiry")
    @api.depends_context("tz")
    def _compute_recovery_expiry_state(self):
        today = fields.Date.context_today(self)
        for token in self:
            expiry = token.recovery_expiry
            token.recovery_expiry_state = expiry and (
                (expiry < today and "expired")
                or (expiry <= today + SOON and "soon")
                or (expiry <= today + NEXT and "next")
            )

    @api.depends("recovery_updated_at")
    def _compute_recovery_is_dead(self):
        for token in self:
            token.recovery_is_dead = bool(token._origin and token._origin._recovery_find_death())

    @api.depends("provider_id")
    @api.depends_context("allowed_company_ids")
    def _compute_recovery_in_use(self):
        # In sudo mode: what the users' other rules hide of customers doesn't change the answer.
        in_use_sudo = MethodUsage(self.env, self.env.companies).filter(self.sudo())
        for token in self:
            token.recovery_in_use = token._origin.id in in_use_sudo.ids

    def _search_recovery_in_use(self, operator, value):
        if operator != "in":
            return NotImplemented
        condition = MethodUsage(self.env, self.env.companies).get_query()
        is_wanted = Domain.custom(
            to_sql=lambda model, alias, query: SQL(
                "%s IN (%s)", SQL.identifier(alias, "id"), condition
            )
        )
        return is_wanted if True in value else ~is_wanted

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Override of `payment` to let open cases of the customer try the new method."""
        tokens = super().create(vals_list)
        tokens._recovery_note_change()
        return tokens

    def write(self, vals):
        """Override of `payment` to let open cases follow a method that comes or goes."""
        if vals.get("active"):  # Who takes it out of the archive says that it can be charged.
            vals = {**vals, "recovery_removed_at": False}
        result = super().write(vals)
        if "active" in vals:
            self._recovery_note_change()
        if {"partner_id", "provider_id"} & vals.keys():
            DefaultMethods(self.env).drop_of(self.env["res.partner"], self)
        return result

    # === ACTION METHODS === #

    def action_recovery_call_alive(self):
        """Take a manager's word that a method that was called dead can be charged again.

        Networks' rules stay: what they forbid for good nobody can allow.

        :raise AccessError: for anybody else
        :raise UserError: when it isn't dead, was removed at its provider, or a rule forbids it
        """
        self.ensure_one()
        self.check_access("read")
        if not self.env.su and not self.env.user.has_groups(MANAGERS):
            raise AccessError(
                self.env._("Only a manager of the recovery can call a payment method alive again.")
            )
        # In sudo mode: what is known of methods is written by the engine only.
        self.sudo()._recovery_call_alive()
        return True

    def action_recovery_agree_backup(self):
        """Write down that the customer agreed to have these methods charged when another fails.

        :raise AccessError: when the user does not manage the recovery
        """
        self._recovery_check_manager()
        # In sudo mode: what is known of methods is written by the engine only.
        BackupConsent(self.sudo()).agree(self.env.user)
        return True

    def action_recovery_withdraw_backup(self):
        """Write down that the customer does not want these methods charged as backups any more.

        :raise AccessError: when the user does not manage the recovery
        """
        self._recovery_check_manager()
        BackupConsent(self.sudo()).withdraw()  # In sudo mode, as above.
        return True

    def _recovery_check_manager(self):
        self.check_access("read")
        if not self.env.su and not self.env.user.has_groups(MANAGERS):
            raise AccessError(
                self.env._("Only a manager of the recovery can note what a customer agreed to.")
            )

    def _recovery_call_alive(self):
        label = self._recovery_get_label()
        if removal := self._recovery_get_removal():
            raise UserError(removal.sentence)
        death = self._recovery_find_death()
        if not death:
            raise UserError(self.env._("%(method)s was not called dead.", method=label))
        past = death.attempt
        charge = Charge(
            amount=past.amount,
            currency=past.currency,
            network=self.recovery_network or past.network,
            country=self.recovery_country or "",
            company=self.company_id.id,
            debt=past.debt,
        )
        now = fields.Datetime.now()
        ceiling = self._recovery_check_ceiling(charge, now, self._recovery_get_history())
        if ceiling and not ceiling.allowed_from:
            rule = self._recovery_get_rule(ceiling)
            raise UserError(
                self.env._(
                    "%(method)s can't be called alive again. %(sentence)s Rule: %(rule)s "
                    "(%(document)s).",
                    method=label,
                    sentence=self._recovery_render_ceiling(ceiling),
                    rule=rule.name,
                    document=rule.source or "",
                )
            )
        self.write({"recovery_alive_at": now, "recovery_alive_by_id": self.env.uid})
        self._recovery_mark_updated(now)
        self._recovery_note_change(
            self.env._(
                "%(user)s called %(method)s alive again: it is charged as any other.",
                user=self.env.user.name,
                method=label,
            )
        )

    # === HOOKS === #

    def _recovery_note_change(self, note=""):
        """Hook for `case`, which looks at its choice anew: these methods came, went or changed.

        It does nothing by itself.

        :param str note: a sentence for people, where there is something to say
        """

    def _recovery_flush_charges(self):
        """Hook for `case`: write what is pending of the attempts, which the history reads in SQL.

        It does nothing by itself.
        """

    @api.model
    def _get_refreshable_providers(self):
        """Return the codes of the providers that :meth:`_recovery_refresh` can ask.

        Hook for addons of providers that can be asked.
        """
        return ["stripe"]

    def _recovery_refresh(self):
        """Ask the provider for the facts of this method and keep them.

        Hook for addons of providers that can be asked.

        :raise ValidationError: when the provider does not answer
        """
        self.ensure_one()
        if self.provider_code != "stripe":
            return
        asked_at = fields.Datetime.now()
        # In sudo mode: providers are readable by administrators only.
        method = self.provider_id.sudo()._send_api_request(
            "GET", f"payment_methods/{self.stripe_payment_method}"
        )
        self._recovery_note_facts(read_method("stripe", {"payment_method": method}), asked_at)
        if method.get("customer", True) is None:  # Detached, which is for good.
            self._recovery_note_removed(asked_at)

    # === BUSINESS METHODS === #

    def get_linked_records_info(self):
        """Override of `payment` to show a customer which invoices a payment method pays."""
        # Anybody who is logged in can call this, with any id.
        self.check_access("read")
        linked = super().get_linked_records_info()
        # In sudo mode: the customer may see the names of their own invoices.
        invoices_sudo = (
            self.sudo()
            .env["account.move"]
            .search(
                [
                    ("collect_token_id", "=", self.id),
                    ("collect_automatically", "=", True),
                    ("state", "=", "posted"),
                    ("payment_state", "in", ("not_paid", "partial")),
                ]
            )
        )
        return linked + [
            {
                "description": self.env._("Invoice"),
                "id": invoice.id,
                "name": invoice.name,
                "url": invoice.get_portal_url(),
            }
            for invoice in invoices_sudo
        ]

    def _recovery_note_event(self, event):
        """Take over what the provider says has happened to these methods.

        :param declines.MethodEvent event: whose signature was verified
        """
        at = naive(event.at)
        for token in self:
            if event.kind == "removed":
                token._recovery_note_removed(at)
            elif token.active:
                token._recovery_note_facts(event.facts, at, event.kind)

    def _recovery_note_removed(self, at):
        """Archive a method that its provider can't charge any more.

        Whatever the order in which events arrive: a method that was removed does not come back.

        :param at: naive UTC
        """
        self.ensure_one()
        if not self.active:
            return
        self.write({"active": False, "recovery_removed_at": at})
        self._recovery_note_change(
            self.env._(
                "%(method)s was removed at its provider and is not charged any more.",
                method=self._recovery_get_label(),
            )
        )

    def _recovery_note_facts(self, facts, told_at=None, event_kind=""):
        """Keep what a provider tells of this method; what it doesn't tell stays as it was.

        :param declines.MethodFacts facts:
        :param told_at: naive UTC: when they were true, now by default
        :param event_kind: of a :class:`declines.MethodEvent` that brought them
        """
        self.ensure_one()
        known_at = self.recovery_told_at
        told_at = (told_at or fields.Datetime.now()).replace(microsecond=0)
        news = MethodNews(self, facts, event_kind)
        if news.is_outdated(told_at):
            return
        is_later = not known_at or told_at > known_at
        is_update = news.is_update(is_later)
        if is_update and event_kind == "renewed" and not facts.exp_year:
            news.values["recovery_expiry"] = False  # What was known is out of date.
        # The answers of charges that bring no news write nothing: cards are charged in parallel.
        if not news.values and not (event_kind and is_later):
            return
        note = news.describe() if is_update else ""
        self.write({**news.values, "recovery_told_at": told_at})
        if is_update:
            self._recovery_mark_updated(told_at + (EVENT_PRECISION if event_kind else timedelta()))
            self._recovery_note_change(note)

    def _recovery_mark_updated(self, at=None):
        """Forget what earlier declines said of these methods; blocked cases charge at once.

        :param at: naive UTC: declines before it are forgotten; now by default
        """
        at = at or fields.Datetime.now()
        for token in self:
            token.recovery_updated_at = max(token.recovery_updated_at or at, at)
        # Also when a charge's own answer tells it: other invoices have waited for the news.
        self.with_context(recovery_own_work=False)._recovery_note_change()

    # === CRON === #

    @api.model
    def _cron_refresh(self):
        """Ask the providers for the facts of saved methods that are missing or about to change."""
        tokens = self._search_to_refresh()
        jobs.commit(self.env, remaining=len(tokens))
        for token in tokens:
            token.recovery_asked_at = fields.Datetime.now()
            try:
                with self.env.cr.savepoint():
                    token._recovery_refresh()
            except (ValidationError, ValueError) as error:
                _logger.info("The provider tells nothing of the token %s: %s", token.id, error)
            if not jobs.commit(self.env, 1):
                return

    @api.model
    def _search_to_refresh(self, limit=500):
        now = fields.Datetime.now()
        is_unknown = Domain("recovery_network", "=", False) & self._was_asked_before(
            now - REFRESH_WAIT
        )
        # Its network may have renewed it without our having heard of it.
        is_expiring = Domain(
            "recovery_expiry", "<=", now.date() + EXPIRY_NOTICE
        ) & self._was_asked_before(now - EXPIRY_REFRESH_WAIT)
        can_be_asked = Domain(
            [
                ("provider_id.code", "in", self._get_refreshable_providers()),
                ("provider_id.state", "in", ("enabled", "test")),
            ]
        )
        return self.search(can_be_asked & (is_unknown | is_expiring), limit=limit)

    @api.model
    def _was_asked_before(self, instant):
        return Domain("recovery_asked_at", "=", False) | Domain("recovery_asked_at", "<", instant)

    # === GETTERS - OWNER === #

    def _recovery_is_of(self, customer):
        """Return whether a customer, or a contact of theirs, saved this method.

        Somebody who has become a contact of a company since then still owes their own invoices.
        """
        self.ensure_one()
        owner = self.sudo().partner_id  # The user may not see its contact.
        return customer in (owner, owner.commercial_partner_id)

    def _recovery_is_for(self, company):
        """Return whether a company may charge this method: its own, or a parent company's."""
        self.ensure_one()
        return self.sudo().company_id in company.sudo().parent_ids

    def _recovery_fits(self, customer, company):
        """Return whether a company may charge this method for what a customer owes it."""
        return bool(self) and self._recovery_is_of(customer) and self._recovery_is_for(company)

    # === GETTERS - CHARGES === #

    def _recovery_get_history(self, supposed=None):
        """Return the charges of this card or account that were sent, oldest first.

        :param supposed: see :meth:`history.CardHistory.read_charges`
        :rtype: list[history.CardCharge]
        """
        self.ensure_one()
        return CardHistory(self).read_charges(supposed)

    def _recovery_prepare_question(self, move, amount):
        """Return the charge of an invoice, in its currency, that the rules are asked about."""
        self.ensure_one()
        currency = move.currency_id
        return Charge(
            amount=to_minor_units(amount, currency),
            currency=currency.name,
            network=self.recovery_network or "",
            country=self.recovery_country or "",
            company=self.company_id.id,
            debt=move.id,
        )

    def _recovery_get_block(self, charge, instant, history):
        """Return what keeps this method from being charged until it changes, or none.

        :param timing.ceiling.Charge charge:
        :param instant: naive UTC
        :param history: of :meth:`_recovery_get_history`
        :rtype: Block | None
        """
        self.ensure_one()
        if removal := self._recovery_get_removal():
            return removal
        if blocking := find_blocking_charge(history, charge, self.recovery_updated_at):
            return self._recovery_prepare_block(blocking)
        ceiling = self._recovery_check_ceiling(charge, instant, history)
        if not ceiling or ceiling.allowed_from:
            return None
        latest = history[-1].attempt if history else None
        reasons = self.env["recovery.decline.reason"]
        return Block(
            "ceiling",
            self._recovery_render_ceiling(ceiling),
            rule=self._recovery_get_rule(ceiling),
            decline_class="never",
            reason=reasons._find(latest.reason if latest else "unknown"),
            at=naive(latest.at) if latest else instant,
        )

    def _recovery_find_death(self):
        """Return the charge by whose decline this method counts as dead, or none.

        :rtype: history.CardCharge | None
        """
        self.ensure_one()
        return find_dead_charge(self._recovery_get_history(), self.recovery_updated_at)

    def _recovery_get_removal(self):
        """Return what keeps a method that was removed at its provider from being charged, or none.

        :rtype: Block | None
        """
        self.ensure_one()
        if self.active or not self.recovery_removed_at:
            return None
        sentence = say(
            self.env,
            "method_removed",
            method=self._recovery_get_label(),
        )
        reason = self.env["recovery.decline.reason"]._find("method_unusable")
        return Block(
            "removed",
            sentence,
            decline_class="never",
            reason=reason,
            at=self.recovery_removed_at,
        )

    def _recovery_prepare_block(self, blocking):
        reason = self.env["recovery.decline.reason"]._find(blocking.attempt.reason)
        known = {"method": self._recovery_get_label(), "reason": reason}
        sentences = {
            "fix_data": say(self.env, "wait_for_update", **known),
            "customer_action": say(self.env, "wait_for_confirmation", **known),
            "never": say(self.env, "method_dead", **known),
        }
        at = naive(blocking.attempt.at)
        return Block(
            "card",
            sentences[blocking.decline_class],
            decline_class=blocking.decline_class,
            reason=reason,
            at=at,
        )

    def _recovery_check_ceiling(self, charge, instant, history) -> CeilingBlock | None:
        """Return why the networks' rules allow a charge at a naive UTC instant."""
        rules = self.env["recovery.network.rule"]._get_rules()
        return check(rules, [earlier.attempt for earlier in history], aware(instant), charge)

    def _recovery_get_rule(self, ceiling):
        """Return the record of the rule that a ceiling comes from."""
        return self.env["recovery.network.rule"]._find(ceiling.rule.id)

    def _recovery_render_ceiling(self, ceiling):
        """Return the sentence of a ceiling, its instant by the customer's clock, too."""
        values = dict(ceiling.sentence.values)
        if ceiling.allowed_from:
            # In sudo mode: who asks why need not see whose method it is.
            customer = self.sudo().partner_id.commercial_partner_id
            values["at"] = customer._recovery_localise(ceiling.allowed_from)
        return say(self.env, ceiling.sentence.kind, **values)

    # === GETTERS - FACTS === #

    def _recovery_get_label(self):
        """Return a name of the method that an accountant recognises, without provider rights."""
        return f"{self.payment_method_id.sudo().name} {self.display_name}".strip()

    def _recovery_describe(self):
        """Return what is known of the method, for a person: network, funding, country, validity."""
        self.ensure_one()
        funding = dict(self._fields["recovery_funding"]._description_selection(self.env))
        month = self.recovery_expiry and self.recovery_expiry.strftime("%m/%Y")
        if self.recovery_expiry_state == "expired":
            # Charged all the same: banks often take charges of a card that they have renewed.
            expiry = self.env._("expired after %(month)s, unless its bank renewed it", month=month)
        else:
            expiry = month and self.env._("valid until %(month)s", month=month)
        known = (
            self.recovery_network and self.recovery_network.replace("_", " ").capitalize(),
            funding.get(self.recovery_funding),
            self.recovery_country,
            expiry,
        )
        return ", ".join(filter(None, known))

    def _recovery_find_news(self, facts):
        """Return the values of what is told and was not known so."""
        return MethodNews(self, facts).values

    @api.model
    def _recovery_get_expiring(self, company, until):
        """Return the methods in use for automatic collection that end soon, the first one first.

        Those whose last day lies between today, by the company's clock, and another day. What has
        ended already is not among them. One query.

        :param company: whose collection it is; the method may be one of a parent company
        :param datetime.date until: the latest last day
        """
        tz = company.partner_id.with_company(company)._get_recovery_tz()
        today = fields.Date.context_today(self.with_context(tz=tz))
        # In sudo mode: providers are readable by administrators only.
        tokens_sudo = self.sudo().with_context(active_test=True)
        query = tokens_sudo._search(
            [
                ("recovery_expiry", ">=", today),
                ("recovery_expiry", "<=", until),
                ("provider_id.state", "!=", "disabled"),
                ("company_id", "in", company.sudo().parent_ids.ids),
            ],
            order="recovery_expiry, id",
        )
        query.add_where(
            SQL(
                "%s IN (%s)",
                SQL.identifier(query.table, "id"),
                MethodUsage(self.env, company).get_query(),
            )
        )
        return self.browse(query)
