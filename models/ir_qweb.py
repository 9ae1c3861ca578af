from odoo import models
from odoo.exceptions import UserError


class IrQweb(models.AbstractModel):
    _inherit = "ir.qweb"

    def _get_template(self, template):
        """Override of `base` to keep the traces of templates that are not found short.

        Each e-mail whose text calls another template looks for one that does not exist, and Odoo
        raises the same cached error each time. Python appends to its traceback, which is formatted
        anew: the thousandth e-mail of a process would take a hundred times as long as the first.
        """
        try:
            return super()._get_template(template)
        except (ValueError, UserError) as error:
            raise error.with_traceback(None)  # noqa: B904 - it is the very same error
