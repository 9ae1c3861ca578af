import { loadBundle } from "@web/core/assets";
import { router } from "@web/core/browser/router";
import { formatCurrency } from "@web/core/currency";
import { deserializeDate } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { user } from "@web/core/user";
import { useService } from "@web/core/utils/hooks";
import { Layout } from "@web/search/layout";
import { useSetupAction } from "@web/search/action_hook";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";

import { Component, onMounted, onWillDestroy, onWillStart, useState } from "@odoo/owl";

import { count, percent } from "../timing_screen/timing_labels";
import { DashboardCard } from "./dashboard_card";
import { makeCards } from "./dashboard_cards";
import { makeTiles } from "./dashboard_tiles";

const { DateTime } = luxon;

const PERIODS = [
    { id: "month", name: _t("This month"), months: 1 },
    { id: "quarter", name: _t("3 months"), months: 3 },
    { id: "half", name: _t("6 months"), months: 6 },
    { id: "year", name: _t("12 months"), months: 12 },
    { id: "two_years", name: _t("24 months"), months: 24 },
];

/** What failed, what came back, and what it was worth. */
export class Dashboard extends Component {
    static template = "revenue_recovery.Dashboard";
    static components = { Layout, DashboardCard };
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.display = { controlPanel: {} };
        this.periods = PERIODS.map((period) => ({ ...period, name: String(period.name) }));
        this.companies = user.activeCompanies;
        this.state = useState({
            ...this.readFilters(),
            status: "loading",
            error: "",
            replay: null,
            isReplaying: false,
            tries: 4,
            days: 14,
        });
        this.data = null;
        this.request = 0;
        useSetupAction({ getLocalState: () => this.filters });
        onWillStart(() => loadBundle("web.chartjs_lib"));
        onMounted(() => this.load());
        onWillDestroy(() => this.request++);
    }

    // Filters: they stay in the address, and when somebody comes back from a list

    readFilters() {
        const told = this.props.state || router.current;
        const companyId = Number(told.company) || 0;
        return {
            period: PERIODS.some(({ id }) => id === told.period) ? told.period : "year",
            company: this.companies.some(({ id }) => id === companyId) ? companyId : 0,
            until: DateTime.fromISO(String(told.until || "")).isValid ? told.until : false,
        };
    }

    get filters() {
        const { period, company, until } = this.state;
        return { period, company, until };
    }

    onPeriodChange(ev) {
        this.change({ period: ev.target.value });
    }

    onCompanyChange(ev) {
        this.change({ company: Number(ev.target.value) });
    }

    /** Go as many months back, or forth, as are shown. */
    shift(direction) {
        const { months } = PERIODS.find(({ id }) => id === this.state.period);
        const until = DateTime.fromISO(this.data.to).startOf("month");
        const moved = until.plus({ months: direction * months });
        this.change({ until: moved < DateTime.now().startOf("month") && moved.toISODate() });
    }

    change(filters) {
        Object.assign(this.state, filters);
        this.load();
    }

    // Data

    async load() {
        const request = ++this.request;
        this.state.status = "loading";
        this.state.replay = null;
        const { period, company, until } = this.state;
        let data = null;
        try {
            data = await this.orm.silent.call("recovery.dashboard", "get_data", [
                period,
                this.chosenCompanies,
                until,
            ]);
        } catch (error) {
            if (request === this.request) {
                this.state.error = error.data?.message || error.message || "";
                this.state.status = "error";
            }
            return;
        }
        if (request !== this.request) {
            return; // Another period was chosen meanwhile, or the dashboard was left.
        }
        this.data = data;
        if (!data.is_empty) {
            this.tiles = makeTiles(data, (value) => this.formatAmount(value));
            this.cards = makeCards(data, {
                amount: (value, isShort) => this.formatAmount(value, isShort),
                month: (day) => this.formatMonth(day),
            });
        }
        this.props.updateActionState?.({ period, company: company || false, until });
        this.state.status = data.is_empty ? "empty" : "ready";
    }

    get chosenCompanies() {
        const { company } = this.state;
        return company ? [company] : this.companies.map(({ id }) => id);
    }

    /** Asked for by itself: it reads and weighs every decision of the months. */
    async replay() {
        const request = this.request;
        this.state.isReplaying = true;
        try {
            const months = Math.max(PERIODS.find(({ id }) => id === this.state.period).months, 3);
            const { tries, days } = this.state;
            const args = [months, this.chosenCompanies, tries, days];
            const replay = await this.orm.call("recovery.dashboard", "get_replay", args);
            if (request === this.request) {
                this.state.replay = replay;
            }
        } finally {
            this.state.isReplaying = false;
        }
    }

    get replayRows() {
        const interval = (share, [low, high]) =>
            `${percent(share, 1)} (${percent(low)} – ${percent(high)})`;
        const doubts = {
            few: String(_t("By the odds only: too few cases")),
            unsupported: String(_t("By the odds only: it was never tried")),
        };
        return this.state.replay.policies.map((policy) => ({
            ...policy,
            cells: [
                // A number that means nothing would be believed all the same.
                policy.is_told ? interval(policy.robust, policy.robust_interval) : "–",
                policy.is_told ? interval(policy.snips, policy.snips_interval) : "–",
                count(policy.effective),
                percent(policy.supported),
                policy.expected === null ? "–" : percent(policy.expected, 1),
                policy.is_enough || policy.expected === null
                    ? String(policy.is_enough ? _t("By the cases") : _t("No: too few cases"))
                    : doubts[policy.why],
            ],
        }));
    }

    // Texts

    /** Whole units where there are many, and on an axis: cents are in the lists behind. */
    formatAmount(value, isShort = false) {
        const isWhole = Math.abs(value) >= 1000 || (isShort && Number.isInteger(value));
        const digits = isWhole ? [16, 0] : undefined;
        return formatCurrency(value || 0, this.data.currency.id, { digits });
    }

    formatExact(value, currencyId) {
        return formatCurrency(value, currencyId);
    }

    formatDay(day) {
        return day ? deserializeDate(day).toLocaleString(DateTime.DATE_MED) : "";
    }

    formatMonth(day) {
        return deserializeDate(day).toLocaleString({ month: "short", year: "numeric" });
    }

    formatShare(value) {
        return percent(value, 1);
    }

    formatCount(value) {
        return count(value);
    }

    get span() {
        const { from, to } = this.data;
        const values = { from: this.formatMonth(from), to: this.formatMonth(to) };
        return this.tiles.some((tile) => tile.change)
            ? _t("%(from)s to %(to)s, compared with the months before", values)
            : _t("%(from)s to %(to)s; there is nothing before to compare with", values);
    }

    get companyNames() {
        return this.data.companies.map(({ name }) => name).join(", ");
    }

    get armRows() {
        const { smart, control } = this.data.arms;
        return [
            { name: String(_t("Smart")), ...smart },
            { name: String(_t("Control")), ...control },
        ].map((row) => ({
            ...row,
            share: percent(row.rate_count, 1),
            target: { title: row.name, model: "recovery.case.report", domain: row.domain },
        }));
    }

    // Actions

    /** Open the list of the records behind a number. */
    open({ title, model, domain }) {
        return this.action.doAction({
            type: "ir.actions.act_window",
            name: title,
            res_model: model,
            views: [
                [false, "list"],
                ...(model === "payment.token"
                    ? [[false, "form"]]
                    : [
                          [false, "pivot"],
                          [false, "graph"],
                      ]),
            ],
            domain,
        });
    }

    openCustomer(customer) {
        return this.openRecord("res.partner", customer.id);
    }

    openCases(customer) {
        const { name: title, domain } = customer;
        return this.open({ title, model: "recovery.case.report", domain });
    }

    openCase(line) {
        return this.openRecord("recovery.case", line.id);
    }

    openRecord(model, id) {
        return this.action.doAction({
            type: "ir.actions.act_window",
            res_model: model,
            res_id: id,
            views: [[false, "form"]],
        });
    }

    /** Where a table is downloaded, for whoever may export. */
    getDownload(table) {
        if (!this.data.can_export) {
            return "";
        }
        const { period, until } = this.state;
        const query = new URLSearchParams({ period, company_ids: this.chosenCompanies.join(",") });
        if (until) {
            query.set("until", until);
        }
        return (extension) => `/recovery/dashboard/${table}.${extension}?${query}`;
    }

    print() {
        window.print();
    }

    /** The report of the last month shown, as a PDF where the server can, else as a page. */
    printMonth() {
        const { to: until, companies } = this.data;
        return this.action.doAction({
            type: "ir.actions.report",
            report_type: "qweb-pdf",
            report_name: "revenue_recovery.report_recovery_month",
            report_file: "revenue_recovery.report_recovery_month",
            data: { until, company_ids: companies.map(({ id }) => id) },
        });
    }
}

registry.category("lazy_components").add("revenue_recovery.Dashboard", Dashboard);
