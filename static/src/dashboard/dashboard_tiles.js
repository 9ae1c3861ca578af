/** The tiles on top of the dashboard: a number, the one before, and the records behind it. */

import { _t } from "@web/core/l10n/translation";
import { user } from "@web/core/user";

import { count, percent } from "../timing_screen/timing_labels";

const CASES = "recovery.case.report";

/** Return the change of an amount or a count in words, nothing where there was none before. */
function change(now, before) {
    if (!before) {
        return "";
    }
    const share = (now - before) / Math.abs(before);
    if (share >= 9) {
        return String(_t("more than ten times as much"));
    }
    return signed(share, percent(Math.abs(share)));
}

/** Return the change of a share, in percentage points, nothing where there was none before. */
function points(now, before) {
    if (now === null || before === null) {
        return "";
    }
    // What is told is compared: ever so little more is no news.
    const difference = Math.round(1000 * (now - before)) / 10;
    const number = Math.abs(difference).toLocaleString(user.lang, { maximumFractionDigits: 1 });
    return signed(difference, String(_t("%(number)s points", { number })));
}

function signed(difference, text) {
    if (!difference) {
        return String(_t("as before"));
    }
    const values = { text };
    return String(difference > 0 ? _t("up %(text)s", values) : _t("down %(text)s", values));
}

function number(value) {
    return value === null ? "–" : value.toLocaleString(user.lang, { maximumFractionDigits: 1 });
}

/**
 * @param {Object} data as the server tells it
 * @param {Function} amount returns an amount as text
 * @returns {Object[]} tiles with `id`, `title`, `help`, `value`, `detail`, `change`, `target`
 */
export function makeTiles(data, amount) {
    const { total, previous, domain, first_charges: first, all_retries: retries } = data;
    const outcome = (name) => [...domain, ["outcome", "=", name]];
    const tiles = [
        {
            id: "failed",
            title: _t("Failed"),
            help: _t("What first charges that failed asked for, less what was credited since."),
            value: amount(total.failed),
            detail: _t("%(count)s payments", { count: count(total.count) }),
            change: change(total.failed, previous.failed),
            domain: [...domain, ["outcome", "!=", "cancelled"]],
        },
        {
            id: "recovered",
            title: _t("Recovered"),
            help: _t("What of it has been paid since, by any way."),
            value: amount(total.recovered),
            detail: _t("%(count)s payments in full", { count: count(total.recovered_count) }),
            change: change(total.recovered, previous.recovered),
            domain: [...domain, ["recovered_amount", ">", 0]],
        },
        {
            id: "in_recovery",
            title: _t("In recovery"),
            help: _t("What of it is still open, in cases that go on."),
            value: amount(total.in_recovery),
            detail: _t("%(count)s payments", { count: count(total.open_count) }),
            change: change(total.in_recovery, previous.in_recovery),
            domain: outcome("in_recovery"),
        },
        {
            id: "lost",
            title: _t("Lost"),
            help: _t("What of it was given up, or written off with a payment."),
            value: amount(total.lost),
            detail: _t("%(count)s payments", { count: count(total.lost_count) }),
            change: change(total.lost, previous.lost),
            domain: [...domain, ["lost_amount", ">", 0]],
        },
        {
            id: "rate",
            title: _t("Recovery rate"),
            help: _t("Share of the failed amount that was recovered, by any way."),
            value: percent(total.rate, 1),
            detail: _t("%(rate)s of the payments", { rate: percent(total.rate_count, 1) }),
            change: points(total.rate, previous.rate),
            domain: [...domain, ["outcome", "!=", "cancelled"]],
        },
        {
            id: "failure_rate",
            title: _t("Failure rate"),
            help: _t(
                "Share of the amount of automatic first charges that failed, by day of the charge."
            ),
            value: percent(first.failure_rate, 1),
            detail: _t("%(rate)s of %(count)s first charges", {
                rate: percent(first.failure_rate_count, 1),
                count: count(first.charges),
            }),
            change: points(first.failure_rate, first.previous_failure_rate),
            model: first.model,
            domain: first.failed_domain,
        },
        {
            id: "days",
            title: _t("Days to recover"),
            help: _t("Half of the recovered payments came within so many days after the failure."),
            value: data.days.median === null ? "–" : count(data.days.median),
            detail: _t("median"),
            domain: data.days.domain,
        },
        {
            id: "retries",
            title: _t("Retries per recovery"),
            help: _t("Retries that were charged, for each one that was paid."),
            value: number(retries.charges_per_success),
            detail: _t("%(count)s retries", { count: count(retries.charges) }),
            change: change(retries.charges_per_success, retries.previous_charges_per_success),
            model: retries.model,
            domain: retries.domain,
        },
        {
            id: "cards",
            title: _t("Cards at risk"),
            help: _t("Cards that collect open invoices and stop working within %(days)s days.", {
                days: data.cards.days,
            }),
            value: count(data.cards.count),
            detail: _t("%(amount)s to collect", { amount: amount(data.cards.amount) }),
            model: data.cards.model,
            domain: data.cards.domain,
        },
        {
            id: "held",
            title: _t("Network refusals avoided"),
            help: _t("Charges that a card network's or bank scheme's rule put off or refused."),
            value: count(data.held.count),
            detail: _t("charges"),
            change: change(data.held.count, data.held.previous),
            model: data.held.model,
            domain: data.held.domain,
        },
    ];
    return tiles.map(({ model = CASES, domain: tileDomain, ...tile }) => ({
        ...tile,
        title: String(tile.title),
        help: String(tile.help),
        detail: String(tile.detail),
        change: tile.change || "",
        target: { title: String(tile.title), model, domain: tileDomain },
    }));
}
