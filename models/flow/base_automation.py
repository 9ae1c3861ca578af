# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Automation rules on recovery's models: what sets them off only queues what they do."""

import logging

from markupsafe import escape

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tools.safe_eval import safe_eval

from ...tools.isolation import run_isolated
from ...tools.said import SaidField, join, say
from .authors import find_as, get_author
from .criteria import WHEN_FIELDS, is_on, read_domain, write_domain
from .definition import SAFE_KINDS, Definition, without_ids
from .picture import Picture

_logger = logging.getLogger(__name__)

# Rules on these are never run in the database transaction that sets them off.
DEFERRED_MODELS = ("recovery.case", "recovery.event", "recovery.attempt", "recovery.notice")
TIME_TRIGGERS = ("on_time", "on_time_created", "on_time_updated")


class BaseAutomation(models.Model):
    _inherit = "base.automation"

    recovery_sequence = fields.Integer(
        string="Order",
        default=10,
        help="Of the rules that go on only when they are the first that matches, the lowest "
        "number comes first.",
    )
    recovery_exclusive = fields.Boolean(
        string="Only the First That Matches",
        help="Of all such rules that the same change of the same record sets off, only the first "
        "one in their order goes on.",
    )
    recovery_stop_when_paid = fields.Boolean(
        string="Stop When Paid",
        default=True,
        help="What is still to come is cancelled when the invoice is paid or cancelled, or when "
        "the case goes back from the state that set the rule off.",
    )
    recovery_error = SaidField(
        string="Last Error",
        readonly=True,
        copy=False,
        help="What went wrong when the rule ran last; empty after it succeeded.",
    )
    recovery_is_deferred = fields.Boolean(
        compute="_compute_recovery_is_deferred",
        compute_sudo=True,  # Models are for administrators; managers read their own flows.
        search="_search_recovery_is_deferred",
    )
    recovery_author_id = fields.Many2one(
        comodel_name="res.users",
        string="Built By",
        readonly=True,
        copy=False,
        ondelete="restrict",  # Without an author, conditions are looked at with all rights.
        help="The manager who built it. Its conditions look at nothing that this user may not see.",
    )
    recovery_company_id = fields.Many2one(
        comodel_name="res.company",
        string="Only for Company",
        ondelete="cascade",
        help="Of which company's invoices it is. Empty: of all.",
    )
    recovery_may_change = fields.Boolean(compute="_compute_recovery_may_change")
    recovery_recipe = fields.Char(
        string="Recipe",
        readonly=True,
        copy=False,
        help="The rules of one shipped recipe share its name; they are switched on together.",
    )
    recovery_picture = fields.Html(
        string="Flow",
        compute="_compute_recovery_picture",
        compute_sudo=True,  # Server actions are for administrators; what they do is no secret.
        sanitize=False,
    )

    # === COMPUTE METHODS === #

    @api.depends("model_id")
    def _compute_recovery_is_deferred(self):
        for rule in self:
            rule.recovery_is_deferred = rule.model_id.model in DEFERRED_MODELS

    def _search_recovery_is_deferred(self, operator, value):
        if operator != "in":
            return NotImplemented
        models_sudo = self.env["ir.model"].sudo().search([("model", "in", DEFERRED_MODELS)])
        domain = Domain("model_id", "in", models_sudo.ids)
        return domain if True in value else ~domain

    @api.depends_context("uid")
    @api.depends("recovery_company_id", "action_server_ids.state")
    def _compute_recovery_may_change(self):
        for rule in self:
            rule.recovery_may_change = not rule._recovery_get_refusal()

    @api.depends(
        "trigger",
        "filter_domain",
        "trg_selection_field_id",
        "trg_date_id",
        "trg_date_range",
        "trg_date_range_type",
        "trg_date_range_mode",
        "action_server_ids.name",
        "action_server_ids.sequence",
        "action_server_ids.recovery_wait_count",
        "action_server_ids.recovery_wait_unit",
        "action_server_ids.recovery_condition",
        "action_server_ids.recovery_otherwise",
    )
    def _compute_recovery_picture(self):
        for rule in self:
            rule.recovery_picture = Picture(rule).draw()

    # === CONSTRAINT METHODS === #

    @api.constrains("trigger", "model_id")
    def _check_recovery_trigger(self):
        for rule in self:
            if rule.trigger == "on_unlink" and rule.model_id.model in DEFERRED_MODELS:
                raise ValidationError(
                    self.env._(
                        "%(rule)s can't wait for a deletion: its actions run afterwards, when the "
                        "record is gone. Wait for a state, or for the archiving, instead.",
                        rule=rule.name,
                    )
                )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Override of `base_automation` to begin with what happens from now on."""
        rules = super().create(vals_list)
        rules.filtered("active")._recovery_start_clock()
        return rules

    def write(self, vals):
        """Override of `base_automation` to begin with what happens from now on."""
        started = self.filtered(lambda rule: not rule.active) if vals.get("active") else None
        result = super().write(vals)
        if started:
            started._recovery_start_clock()
        return result

    @api.ondelete(at_uninstall=True)
    def _unlink_planned_actions(self):
        """Cancel what is planned, and let go of what was done.

        Left to PostgreSQL, a row that loses its rule and its action at once fails to lose either.
        """
        actions_sudo = (
            self.env["recovery.planned.action"].sudo().search([("automation_id", "in", self.ids)])
        )
        actions_sudo._set_planned_cancelled(say(self.env, "rule_deleted"))
        actions_sudo.write({"automation_id": False, "action_id": False})

    # === ACTION METHODS === #

    def action_recovery_activate(self):
        """Switch these flows on, and the other rules of their recipes.

        :raise AccessError: when the user may not change them
        """
        self._recovery_switch(True)
        return True

    def action_recovery_deactivate(self):
        """Switch these flows off, and the other rules of their recipes.

        :raise AccessError: when the user may not change them
        """
        self._recovery_switch(False)
        return True

    def action_recovery_copy(self):
        """Open a copy of the flow that is still switched off.

        :raise AccessError: when the user may not read it, or not build what it does
        """
        self.ensure_one()
        self.check_access("read")
        self.browse()._recovery_check_may_change()
        if refusal := self._recovery_get_unsafe_refusal():
            raise AccessError(refusal)
        values = Definition(self).get_values()
        name = self.env._("%(flow)s (copy)", flow=self.name)
        if values is None:  # A rule of another shape, which administrators alone may copy.
            copy = self.copy({"name": name, "active": False})
            for action, own in zip(self.action_server_ids, copy.action_server_ids, strict=True):
                own.name = action.name
            return copy.action_recovery_edit()
        company = self.recovery_company_id
        if get_author(self.env) and company not in self.env.user.company_ids:
            company = self.env.company
        values |= {"name": name, "company_id": company.id}
        copy = Definition(self.browse()).save(without_ids(values))
        copy.sudo().description = self.description
        return copy.action_recovery_edit()

    def action_recovery_edit(self):
        """Open the flow in the builder; in Odoo's own form where it says more than that can."""
        self.ensure_one()
        self.check_access("read")
        if Definition(self).get_values() is not None:
            return self.env["recovery.flow.builder"]._open(self)
        if self.env.user.has_group("base.group_system"):
            return self.action_recovery_technical()
        raise UserError(
            self.env._(
                "“%(flow)s” was built by an administrator, with steps or conditions that the "
                "builder does not know. Ask an administrator to change it.",
                flow=self.name,
            )
        )

    def action_recovery_technical(self):
        """Open the automation rule in Odoo's own form."""
        self.check_access("write")
        return self._get_records_action(name=self.env._("Automation Rule"))

    def action_recovery_runs(self):
        """Open what the flow was set off for, and what it did."""
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "revenue_recovery.action_recovery_flow_run"
        )
        return {
            **action,
            "domain": [("automation_id", "in", self.ids)],
            "context": {"of_one_flow": True},
        }

    # === BUSINESS METHODS === #

    def _process(self, records, domain_post=None):
        """Override of `base_automation` to queue what a rule does, whatever sets it off.

        Stock Odoo runs the actions here, in the database transaction of a charge maybe, and lets
        their exceptions go up.
        """
        if records._name not in DEFERRED_MODELS:
            return super()._process(records, domain_post=domain_post)
        records = self._recovery_in_company(records)
        changed = self._recovery_evaluate(
            records, lambda: records.filtered(self._check_trigger_fields)
        )
        changed = changed or records.browse()
        meant = self._recovery_find_meant(changed)
        # One dictionary for all rules that a change sets off, as Odoo hands it from one to another.
        done = self.env.context.get("__action_done")
        triggers = self.env["recovery.trigger"]
        if meant is not None:
            triggers._record(self, meant, done)
            triggers._record(self, changed - meant, done, is_otherwise=True)
        return None

    def _filter_pre(self, records, feedback=False):
        """Override of `base_automation` to let a condition that raises count as not matched."""
        if records._name not in DEFERRED_MODELS or not records:
            return super()._filter_pre(records, feedback=feedback)
        if not self.sudo().filter_pre_domain:
            return records
        filter_pre = super()._filter_pre
        found = self._recovery_evaluate(records, lambda: filter_pre(records, feedback=feedback))
        return records.browse() if found is None else found

    def _filter_post_export_domain(self, records, feedback=False):
        """Override of `base_automation` to let a condition that raises count as not matched."""
        if records._name not in DEFERRED_MODELS or not records:
            return super()._filter_post_export_domain(records, feedback=feedback)
        records = self._recovery_in_company(records)
        domain = self._recovery_get_start_domain()
        if not domain:
            return records, None
        found = self._recovery_evaluate(records, lambda: self._recovery_find(records, domain))
        return (records.browse() if found is None else found), None

    def _search_time_based_automation_records(self, *, until):
        """Override of `base_automation` to let a condition that raises count as not matched."""
        records = self.env[self.model_name]
        if self.model_name not in DEFERRED_MODELS:
            return super()._search_time_based_automation_records(until=until)
        search = super()._search_time_based_automation_records
        found = self._recovery_evaluate(records, lambda: search(until=until))
        return records if found is None else found

    def _recovery_evaluate(self, records, evaluate):
        """Return what a condition says of records, or ``None`` when it raises; tell so later."""
        found, error = run_isolated(self.env, evaluate)
        if error:
            _logger.info("The condition of rule %s raised: %s", self.id, error)
            self.env["recovery.trigger"]._record_error(self, records[:1], error)
        return found

    def _recovery_in_company(self, records):
        """Return those records that are of the flow's company, all where it is for all."""
        company = self.sudo().recovery_company_id
        return records.filtered(lambda record: record.company_id == company) if company else records

    def _recovery_get_start_domain(self):
        """Return the text of what must hold for the rule to be set off, whatever it does then."""
        rule_sudo = self.sudo()
        parts = read_domain(rule_sudo.filter_domain)
        if parts is None or not rule_sudo._recovery_has_otherwise():
            return rule_sudo.filter_domain
        return write_domain([part for part in parts if is_on(part, WHEN_FIELDS)])

    def _recovery_find_meant(self, records):
        """Return those records that meet all conditions; ``None`` when a condition raises.

        The others of those that set the rule off are for its other branch.
        """
        rule_sudo = self.sudo()
        if not records or not rule_sudo._recovery_has_otherwise():
            return records
        return self._recovery_evaluate(
            records, lambda: self._recovery_find(records, rule_sudo.filter_domain)
        )

    def _recovery_find(self, records, text):
        """Return those records that fulfil the text of a domain, by the rights of its author.

        :raise AccessError: when it looks at what the author may not see
        """
        rule_sudo = self.sudo()
        domain = Domain(safe_eval(text or "[]", rule_sudo._get_eval_context()))
        if rule_sudo.recovery_author_id:
            return find_as(rule_sudo.recovery_author_id, records, domain)
        return records.sudo().filtered_domain(domain).with_env(records.env)

    def _recovery_switch(self, is_on):
        """Switch these flows, and the other rules of their recipes, on or off."""
        rules = self._with_recipe()
        rules._recovery_check_may_change()
        rules.sudo().active = is_on  # Automation rules are for administrators; it was checked.

    def _recovery_check_may_change(self):
        """Check that the user may build flows, and change these.

        :raise AccessError: when they may not
        """
        if not get_author(self.env):
            return
        if not self.env.user.has_group("revenue_recovery.group_recovery_manager"):
            raise AccessError(self.env._("Only managers of Revenue Recovery build flows."))
        self.check_access("read")
        for rule in self:
            if refusal := rule._recovery_get_refusal():
                raise AccessError(refusal)

    def _recovery_get_refusal(self):
        """Return why the user may not change the flow, or nothing."""
        user, company = get_author(self.env), self.sudo().recovery_company_id
        if not user:
            return None
        others = [("id", "not in", user.company_ids.ids)]
        if not company and self.env["res.company"].sudo().search_count(others, limit=1):
            return self.env._(
                "“%(flow)s” is for all companies, and you don't work for all of them. Copy it, and "
                "change the copy.",
                flow=self.sudo().name,
            )
        if company and company not in user.company_ids:
            return self.env._("“%(flow)s” is another company's.", flow=self.sudo().name)
        return self._recovery_get_unsafe_refusal()

    def _recovery_get_unsafe_refusal(self):
        """Return why only administrators may build what the flow does, or nothing."""
        unsafe = self.sudo().action_server_ids.filtered(lambda act: act.state not in SAFE_KINDS)
        if not unsafe or not get_author(self.env):
            return None
        return self.env._(
            "“%(flow)s” has a step that only administrators build: %(step)s.",
            flow=self.sudo().name,
            step=unsafe[0].name,
        )

    def _recovery_start_clock(self):
        """Let rules that have just been switched on leave alone what happened long ago.

        Odoo lets a rule based on a date act on all of the past the first time it runs.
        """
        rules = self.filtered(
            lambda rule: rule.trigger in TIME_TRIGGERS and rule.recovery_is_deferred
        )
        if rules:
            rules.last_run = fields.Datetime.now()

    def _recovery_tell_error(self, planned_action):
        """Keep what went wrong with the rule; tell administrators unless they know of an error.

        :param planned_action: the `recovery.planned.action` that failed
        """
        if not self:
            return  # The rule is gone, and its error with it.
        is_news = not self.recovery_error
        self.recovery_error = join(
            self.env,
            say(self.env, "label", name=planned_action.name),
            planned_action.sentence,
        )
        if not is_news:
            return
        self.message_post(body=self.recovery_error)
        self.activity_schedule(
            "mail.mail_activity_data_todo",
            summary=self.env._("An automation rule failed"),
            note=escape(self.recovery_error),
            user_id=self.env.ref("base.user_admin").id,
        )

    def _recovery_clear_error(self):
        """Forget the last error: the rule has just done an action."""
        self.recovery_error = False
        self.activity_unlink(["mail.mail_activity_data_todo"])

    # === GETTERS === #

    def _recovery_has_otherwise(self):
        """Return whether it does something else where its conditions don't hold."""
        return any(action.recovery_otherwise for action in self.action_server_ids)

    def _with_recipe(self):
        """Return these rules and the others of their recipes, those switched off included."""
        recipes = [recipe for recipe in self.mapped("recovery_recipe") if recipe]
        rules = self.with_context(active_test=False)
        return self | rules.search([("recovery_recipe", "in", recipes)])

    @api.model
    def _recovery_is_listening(self, model_name):
        """Return whether an active rule waits for changes of a model; costs no query."""
        return model_name in getattr(self.env.registry, "recovery_rule_models", ())

    def _register_hook(self):
        """Override of `base_automation` to remember the models that active rules wait for."""
        result = super()._register_hook()
        # On the registry, which is told to all workers and set up anew with each change of a rule.
        rules = self.search([("active", "=", True), ("model_id.model", "in", DEFERRED_MODELS)])
        self.env.registry.recovery_rule_models = frozenset(rules.mapped("model_name"))
        return result
