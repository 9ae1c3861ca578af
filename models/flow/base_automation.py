"""Automation rules on recovery's models: what sets them off only queues what they do."""

import logging

from markupsafe import escape

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...tools.isolation import run_isolated
from ...tools.said import SaidField, join, say
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
    recovery_is_deferred = fields.Boolean(compute="_compute_recovery_is_deferred")
    recovery_recipe = fields.Char(
        string="Recipe",
        readonly=True,
        copy=False,
        help="The rules of one shipped recipe share its name; they are switched on together.",
    )
    recovery_picture = fields.Html(
        string="Flow", compute="_compute_recovery_picture", sanitize=False
    )

    # === COMPUTE METHODS === #

    @api.depends("model_id")
    def _compute_recovery_is_deferred(self):
        for rule in self:
            rule.recovery_is_deferred = rule.model_id.model in DEFERRED_MODELS

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
        """Switch these flows on, and the other rules of their recipes."""
        self._with_recipe().active = True
        return True

    def action_recovery_deactivate(self):
        """Switch these flows off, and the other rules of their recipes."""
        self._with_recipe().active = False
        return True

    def action_recovery_copy(self):
        """Open a copy of the flow that is still switched off."""
        self.ensure_one()
        name = self.env._("%(flow)s (copy)", flow=self.name)
        copy = self.copy({"name": name, "active": False})
        for action, own in zip(self.action_server_ids, copy.action_server_ids, strict=True):
            own.name = action.name
        return copy._get_records_action(name=self.env._("Flow"))

    # === BUSINESS METHODS === #

    def _process(self, records, domain_post=None):
        """Override of `base_automation` to queue what a rule does, whatever sets it off.

        Stock Odoo runs the actions here, in the database transaction of a charge maybe, and lets
        their exceptions go up.
        """
        if records._name not in DEFERRED_MODELS:
            return super()._process(records, domain_post=domain_post)
        changed = self._recovery_evaluate(
            records, lambda: records.filtered(self._check_trigger_fields)
        )
        # One dictionary for all rules that a change sets off, as Odoo hands it from one to another.
        done = self.env.context.get("__action_done")
        self.env["recovery.trigger"]._record(self, changed or records.browse(), done)
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
        if not self.sudo().filter_domain:
            return records, None
        filter_post = super()._filter_post_export_domain
        found = self._recovery_evaluate(records, lambda: filter_post(records, feedback=feedback))
        return (records.browse(), None) if found is None else found

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
