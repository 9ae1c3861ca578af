import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { user } from "@web/core/user";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

import { Component } from "@odoo/owl";

/**
 * Shows the probability that a charge succeeds with its interval, as “62 % (48–74 %)”.
 *
 * The bounds are the fields whose names end in `_low` and `_high`.
 */
export class ProbabilityField extends Component {
    static template = "revenue_recovery.ProbabilityField";
    static props = { ...standardFieldProps };

    get shares() {
        const { data } = this.props.record;
        const { name } = this.props;
        return [data[name], data[`${name}_low`], data[`${name}_high`]];
    }

    get isKnown() {
        return this.shares.some((share) => share > 0);
    }

    get label() {
        const [share, low, high] = this.shares.map((number) => this.format(number));
        return this.hasInterval ? `${share}\u00a0% (${low}–${high}\u00a0%)` : `${share}\u00a0%`;
    }

    get hasInterval() {
        const [, low, high] = this.shares;
        return high > 0 && low <= high;
    }

    get tooltip() {
        const [share, low, high] = this.shares.map((number) => `${this.format(number)}\u00a0%`);
        return this.hasInterval
            ? _t(
                  "Probability that the charge succeeds: %(share)s. It lies between %(low)s and %(high)s with a certainty of %(sure)s.",
                  { share, low, high, sure: "90\u00a0%" }
              )
            : _t("Probability that the charge succeeds: %(share)s.", { share });
    }

    get badgeClass() {
        const [share] = this.shares;
        if (share >= 0.5) {
            return "text-bg-success";
        }
        return share >= 0.2 ? "text-bg-info" : "text-bg-300";
    }

    format(share) {
        return (100 * (share || 0)).toLocaleString(user.lang, { maximumFractionDigits: 0 });
    }
}

export const probabilityField = {
    component: ProbabilityField,
    displayName: _t("Probability with interval"),
    supportedTypes: ["float"],
    isEmpty: () => false,
    fieldDependencies: ({ name }) => [
        { name: `${name}_low`, type: "float", readonly: true },
        { name: `${name}_high`, type: "float", readonly: true },
    ],
};

registry.category("fields").add("recovery_probability", probabilityField);
