/** What the rows of the learned tables are called, for a person. */

import { _t } from "@web/core/l10n/translation";
import { user } from "@web/core/user";

const { DateTime, Info } = luxon;

// The Monday from which `timing` counts fortnights.
const FORTNIGHTS_SINCE = "2024-01-01";

const PAY_DAY_LABELS = {
    "0 <9h": _t("pay day, before 9"),
    "0 9-12h": _t("pay day, 9–12"),
    "0 12-16h": _t("pay day, 12–16"),
    "0 16h+": _t("pay day, after 16"),
    1: _t("1 day later"),
    2: _t("2 days"),
    3: _t("3 days"),
    4: _t("4 days"),
    "5-6": _t("5–6 days"),
    "7-9": _t("7–9 days"),
    "10-13": _t("10–13 days"),
    "14+": _t("14 or more"),
};

const GAP_LABELS = {
    "<3h": _t("under 3 h"),
    "3-12h": _t("3–12 h"),
    "1d": _t("1 day"),
    "2d": _t("2 days"),
    "3d": _t("3 days"),
    "4-5d": _t("4–5 days"),
    "6-8d": _t("6–8 days"),
    "9d+": _t("9 or more"),
};

const HABIT_LABELS = {
    erratic: _t("No rhythm: money comes and goes"),
    idle: _t("Hardly ever any money"),
    held: _t("Something stands in the way for long"),
    solid: _t("There is money; something else was in the way"),
    dead: _t("The payment method won't work again"),
};

const QUICK = " quick";

const WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

function weekday(index, length = "long") {
    return Info.weekdays(length, { locale: user.lang })[index];
}

function dayOfMonth(day) {
    return day === 31 ? _t("the last day") : _t("day %(day)s", { day });
}

/** Return the name of a row of one of the tables, as short as a chart needs it. */
export function rowLabel(table, name) {
    switch (table) {
        case "hour":
            return _t("%(hours)s h", { hours: name.replace("-", "–") });
        case "attempt":
            return _t("no. %(number)s", { number: name });
        case "weekday":
            return WEEKDAYS.includes(name) ? weekday(WEEKDAYS.indexOf(name), "short") : name;
        case "payday":
            return String(PAY_DAY_LABELS[name] ?? name);
        case "gap":
            return String(GAP_LABELS[name] ?? name);
        default:
            return name;
    }
}

/**
 * Return a pay habit in words.
 *
 * @param {string} name as `monthly:31`, `twice:1,15`, `fortnightly:4,0`, `weekly:4` or `erratic`;
 *     with ` quick` behind it where the money is gone within a day or two
 * @param {DateTime} [today] from which the next day of a fortnight is looked for
 */
export function habitLabel(name, today = DateTime.now()) {
    if (name.endsWith(QUICK)) {
        const habit = habitLabel(name.slice(0, -QUICK.length), today);
        return _t("%(habit)s; gone within a day or two", { habit });
    }
    const [family, argument = ""] = name.split(":");
    const numbers = argument.split(",").map(Number);
    switch (family) {
        case "monthly":
            return _t("Monthly, %(day)s", { day: dayOfMonth(numbers[0]) });
        case "twice":
            return _t("Twice a month, %(first)s and %(second)s", {
                first: dayOfMonth(numbers[0]),
                second: dayOfMonth(numbers[1]),
            });
        case "fortnightly":
            return _t("Every other week on %(weekday)s, next %(date)s", {
                weekday: weekday(numbers[0]),
                date: nextOfFortnight(numbers[0], numbers[1], today).toLocaleString(
                    { day: "numeric", month: "short" },
                    { locale: user.lang }
                ),
            });
        case "weekly":
            return _t("Every week on %(weekday)s", { weekday: weekday(numbers[0]) });
        default:
            return String(HABIT_LABELS[name] ?? name);
    }
}

export function nextOfFortnight(day, phase, today) {
    const first = DateTime.fromISO(FORTNIGHTS_SINCE).plus({ days: day + 7 * phase });
    const passed = Math.ceil(today.startOf("day").diff(first, "days").days / 14);
    return first.plus({ days: 14 * passed });
}

/** Return a share as a whole percentage, with the space that our sentences have. */
export function percent(share, digits = 0) {
    if (share === null || share === undefined) {
        return "–";
    }
    const number = (100 * share).toLocaleString(user.lang, {
        minimumFractionDigits: digits,
        maximumFractionDigits: digits,
    });
    return `${number}\u00a0%`;
}

/** Return a count; those by believed pay days are fractions. */
export function count(number) {
    return Math.round(number).toLocaleString(user.lang);
}
