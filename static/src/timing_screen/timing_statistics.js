/** What the numbers on the screen say: intervals and sentences. Plain functions. */

import { _t } from "@web/core/l10n/translation";

import { count, percent } from "./timing_labels";

// The quantile of an interval that holds the truth nine times in ten.
const Z = 1.645;
// Below this nobody should read a difference into a bar.
const ENOUGH_TRIES = 30;
const ENOUGH_PROMISES = 200;

/** Return Wilson's 90 % interval of a share, or null without anything to count. */
export function wilson(share, number) {
    if (share === null || share === undefined || number < 1) {
        return null;
    }
    const middle = (share + (Z * Z) / (2 * number)) / (1 + (Z * Z) / number);
    const half =
        (Z / (1 + (Z * Z) / number)) *
        Math.sqrt((share * (1 - share)) / number + (Z * Z) / (4 * number * number));
    return [Math.max(middle - half, 0), Math.min(middle + half, 1)];
}

/** Return the interval of what was seen in a row: the server's, else Wilson's. */
export function rowInterval(row) {
    if (typeof row.low === "number" && typeof row.high === "number") {
        return [row.low, row.high];
    }
    return wilson(row.seen, row.count);
}

/**
 * Tell whether rows differ by more than chance, once in a hundred cases wrongly.
 *
 * A chi-squared test of all of them: the best and the worst of many rows always look different.
 */
export function differ(rows) {
    const number = rows.reduce((sum, row) => sum + row.count, 0);
    const share = rows.reduce((sum, row) => sum + row.count * row.seen, 0) / number;
    if (share <= 0 || share >= 1) {
        return false;
    }
    const distance = rows.reduce((sum, row) => sum + row.count * (row.seen - share) ** 2, 0);
    const free = rows.length - 1;
    const unit = 2 / (9 * free); // Wilson and Hilferty's cube root
    return distance / (share * (1 - share)) > free * (1 - unit + 2.326 * Math.sqrt(unit)) ** 3;
}

/** Return what stands out in a table, in one sentence. */
export function finding(rows) {
    const solid = rows.filter((row) => row.count >= ENOUGH_TRIES && row.seen !== null);
    if (solid.length < 2) {
        return _t("Not enough to compare so far.");
    }
    if (!differ(solid)) {
        return _t("No clear difference so far.");
    }
    solid.sort((one, two) => two.seen - one.seen);
    const [best, worst] = [solid[0], solid.at(-1)];
    return _t("Best: %(best)s, %(high)s paid. Worst: %(worst)s, %(low)s paid.", {
        best: best.label,
        high: percent(best.seen),
        worst: worst.label,
        low: percent(worst.seen),
    });
}

/** Return what is expected of rows that can't be seen themselves, in one sentence. */
export function expectation(rows) {
    if (rows.reduce((sum, row) => sum + row.count, 0) < ENOUGH_TRIES) {
        return _t("Too few charges so far to learn from.");
    }
    const sorted = [...rows].sort((one, two) => two.learned - one.learned);
    return _t("Expected to be best: %(best)s, %(high)s. Worst: %(worst)s, %(low)s.", {
        best: sorted[0].label,
        high: percent(sorted[0].learned),
        worst: sorted.at(-1).label,
        low: percent(sorted.at(-1).learned),
    });
}

/** Return in words whether retries bring what was promised of them, all numbers together. */
export function promisesSentence(rows) {
    const number = rows.reduce((sum, row) => sum + row.count, 0);
    const promised = rows.reduce((sum, row) => sum + row.count * row.learned, 0);
    const paid = rows.reduce((sum, row) => sum + row.count * row.seen, 0);
    return _t("Of %(count)s retries %(promised)s were promised to be paid, and %(paid)s were.", {
        count: count(number),
        promised: count(promised),
        paid: count(paid),
    });
}

/** Return in words how far promised probabilities can be relied on. */
export function calibrationSentence({ bins, ece }) {
    const number = bins.reduce((sum, bin) => sum + bin.count, 0);
    if (!number || ece === null || ece === false) {
        return _t("No charge has been made on a promise yet, so there is nothing to compare.");
    }
    const values = { count: count(number), off: (100 * ece).toFixed(ece < 0.1 ? 1 : 0) };
    if (number < ENOUGH_PROMISES) {
        return _t(
            "Only %(count)s charges were made on a promise so far: too few to judge. Of 100 charges, the number paid differs from the promise by about %(off)s.",
            values
        );
    }
    if (ece <= 0.03) {
        return _t(
            "You can rely on the promises: of 100 charges, the number paid differs from the promise by about %(off)s (%(count)s charges).",
            values
        );
    }
    if (ece <= 0.08) {
        return _t(
            "The promises are roughly right: of 100 charges, the number paid differs from the promise by about %(off)s (%(count)s charges).",
            values
        );
    }
    return _t(
        "Take the promises with caution: of 100 charges, the number paid differs from the promise by about %(off)s (%(count)s charges). A rebuild may help.",
        values
    );
}
