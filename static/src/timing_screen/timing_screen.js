import { loadBundle } from "@web/core/assets";
import { ConfirmationDialog } from "@web/core/confirmation_dialog/confirmation_dialog";
import {
    deserializeDateTime,
    toLocaleDateString,
    toLocaleDateTimeString,
} from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { user } from "@web/core/user";
import { useService } from "@web/core/utils/hooks";
import { Layout } from "@web/search/layout";

import { Component, onMounted, onWillDestroy, onWillStart, useState } from "@odoo/owl";

import { TimingCard } from "./timing_card";
import { calibrationChart, shareChart } from "./timing_charts";
import { count, habitLabel, percent, rowLabel } from "./timing_labels";
import {
    calibrationSentence,
    expectation,
    finding,
    promisesSentence,
    rowInterval,
} from "./timing_statistics";

const { DateTime } = luxon;

const SHOWN_HABITS = 8;
const TABLES = [
    {
        id: "hour",
        title: _t("Share of retries that were paid, by hour"),
        help: _t("Hour of the day where the customer lives."),
        column: _t("Hour"),
    },
    {
        id: "weekday",
        title: _t("Share of retries that were paid, by weekday"),
        help: _t("Weekday where the customer lives."),
        column: _t("Weekday"),
    },
    {
        id: "attempt",
        title: _t("Share of retries that were paid, by number of the retry"),
        help: _t("The first retry is the one after the first failed charge."),
        column: _t("Retry"),
    },
    {
        id: "gap",
        title: _t("Share of retries that were paid, by time since the last failure"),
        help: "",
        column: _t("Since the failure"),
    },
    {
        id: "payday",
        title: _t("Share of retries that are expected to be paid, by distance to pay day"),
        help: _t(
            "Nobody tells us pay days: they are inferred from when charges succeed, so a charge may count in part for several. What was seen would only confirm itself, and is left out."
        ),
        column: _t("Since pay day"),
        horizontal: true,
        isInferred: true,
    },
    {
        id: "reason",
        title: _t("Share of retries that were paid, by reason of the decline"),
        help: _t("What the bank or the provider answered the time before."),
        column: _t("Reason"),
        horizontal: true,
    },
];

