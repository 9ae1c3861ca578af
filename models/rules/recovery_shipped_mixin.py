# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo import api, fields, models
from odoo.exceptions import UserError

from ...tools.guards import is_uninstalling

# Marks the loader's own writes: a value that no caller from outside can put into a context.
_LOADING = object()


class RecoveryShippedMixin(models.AbstractModel):
    """Rows that come with the addon and may be edited: an upgrade never overwrites an edit.

    A model that inherits from it lists its values in :attr:`_shipped_fields` and
    :meth:`_get_shipped_rows`, and what tells its rows apart in :attr:`_shipped_identity` and
    :meth:`_get_shipped_key`.
    """

    _name = "recovery.shipped.mixin"
    _description = "Recovery Shipped Rows"

    _shipped_fields = ()
    _shipped_identity = ()

    active = fields.Boolean(default=True)
    shipped = fields.Boolean(
        readonly=True,
        copy=False,
        help="It comes with the addon: it can be edited and archived, not deleted.",
    )
    edited = fields.Boolean(
        readonly=True,
        copy=False,
        help="Somebody has changed or added it: upgrades of the addon leave it as it is.",
    )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Mark what somebody adds."""
        if not self._is_loading():
            vals_list = [{**vals, "shipped": False, "edited": True} for vals in vals_list]
        records = super().create(vals_list)
        self.env.registry.clear_cache()
        return records

    def write(self, vals):
        """Mark what somebody changes."""
        if not self._is_loading():
            self._check_identity(vals)
            vals = {name: vals[name] for name in vals if name not in ("shipped", "edited")}
            if vals.keys() & {"active", *self._shipped_fields}:
                vals["edited"] = True
        result = super().write(vals)
        self.env.registry.clear_cache()
        return result

    def unlink(self):
        """Forget what the rows meant."""
        result = super().unlink()
        self.env.registry.clear_cache()
        return result

    @api.ondelete(at_uninstall=True)
    def _unlink_except_shipped(self):
        if is_uninstalling(self.env):
            return
        for record in self.filtered("shipped"):
            raise UserError(
                self.env._(
                    "“%(row)s” comes with the addon: the next upgrade would bring it back. "
                    "Archive it instead.",
                    row=record.display_name,
                )
            )

    def _update_field_translations(self, field_name, translations, digest=None, source_lang=""):
        """Override of `base` to mark what somebody changes in the dialog for translations."""
        result = super()._update_field_translations(field_name, translations, digest, source_lang)
        if not self._is_loading():
            self._with_loading().edited = True
        return result

    def _check_identity(self, vals):
        """Refuse to make something else of a row that comes with the addon.

        :raise UserError: when the values do
        """
        names = [name for name in self._shipped_identity if name in vals]
        for record in self.filtered("shipped") if names else ():
            if any(vals[name] != record[name] for name in names):
                raise UserError(
                    self.env._(
                        "“%(row)s” comes with the addon and can't be made something else. "
                        "Archive it, and add one of your own.",
                        row=record.display_name,
                    )
                )

    # === ACTION METHODS === #

    def action_restore_shipped(self):
        """Give the rows the values that come with the addon."""
        self.check_access("write")
        shipped = self.filtered("shipped")
        if not shipped:
            raise UserError(
                self.env._("Only what comes with the addon can be restored. Edit or archive this.")
            )
        rows = self._get_shipped_rows()
        for record in shipped._with_loading():
            if vals := rows.get(record._get_shipped_key()):
                record._forget_translations()
                record.write({**vals, "active": True, "edited": False})
        languages = [code for code, _name in self.env["res.lang"].get_installed()]
        # In sudo mode because managers of recovery have no rights on addons.
        self.env["ir.module.module"].sudo()._load_module_terms(["revenue_recovery"], languages)

    # === BUSINESS METHODS === #

    @api.model
    def _load_shipped(self):
        """Bring the rows in line with the shipped files; the data files call it at each upgrade.

        Edited rows stay as they are. Rows that are not shipped any more are archived.
        """
        model = self.sudo()._with_loading()
        rows = self._get_shipped_rows()
        known = {record._get_shipped_key(): record for record in model.search([])}
        known |= {
            record._get_shipped_key(): record
            for record in model.with_context(tracking_disable=True).create(
                [{**vals, "shipped": True} for key, vals in rows.items() if key not in known]
            )
        }
        for key, record in known.items():
            record._follow_shipped(rows.get(key))
        self._name_shipped([known[key] for key in rows])

    def _follow_shipped(self, shipped_vals):
        """Take over the shipped values, or none when the row is not shipped any more."""
        self.ensure_one()
        vals = {"shipped": bool(shipped_vals)}
        if shipped_vals and not self.edited:
            vals |= {**shipped_vals, "active": True}
        elif shipped_vals:
            vals |= self._get_floor_vals(shipped_vals)
        elif self.shipped and not self.edited:
            vals["active"] = False
        changed = {
            name: value
            for name, value in vals.items()
            if self._fields[name].convert_to_write(self[name], self) != value
        }
        if changed:
            self.write(changed)

    def _name_shipped(self, records):
        """Give the records external ids, with which their texts are translated.

        They are marked `noupdate`, else Odoo would delete what is not shipped any more.
        """
        self.env["ir.model.data"].sudo()._update_xmlids(
            [
                {"xml_id": f"revenue_recovery.{name}", "record": record, "noupdate": True}
                for record in records
                if (name := record._get_shipped_xmlid())
            ]
        )

    def _forget_translations(self):
        """Let the texts be the English ones in every language."""
        self.ensure_one()
        for name in self._shipped_fields:
            if self._fields[name].translate:
                languages = dict(self.env["res.lang"].get_installed())
                self.update_field_translations(
                    name, {code: False for code in languages if code != "en_US"}
                )

    def _with_loading(self):
        """Return the rows, archived ones among them, for writing what is shipped."""
        return self.with_context(active_test=False, lang=None, recovery_loading=_LOADING)

    # === GETTERS === #

    def _is_loading(self):
        return self.env.context.get("recovery_loading") is _LOADING

    @api.model
    def _get_shipped_rows(self):
        """Hook for each model: return the values of the shipped rows, by key; none by itself.

        Empty texts and dates are `False`.
        """
        return {}

    def _get_floor_vals(self, shipped_vals):
        """Hook for each model: return what even an edited row takes over; nothing by itself."""
        self.ensure_one()
        return {}

    def _get_shipped_key(self):
        """Hook for each model: return what tells this row apart, its identity by itself."""
        self.ensure_one()
        return tuple(self[name] for name in self._shipped_identity)

    def _get_shipped_xmlid(self):
        """Hook for each model: return the name of the external id; none by itself.

        Rows without texts to translate need none.
        """
        self.ensure_one()
