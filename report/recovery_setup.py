# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Whether all is set up: what the page *Set-Up* shows, each line looked up when it is opened."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import formatLang

from ..models.today.trial import Trial
from ..tools.moments import Reader

MANAGER = "revenue_recovery.group_recovery_manager"
# So many open invoices are asked for their policy; of more, the newest.
MOST_INVOICES = 10_000
# Messages that were not delivered within it are told.
MAIL_DAYS = timedelta(days=7)
# Providers that tell nothing by themselves, or nobody.
WITHOUT_WEBHOOK = ("authorize", "custom", "demo", "none")


class RecoverySetup(models.AbstractModel):
    """What the page *Set-Up* shows, and the test charge."""

    _name = "recovery.setup"
    _description = "Recovery Set-Up"

    # === PUBLIC METHODS === #

    @api.model
    def get_data(self):
        """Return what is set up and what is not, as plain values, for the first company.

        A line has a `state`: `ok`, `todo` for what keeps something from working, and `note` for
        what can't be known, or may be meant.

        :raise AccessError: for whoever is no manager
        """
        self._check_manager()
        company = self.env.company
        providers_sudo = self._find_providers(company)
        lines = [
            self._check_published(providers_sudo),
            self._check_saving(providers_sudo),
            *self._check_webhooks(providers_sudo),
            self._check_mail(company),
            self._check_jobs(),
            *self._check_policies(company),
        ]
        return {
            "company": company.name,
            "lines": lines,
            "todo_count": sum(line["state"] == "todo" for line in lines),
            "trials": self._get_trials(company),
        }

    @api.model
    def try_test_card(self, provider_id):
        """Charge two test cards at a test provider, one of which is declined; nothing stays.

        :param int provider_id: of :meth:`get_data`
        :return: what was found, each with whether it is right
        :raise AccessError: for whoever is no manager, or for a provider of another company
        :raise UserError: for a provider of real money
        """
        self._check_manager()
        # In sudo mode: providers are for administrators; a test charge gives nothing of them away.
        provider_sudo = self.env["payment.provider"].sudo().browse(provider_id).exists()
        if provider_sudo.company_id not in self.env.companies:
            raise AccessError(self.env._("This provider is not of your company."))
        found = Trial(provider_sudo).run()
        return {
            "is_right": all(is_right for is_right, _sentence in found),
            "lines": [
                {"state": "ok" if is_right else "todo", "sentence": sentence}
                for is_right, sentence in found
            ],
        }

    # === PROVIDERS === #

    @api.model
    def _check_published(self, providers_sudo):
        published = providers_sudo.filtered(lambda each: each.is_published)
        real = published.filtered(lambda each: each.state == "enabled")
        names = ", ".join((real or published).mapped("name"))
        if real:
            state, sentence = "ok", self.env._("%(names)s: published.", names=names)
        elif published:
            state = "todo"
            sentence = self.env._(
                "Only in test mode: %(names)s. No real payment can be made.", names=names
            )
        else:
            state = "todo"
            sentence = self.env._(
                "None is published: customers have nothing to pay with on their page."
            )
        return self._make_line(
            "provider", self.env._("Payment provider"), state, sentence, "payment.provider"
        )

    @api.model
    def _check_saving(self, providers_sudo):
        able = providers_sudo.filtered(lambda each: each.allow_tokenization)
        names = ", ".join(able.mapped("name"))
        if able:
            state, sentence = "ok", self.env._("Allowed at %(names)s.", names=names)
        else:
            state = "todo"
            sentence = self.env._(
                "Allowed at no provider: without saved payment methods nothing can be charged by "
                "itself."
            )
        return self._make_line(
            "saving", self.env._("Saving of payment methods"), state, sentence, "payment.provider"
        )

    @api.model
    def _check_webhooks(self, providers_sudo):
        """Return a line for each provider that tells of payments by itself."""
        reader = Reader(self.env)
        title = self.env._("Webhook")
        lines = []
        for provider_sudo in providers_sudo:
            if provider_sudo.code in WITHOUT_WEBHOOK:
                continue
            name, heard_at = provider_sudo.name, provider_sudo.recovery_heard_at
            if heard_at:
                when = reader.say_instant(heard_at)
                state = "ok"
                sentence = self.env._("%(name)s was last heard %(when)s.", name=name, when=when)
            else:
                state = "note"
                sentence = self.env._(
                    "%(name)s has not been heard yet. Its webhook is heard with the first payment; "
                    "if it is not by then, look at its set-up there.",
                    name=name,
                )
            lines.append(self._make_line("webhook", title, state, sentence, "payment.provider"))
        return lines

    @api.model
    def _find_providers(self, company):
        # In sudo mode: a manager sees whether providers are set up, and nothing else of them.
        providers_sudo = self.env["payment.provider"].sudo()
        return providers_sudo.search([("company_id", "=", company.id), ("state", "!=", "disabled")])

    # === MESSAGES AND JOBS === #

    @api.model
    def _check_mail(self, company):
        notices = self.env["recovery.notice"]
        own = ("company_id", "=", company.id)
        since = fields.Datetime.now() - MAIL_DAYS
        failed = notices.search_count([own, ("status", "=", "failed"), ("planned_at", ">=", since)])
        last = notices.search(
            [own, ("status", "=", "sent"), ("sent_at", "!=", False)],
            order="sent_at DESC",
            limit=1,
        )
        # In sudo mode: servers are for administrators; only whether there is one is told.
        has_server = bool(self.env["ir.mail_server"].sudo().search_count([], limit=1))
        if failed:
            state = "todo"
            sentence = self.env._(
                "Messages that could not be sent in the last 7 days: %(count)s.",
                count=formatLang(self.env, failed, digits=0),
            )
        elif last:
            state = "ok"
            when = Reader(self.env).say_instant(last.sent_at)
            sentence = self.env._("The last message to a customer went out %(when)s.", when=when)
        elif has_server:
            state, sentence = "ok", self.env._("A server is set. No message has gone out yet.")
        else:
            state = "note"
            sentence = self.env._(
                "No server is set here. Odoo then uses the one of its configuration file, which "
                "can't be seen from here."
            )
        model = "recovery.notice" if failed else "ir.mail_server"
        domain = [own, ("status", "=", "failed")] if failed else []
        return self._make_line("mail", self.env._("Outgoing mail"), state, sentence, model, domain)

    @api.model
    def _check_jobs(self):
        late = self.env["recovery.today"]._find_late_jobs(fields.Datetime.now())
        if not late:
            state, sentence = "ok", self.env._("They run in time.")
        else:
            state = "todo"
            sentence = self.env._(
                "Switched off, or late: %(names)s.", names="; ".join(name for name, _at in late)
            )
        return self._make_line("jobs", self.env._("Scheduled actions"), state, sentence, "ir.cron")

    # === POLICIES === #

    @api.model
    def _check_policies(self, company):
        """Return what the first policy takes of today's open invoices, and which get none."""
        policies = self.env["recovery.policy"].search(
            self.env["recovery.policy"]._check_company_domain(company)
        )
        title = self.env._("Policies")
        if not policies:
            sentence = self.env._("There is none, so nothing follows when a payment fails.")
            return [self._make_line("policy", title, "todo", sentence, "recovery.policy")]
        invoices = self.env["account.move"].search(
            [
                ("company_id", "=", company.id),
                ("move_type", "=", "out_invoice"),
                ("state", "=", "posted"),
                ("payment_state", "in", ("not_paid", "partial")),
            ],
            order="id DESC",
            limit=MOST_INVOICES,
        )
        matches = policies._match_all(invoices) if invoices else {}
        first = sum(policy == policies[0] for policy in matches.values())
        counts = {
            name: formatLang(self.env, count, digits=0)
            for name, count in (
                ("first", first),
                ("all", len(invoices)),
                ("rest", len(invoices) - len(matches)),
            )
        }
        values = {"policy": policies[0].name, **counts}
        if len(matches) == len(invoices):
            state = "ok"
            sentence = self.env._(
                "“%(policy)s” comes first and takes %(first)s of %(all)s open customer invoices.",
                **values,
            )
        else:
            state = "note"
            sentence = self.env._(
                "“%(policy)s” comes first and takes %(first)s of %(all)s open customer invoices; "
                "%(rest)s get no policy.",
                **values,
            )
        lines = [self._make_line("policy", title, state, sentence, "recovery.policy")]
        for policy in policies.filtered("reach"):
            sentence = self.env._("“%(policy)s”: %(reach)s", policy=policy.name, reach=policy.reach)
            lines.append(self._make_line("reach", title, "note", sentence, "recovery.policy"))
        return lines

    # === TEST CHARGE === #

    @api.model
    def _get_trials(self, company):
        """Return the providers that can be tried, each with what is made there and removed."""
        # In sudo mode: as above. Those that are switched off, too: Odoo's demo provider is by
        # itself.
        providers_sudo = self.env["payment.provider"].sudo()
        found = providers_sudo.search([("company_id", "=", company.id)])
        return [
            {"id": provider.id, "name": provider.name, "confirm": self._describe_trial(provider)}
            for provider in found
            if provider._recovery_can_be_tried()
        ]

    @api.model
    def _describe_trial(self, provider_sudo):
        sentence = self.env._(
            "A customer with two test cards and two invoices are made in %(company)s and charged "
            "at %(provider)s, as the scheduled action would do it: one charge is declined, the "
            "other is paid and booked. Then all of it is removed again, also if it fails: nothing "
            "is left in your books, no number is used up, and nobody is written to.",
            company=provider_sudo.company_id.name,
            provider=provider_sudo.name,
        )
        if provider_sudo.code == "demo":
            return sentence
        return " ".join(
            [
                sentence,
                self.env._(
                    "At %(provider)s the test customer and the test payments stay, in its test "
                    "mode.",
                    provider=provider_sudo.name,
                ),
            ]
        )

    # === HELPERS === #

    @api.model
    def _check_manager(self):
        if not self.env.user.has_group(MANAGER):
            raise AccessError(self.env._("The set-up is for managers of Revenue Recovery."))

    @api.model
    def _make_line(self, name, title, state, sentence, model, domain=()):
        """Return a line; it can be opened by whoever may read what it is about."""
        can_open = self.env[model].has_access("read")
        return {
            "name": name,
            "title": title,
            "state": state,
            "sentence": sentence,
            "model": can_open and model,
            "domain": list(domain),
        }