/** What the timing engine has learned, for people: charts, tables and how far to trust them. */
export class TimingScreen extends Component {
    static template = "revenue_recovery.TimingScreen";
    static components = { Layout, TimingCard };
    static props = {};

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.dialog = useService("dialog");
        this.display = { controlPanel: {} };
        this.companies = user.activeCompanies;
        this.state = useState({
            companyId: user.activeCompany.id,
            status: "loading",
            error: "",
            isWorking: false,
        });
        this.data = null;
        this.isManager = false;
        this.request = 0;
        onWillStart(async () => {
            const [isManager] = await Promise.all([
                user.hasGroup("revenue_recovery.group_recovery_manager"),
                loadBundle("web.chartjs_lib"),
            ]);
            this.isManager = isManager;
        });
        onMounted(() => this.load());
        onWillDestroy(() => this.request++);
    }

    // Data

    /** The chosen company comes first: it is the one that the server works for. */
    get context() {
        const others = this.companies.map((company) => company.id);
        const { companyId } = this.state;
        return { allowed_company_ids: [companyId, ...others.filter((id) => id !== companyId)] };
    }

    async load() {
        const request = ++this.request;
        this.state.status = "loading";
        let data = null;
        try {
            data = await this.orm.silent.call(
                "recovery.timing",
                "get_screen_data",
                [this.state.companyId],
                { context: this.context }
            );
        } catch (error) {
            if (request === this.request) {
                this.state.error = error.data?.message || error.message || "";
                this.state.status = "error";
            }
            return;
        }
        if (request !== this.request) {
            return; // Another company was chosen meanwhile, or the screen was left.
        }
        this.data = data;
        this.cards = this.makeCards(data);
        this.state.status = data.attempts ? "ready" : "empty";
    }

    makeCards(data) {
        const cards = TABLES.filter(({ id }) => data.tables[id]?.length).map((table) => {
            const rows = data.tables[table.id].map((row) => ({
                ...row,
                label: rowLabel(table.id, row.name),
            }));
            return this.makeTableCard(table, rows);
        });
        return [
            ...cards,
            this.makeHabitsCard(data),
            this.makePromisesCard(data),
            this.makeCalibrationCard(data),
        ].filter(Boolean);
    }

    makePromisesCard({ promises }) {
        if (!promises.length) {
            return null;
        }
        const rows = promises.map((row) => ({ ...row, label: rowLabel("attempt", row.name) }));
        return {
            id: "promises",
            title: String(_t("Promised and paid, by number of the retry")),
            help: String(
                _t("The promise is the probability that was named when a retry was planned.")
            ),
            finding: String(promisesSentence(rows)),
            config: (element) =>
                shareChart(element, rows, { withPrior: false, learned: _t("Promised") }),
            height: 300,
            columns: [
                _t("Retry"),
                _t("Charges"),
                _t("Promised on average"),
                _t("Paid"),
                _t("90 % interval"),
            ].map(String),
            lines: rows.map((row) => [
                row.label,
                count(row.count),
                percent(row.learned, 1),
                percent(row.seen, 1),
                this.formatInterval(rowInterval(row)),
            ]),
        };
    }

    makeTableCard({ id, title, help, column, horizontal = false, isInferred = false }, rows) {
        const columns = [
            [column, (row) => row.label],
            [_t("Charges"), (row) => count(row.count)],
            [_t("Seen"), (row) => percent(row.seen), isInferred],
            [_t("90 % interval"), (row) => this.formatInterval(rowInterval(row)), isInferred],
            [_t("Learned"), (row) => percent(row.learned)],
            [_t("Before learning"), (row) => percent(row.prior)],
        ].filter(([_name, _read, isHidden]) => !isHidden);
        return {
            id,
            title: String(title),
            help: String(help),
            finding: String(isInferred ? expectation(rows) : finding(rows)),
            config: (element) => shareChart(element, rows, { horizontal, withSeen: !isInferred }),
            height: horizontal ? 90 + 34 * rows.length : 300,
            columns: columns.map(([name]) => String(name)),
            lines: rows.map((row) => columns.map(([_name, read]) => read(row))),
        };
    }

    makeHabitsCard({ habits }) {
        if (!habits.length) {
            return null;
        }
        const rows = habits.map((row) => ({ ...row, label: String(habitLabel(row.name)) }));
        const shown = rows.slice(0, SHOWN_HABITS);
        return {
            id: "habits",
            title: String(_t("How customers whose charges fail are paid")),
            help: String(_t("A pay day on a day off counts as the working day before.")),
            finding: String(
                _t("Most frequent: %(habit)s (%(share)s).", {
                    habit: rows[0].label,
                    share: percent(rows[0].learned),
                })
            ),
            config: (element) =>
                shareChart(element, shown, {
                    horizontal: true,
                    withSeen: false,
                    withCount: false,
                }),
            height: 90 + 34 * shown.length,
            columns: [_t("Habit"), _t("Learned"), _t("Before learning")].map(String),
            lines: rows.map((row) => [row.label, percent(row.learned, 1), percent(row.prior, 1)]),
        };
    }

    makeCalibrationCard({ calibration }) {
        return {
            id: "calibration",
            title: String(_t("Are the promised probabilities kept?")),
            help: String(
                _t(
                    "Each point: charges that were promised about the same. On the dashed line the promise was kept."
                )
            ),
            finding: String(calibrationSentence(calibration)),
            config: (element) => calibrationChart(element, calibration.bins),
            height: 360,
            columns: [_t("Promised"), _t("Charges"), _t("Promised on average"), _t("Paid")].map(
                String
            ),
            lines: calibration.bins.map((bin) => [
                `${percent(bin.low)} – ${percent(bin.high)}`,
                count(bin.count),
                percent(bin.promised, 1),
                percent(bin.paid, 1),
            ]),
        };
    }

    // Texts

    get companyName() {
        return this.companies.find(({ id }) => id === this.state.companyId).name;
    }

    formatInterval(interval) {
        return interval ? `${percent(interval[0])} – ${percent(interval[1])}` : "–";
    }

    get basis() {
        const { attempts, cases, since } = this.data;
        const values = { attempts: count(attempts), cases: count(cases) };
        return since
            ? _t("Rests on %(attempts)s charges of %(cases)s cases since %(date)s.", {
                  ...values,
                  date: toLocaleDateString(this.readInstant(since)),
              })
            : _t("Rests on %(attempts)s charges of %(cases)s cases.", values);
    }

    get learnedAt() {
        const { learned_at, rebuilding } = this.data;
        if (rebuilding) {
            return _t("A job is learning from all charges again: come back in a few minutes.");
        }
        return learned_at
            ? _t("Last learned on %(date)s.", {
                  date: toLocaleDateTimeString(this.readInstant(learned_at), {
                      showSeconds: false,
                  }),
              })
            : _t("Learns every night.");
    }

    readInstant(text) {
        return text.includes("T")
            ? DateTime.fromISO(text, { zone: "utc" }).setZone("default")
            : deserializeDateTime(text.length > 10 ? text : `${text} 00:00:00`);
    }

    // Actions

    onCompanyChange(ev) {
        this.state.companyId = Number(ev.target.value);
        this.load();
    }

    rebuild() {
        return this.run("action_rebuild");
    }

    reset() {
        this.dialog.add(ConfirmationDialog, {
            title: _t("Forget what was learned"),
            body: _t(
                "Charges are then planned from the shipped priors, and learning begins anew. The charges themselves stay; Rebuild learns from all of them again."
            ),
            confirmLabel: _t("Reset"),
            confirmClass: "btn-danger",
            confirm: () => this.run("action_reset"),
            cancel: () => null,
        });
    }

    /** The server tells what was done, and opens the screen anew. */
    async run(method) {
        this.state.isWorking = true;
        try {
            const { context } = this;
            const told = await this.orm.call("recovery.timing", method, [[]], { context });
            await this.action.doAction(told);
        } finally {
            this.state.isWorking = false;
        }
    }
}

registry.category("lazy_components").add("revenue_recovery.TimingScreen", TimingScreen);
