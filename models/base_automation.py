"""Automation rules on recovery's models: what sets them off only queues what they do."""

from odoo import api, fields, models

# Rules on these are never run in the database transaction that sets them off.
DEFERRED_MODELS = ("recovery.case", "recovery.event", "recovery.attempt", "recovery.notice")


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
    recovery_error = fields.Char(
        string="Last Error",
        readonly=True,
        copy=False,
        help="What went wrong when the rule ran last; empty after it succeeded.",
    )
    recovery_is_deferred = fields.Boolean(compute="_compute_recovery_is_deferred")

    # === COMPUTE METHODS === #

    @api.depends("model_id")
    def _compute_recovery_is_deferred(self):
        for rule in self:
            rule.recovery_is_deferred = rule.model_id.model in DEFERRED_MODELS

    # === GETTERS === #

    @api.model
    def _recovery_is_listening(self, model_name):
        """Tell whether an active rule waits for changes of a model; costs no query."""
        return model_name in getattr(self.env.registry, "recovery_rule_models", ())

    def _register_hook(self):
        """Override of `base_automation` to remember the models that active rules wait for."""
        result = super()._register_hook()
        # On the registry, which is told to all workers and set up anew with each change of a rule.
        self.env.registry.recovery_rule_models = frozenset(
            self.with_context({}).search([]).mapped("model_name")
        )
        return result
