import { ConfirmationDialog } from "@web/core/confirmation_dialog/confirmation_dialog";
import { formatCurrency } from "@web/core/currency";
import { deserializeDate } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { Layout } from "@web/search/layout";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";

import { Component, onMounted, onWillDestroy, useState } from "@odoo/owl";

import { count } from "../timing_screen/timing_labels";

/** The buttons that settle what a person must look at, by the name the server gives them. */
const ACTS = {
    charged: {
        label: _t("It Was Charged"),
        methods: ["action_confirm_charged", "action_recovery_confirm_charged"],
        confirm: _t(
            "Did you see this payment at the provider? It is then recorded as received, and the invoice as paid. This can't be undone here."
        ),
    },
    not_charged: {
        label: _t("It Was Not Charged"),
        methods: ["action_confirm_not_charged", "action_recovery_confirm_not_charged"],
        confirm: _t(
            "Are you sure that the provider did not take this payment? The customer may then be charged again."
        ),
    },
    stands: {
        label: _t("Invoice Stands"),
        methods: ["action_contest_stands"],
        confirm: _t("Charges and notices go on."),
    },
    done: {
        label: _t("Done"),
        methods: ["action_attention_done", "action_recovery_attention_done"],
    },
};

/** What needs a person today, and what happens by itself. */
export class Today extends Component {
    static template = "revenue_recovery.Today";
    static components = { Layout };
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.dialog = useService("dialog");
        this.display = { controlPanel: {} };
        this.state = useState({ status: "loading", error: "", isBusy: false });
        this.data = null;
        this.request = 0;
        onMounted(() => this.load());
        onWillDestroy(() => this.request++);
    }

    async load() {
        const request = ++this.request;
        let data = null;
        try {
            data = await this.orm.silent.call("recovery.today", "get_data", []);
        } catch (error) {
            if (request === this.request) {
                this.state.error = error.data?.message || error.message || "";
                this.state.status = "error";
            }
            return;
        }
        if (request === this.request) {
            this.data = data;
            this.state.status = "ready";
            this.render();
        }
    }

    // Texts

    formatAmount(value, currencyId = this.data.currency_id) {
        return formatCurrency(value || 0, currencyId);
    }

    formatCount(value) {
        return count(value);
    }

    get hasTrouble() {
        const { providers, late } = this.data;
        return providers.length || late.count || late.jobs.length;
    }

    getDayTitle({ day }) {
        return String(day === "today" ? _t("Charged today") : _t("Charged tomorrow"));
    }

    /** How much of the charges' sum will probably come, as far as their chances are known. */
    getExpectation(charges) {
        if (!charges.known_count) {
            return "";
        }
        const expected = this.formatAmount(charges.expected);
        if (charges.known_count === charges.count) {
            return _t("About %(expected)s of it will probably come.", { expected });
        }
        return _t(
            "About %(expected)s will probably come from %(known)s of them; of the others no chance is known yet.",
            {
                expected,
                known: count(charges.known_count),
            }
        );
    }

    getSpan({ from, to }) {
        const options = { day: "numeric", month: "short" };
        const [start, end] = [from, to].map((day) => deserializeDate(day).toLocaleString(options));
        return start === end ? start : `${start} – ${end}`;
    }

    getAct(name) {
        return ACTS[name];
    }

    // Actions

    act(row, name) {
        const { label, methods, confirm } = ACTS[name];
        const method = methods[row.model === "recovery.case" ? 0 : 1];
        const go = () => this.settle(row, method);
        if (!confirm) {
            return go();
        }
        this.dialog.add(ConfirmationDialog, {
            title: `${row.name} · ${row.customer}`,
            body: confirm,
            confirmLabel: label,
            confirm: go,
            cancel: () => null,
        });
    }

    async settle(row, method) {
        this.state.isBusy = true;
        try {
            const next = await this.orm.call(row.model, method, [[row.id]]);
            if (next?.type) {
                await this.action.doAction(next);
            }
            await this.load();
        } finally {
            this.state.isBusy = false;
        }
    }

    openRecord(model, id) {
        return this.action.doAction({
            type: "ir.actions.act_window",
            res_model: model,
            res_id: id,
            views: [[false, "form"]],
        });
    }

    open(title, { model, domain }) {
        return this.action.doAction({
            type: "ir.actions.act_window",
            name: title,
            res_model: model,
            views: [
                [false, "list"],
                [false, "form"],
            ],
            domain,
        });
    }

    get today() {
        const day = deserializeDate(this.data.months[0].to);
        return day.toLocaleString({ weekday: "long", day: "numeric", month: "long" });
    }
}

registry.category("lazy_components").add("revenue_recovery.Today", Today);
