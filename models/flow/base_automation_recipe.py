"""Flows that are shipped ready to be switched on."""

from odoo import fields, models


class BaseAutomation(models.Model):
    _inherit = "base.automation"

    recovery_recipe = fields.Char(
        string="Recipe",
        readonly=True,
        copy=False,
        help="The rules of one shipped recipe share its name; they are switched on together.",
    )

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

    # === GETTERS === #

    def _with_recipe(self):
        """Return these rules and the others of their recipes, those switched off included."""
        recipes = [recipe for recipe in self.mapped("recovery_recipe") if recipe]
        rules = self.with_context(active_test=False)
        return self | rules.search([("recovery_recipe", "in", recipes)])
