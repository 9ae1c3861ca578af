import { ConfirmationDialog } from "@web/core/confirmation_dialog/confirmation_dialog";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { Layout } from "@web/search/layout";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";

import { Component, onMounted, onWillDestroy, useState } from "@odoo/owl";

/** How the states of a line look, and what they are called. */
const STATES = {
    ok: { icon: "fa-check-circle text-success", name: _t("In order") },
    note: { icon: "fa-info-circle text-info", name: _t("To know") },
    todo: { icon: "fa-exclamation-triangle text-warning", name: _t("To do") },
};

/** What is set up, what is not, and a test charge. */
export class SetUp extends Component {
    static template = "revenue_recovery.SetUp";
    static components = { Layout };
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.dialog = useService("dialog");
        this.display = { controlPanel: {} };
        this.state = useState({ status: "loading", error: "", isTrying: false, trial: null });
        this.data = null;
        this.request = 0;
        onMounted(() => this.load());
        onWillDestroy(() => this.request++);
    }

    async load() {
        const request = ++this.request;
        this.state.status = "loading";
        let data = null;
        try {
            data = await this.orm.silent.call("recovery.setup", "get_data", []);
        } catch (error) {
            if (request === this.request) {
                this.state.error = this.read(error);
                this.state.status = "error";
            }
            return;
        }
        if (request === this.request) {
            this.data = data;
            this.state.status = "ready";
        }
    }

    read(error) {
        return error.data?.message || error.message || "";
    }

    getState(name) {
        return STATES[name];
    }

    get summary() {
        const { todo_count: count } = this.data;
        if (!count) {
            return String(_t("Nothing is left to do."));
        }
        return count === 1
            ? String(_t("One thing is left to do."))
            : _t("%(count)s things are left to do.", { count });
    }

    // Actions

    open({ title, model, domain }) {
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

    ask({ id, name, confirm }) {
        this.dialog.add(ConfirmationDialog, {
            title: _t("Try it with a test card (%(provider)s)", { provider: name }),
            body: confirm,
            confirmLabel: _t("Try It"),
            confirm: () => {
                this.try(id); // The dialog need not wait for it.
            },
            cancel: () => null,
        });
    }

    async try(id) {
        this.state.isTrying = true;
        this.state.trial = null;
        try {
            this.state.trial = await this.orm.call("recovery.setup", "try_test_card", [id]);
        } catch (error) {
            const sentence = this.read(error);
            this.state.trial = { is_right: false, lines: [{ state: "todo", sentence }] };
        } finally {
            this.state.isTrying = false;
        }
    }
}

registry.category("lazy_components").add("revenue_recovery.SetUp", SetUp);
