import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

import { Component } from "@odoo/owl";

/**
 * Shows a number such as “INV/2026/00257” so that its end stays readable where there is little room:
 * “INV/…/00257”. What follows the number, such as a reference, gives way first.
 */
export class KeyField extends Component {
    static template = "revenue_recovery.KeyField";
    static props = { ...standardFieldProps };

    get text() {
        const value = this.props.record.data[this.props.name];
        return (value && (value.display_name ?? value)) || "";
    }

    /** The beginning, the end that stays, and the rest. */
    get parts() {
        const [, key, rest] = this.text.match(/^(\S*)(.*)$/s);
        const cut = key.lastIndexOf("/");
        return { head: key.slice(0, Math.max(cut, 0)), tail: key.slice(Math.max(cut, 0)), rest };
    }
}

export const keyField = {
    component: KeyField,
    displayName: _t("Number with its end"),
    supportedTypes: ["many2one", "char"],
};

registry.category("fields").add("recovery_key", keyField);
