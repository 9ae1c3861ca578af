/** What the charts of the dashboard show, and the sentence over each of them. */

import { _t } from "@web/core/l10n/translation";

import { count, percent } from "../timing_screen/timing_labels";
import { barChart, curveChart, outcomeChart } from "./dashboard_charts";

const SHOWN_REASONS = 8;

const CASES = "recovery.case.report";

/**
 * @param {Object} data as the server tells it
 * @param {Object} formats `amount` and `month`, functions that return text
 * @returns {Object[]} the props of the cards, those with nothing to show left out
 */
export function makeCards(data, formats) {
    return [
        monthsCard(data, formats),
        channelsCard(data, formats),
        reasonsCard(data, formats),
        retriesCard(data),
        daysCard(data, formats),
    ].filter(Boolean);
}

function target(title, row) {
    return { title: String(title), model: row.model || CASES, domain: row.domain };
}

function outcomeCells(row, { amount }) {
    return [
        amount(row.failed),
        amount(row.recovered),
        amount(row.in_recovery),
        amount(row.lost),
        percent(row.rate, 1),
        count(row.count),
    ];
}

const OUTCOME_COLUMNS = [
    _t("Failed"),
    _t("Recovered"),
    _t("In recovery"),
    _t("Lost"),
    _t("Recovery rate"),
    _t("Payments"),
];

function monthsCard(data, formats) {
    const rows = data.months.map((row) => ({
        ...row,
        label: row.is_final
            ? formats.month(row.month)
            : String(_t("%(month)s (not final)", { month: formats.month(row.month) })),
    }));
    const open = rows.filter((row) => !row.is_final).length;
    return {
        id: "months",
        title: String(_t("What became of the payments that failed, by month of the failure")),
        help: String(_t("A payment in May for a charge that failed in March counts in March.")),
        finding: String(
            open
                ? _t("%(open)s of %(all)s months are not final: their recovery rates still rise.", {
                      open,
                      all: rows.length,
                  })
                : _t("All months are final.")
        ),
        config: (element) => outcomeChart(element, rows, { format: formats.amount }),
        wide: true,
        columns: [_t("Month"), ...OUTCOME_COLUMNS].map(String),
        lines: rows.map((row) => ({
            cells: [row.label, ...outcomeCells(row, formats)],
            target: target(row.label, row),
        })),
    };
}

function channelsCard({ channels }, formats) {
    if (!channels.length) {
        return null;
    }
    const total = channels.reduce((sum, row) => sum + row.amount, 0);
    const rows = channels.map((row) => ({ ...row, label: row.name, value: row.amount }));
    return {
        id: "channels",
        title: String(_t("How the money came back")),
        help: String(
            _t(
                "Each payment by its own channel: a case that was paid in parts counts in each of them."
            )
        ),
        finding: String(
            _t("%(channel)s brought %(share)s of what was recovered.", {
                channel: rows[0].name,
                share: percent(rows[0].amount / total),
            })
        ),
        config: (element) =>
            barChart(element, rows, {
                format: formats.amount,
                horizontal: true,
                label: _t("Recovered"),
            }),
        height: 90 + 30 * rows.length,
        columns: [_t("Way"), _t("Recovered"), _t("Share"), _t("Payments")].map(String),
        lines: rows.map((row) => ({
            cells: [
                row.name,
                formats.amount(row.amount),
                percent(row.amount / total, 1),
                count(row.count),
            ],
            target: target(row.name, row),
        })),
    };
}

function reasonsCard({ reasons, total }, formats) {
    if (!reasons.length) {
        return null;
    }
    const rows = reasons.map((row) => ({ ...row, label: row.name }));
    const shown = rows.slice(0, SHOWN_REASONS);
    return {
        id: "reasons",
        title: String(_t("Why payments failed, and what became of them")),
        help: String(_t("By the reason of the first decline. The table has all of them.")),
        finding: String(
            _t("%(reason)s: %(share)s of what failed, of which %(rate)s was recovered.", {
                reason: rows[0].name,
                share: percent(total.failed ? rows[0].failed / total.failed : null),
                rate: percent(rows[0].rate),
            })
        ),
        config: (element) =>
            outcomeChart(element, shown, { format: formats.amount, horizontal: true }),
        height: 110 + 30 * shown.length,
        columns: [_t("Reason"), ...OUTCOME_COLUMNS].map(String),
        lines: rows.map((row) => ({
            cells: [row.name, ...outcomeCells(row, formats)],
            target: target(row.name, row),
        })),
    };
}

function retriesCard({ retries, all_retries: all }) {
    if (!retries.length) {
        return null;
    }
    const rows = retries.map((row) => ({
        ...row,
        label: String(_t("no. %(number)s", { number: row.number })),
        value: row.share,
    }));
    return {
        id: "retries",
        title: String(_t("Which retries are paid")),
        help: String(_t("Number 1 is the first charge after the failure. By day of the charge.")),
        finding: String(
            all.paid
                ? _t("One payment for every %(charges)s retries.", {
                      charges: all.charges_per_success.toFixed(1),
                  })
                : _t("No retry was paid.")
        ),
        config: (element) =>
            barChart(element, rows, { format: (value) => percent(value), label: _t("Paid") }),
        columns: [_t("Retry"), _t("Charges"), _t("Paid"), _t("Share paid")].map(String),
        lines: rows.map((row) => ({
            cells: [row.label, count(row.charges), count(row.paid), percent(row.share, 1)],
            target: target(_t("Retry %(number)s", row), row),
        })),
    };
}

function daysCard({ days }, formats) {
    if (!days.points.length) {
        return null;
    }
    return {
        id: "days",
        title: String(_t("How fast the money comes back")),
        help: String(_t("Share of all that failed that came with the last payment of its case.")),
        finding: String(
            _t("Half of the recovered payments came within %(days)s days.", {
                days: count(days.median),
            })
        ),
        config: (element) => curveChart(element, days.points),
        columns: [_t("Days"), _t("Recovered by then"), _t("Share"), _t("Payments")].map(String),
        lines: days.points.map((point) => ({
            cells: [
                count(point.day),
                formats.amount(point.amount),
                percent(point.share, 1),
                count(point.count),
            ],
            target: target(_t("Recovered within %(day)s days", point), point),
        })),
    };
}
