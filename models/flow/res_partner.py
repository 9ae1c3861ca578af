"""Customers who can't order anything new until they have paid."""

from odoo import api, fields, models
from odoo.exceptions import UserError


class ResPartner(models.Model):
    _inherit = "res.partner"

    recovery_blocked = fields.Boolean(
        string="Orders Blocked",
        company_dependent=True,
        help="New sales orders of this customer can't be confirmed in this company, as long as a "
        "payment is to be recovered from him. Automations set and clear it; you can, too.",
    )

    @api.model
    def _commercial_fields(self):
        """Override of `base`: contacts order for their company."""
        return [*super()._commercial_fields(), "recovery_blocked"]

    def _recovery_check_may_order(self):
        """Refuse orders of blocked customers.

        :raise UserError: when one of these is blocked in the current company
        """
        blocked = self.filtered("recovery_blocked")
        if blocked:
            raise UserError(
                self.env._(
                    "%(customer)s can't order at the moment: an invoice is overdue. Clear “Orders "
                    "Blocked” on the contact to accept the order all the same.",
                    customer=blocked[0].display_name,
                )
            )

    def _register_hook(self):
        """Let sales orders look for the block, where the Sales app is installed.

        The app is no dependency, so its model can't be extended by a class.
        """
        if "sale.order" in self.env:
            _patch(self.env.registry["sale.order"], "action_confirm", _check_customers)
        return super()._register_hook()

    def _unregister_hook(self):
        """Take the look for the block away again."""
        if "sale.order" in self.env:
            _unpatch(self.env.registry["sale.order"], "action_confirm")
        return super()._unregister_hook()


def _check_customers(orders):
    for order in orders:
        order.partner_id.with_company(order.company_id)._recovery_check_may_order()


def _patch(model_class, name, check):
    """Let a method of a model check its records first, once."""
    if "recovery_origin" in vars(getattr(model_class, name)):
        return
    origin = getattr(model_class, name)

    def checked(self, *args, **kwargs):
        check(self)
        return origin(self, *args, **kwargs)

    checked.recovery_origin = origin
    setattr(model_class, name, checked)


def _unpatch(model_class, name):
    method = getattr(model_class, name)
    if "recovery_origin" in vars(method):
        setattr(model_class, name, method.recovery_origin)
