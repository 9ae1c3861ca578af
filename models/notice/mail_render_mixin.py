# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo import api, models


class MailRenderMixin(models.AbstractModel):
    _inherit = "mail.render.mixin"

    @api.model
    def _render_template_qweb(self, template_src, model, res_ids, add_context=None, options=None):
        """Override of `mail` to tell a text of which notice it is."""
        notices = self.env.context.get("recovery_notices")
        if not notices:
            return super()._render_template_qweb(
                template_src, model, res_ids, add_context=add_context, options=options
            )
        return self._recovery_render_each(
            res_ids,
            lambda renderer, res_id: super()._render_template_qweb(
                template_src, model, [res_id], add_context=add_context, options=options
            ),
        )

    @api.model
    def _render_template_inline_template(
        self, template_txt, model, res_ids, add_context=None, options=None
    ):
        """Override of `mail` to tell a text of which notice it is."""
        notices = self.env.context.get("recovery_notices")
        if not notices or "notice" not in str(template_txt or ""):
            return super()._render_template_inline_template(
                template_txt, model, res_ids, add_context=add_context, options=options
            )
        return self._recovery_render_each(
            res_ids,
            lambda renderer, res_id: super()._render_template_inline_template(
                template_txt, model, [res_id], add_context=add_context, options=options
            ),
        )

    def _render_lang(self, res_ids, engine="inline_template"):
        """Override of `mail` to write in the company's language when the customer's is not there.

        A language that was removed, or never installed, would keep a notice from being written.
        """
        langs = super()._render_lang(res_ids, engine=engine)
        if "recovery_notices" not in self.env.context:
            return langs
        installed = {code for code, _name in self.env["res.lang"].get_installed()}
        own = self.env.company.partner_id.lang
        fallback = own if own in installed else ""
        return {res_id: lang if lang in installed else fallback for res_id, lang in langs.items()}

    @api.model
    def _recovery_render_each(self, res_ids, render):
        """Render a text record by record, each told of its own notice.

        :param render: called with the renderer of a record, and its id
        """
        renderings = self.env.context["recovery_notices"]
        results = {}
        for res_id in res_ids:
            results |= render(self._recovery_tell_notice(renderings.get(res_id)), res_id)
        return results

    @api.model
    def _recovery_tell_notice(self, rendering):
        """Return this renderer with the notice, and what is known of its cases, in its context.

        :param Rendering rendering: of the record; none for one that no notice is about
        """
        notice_id = rendering and rendering.notice_id
        return self.with_context(
            recovery_notice=self.env["recovery.notice"].browse(notice_id) if notice_id else None,
            recovery_rendering=rendering,
        )
