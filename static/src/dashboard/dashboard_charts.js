/** How the charts of the dashboard are drawn: patterns differ, not only colours. */

import { _t } from "@web/core/l10n/translation";

import { palette } from "../timing_screen/timing_charts";
import { count, percent } from "../timing_screen/timing_labels";

const SIZE = 8;
const COLORS = { recovered: "#0F766E", in_recovery: "#B45309", lost: "#9F1239" };

/** Return a filling that can be told from the others without colour, on screen and on paper. */
function pattern(kind) {
    if (kind === "recovered") {
        return COLORS.recovered;
    }
    const tile = document.createElement("canvas");
    tile.width = tile.height = SIZE;
    const ctx = tile.getContext("2d");
    ctx.strokeStyle = ctx.fillStyle = COLORS[kind];
    ctx.lineWidth = 2;
    ctx.beginPath();
    if (kind === "in_recovery") {
        for (const shift of [-SIZE, 0, SIZE]) {
            ctx.moveTo(shift, SIZE);
            ctx.lineTo(shift + SIZE, 0);
        }
        ctx.stroke();
    } else {
        ctx.arc(SIZE / 2, SIZE / 2, 1.8, 0, 2 * Math.PI);
        ctx.fill();
    }
    return ctx.createPattern(tile, "repeat");
}

function options(colors, { horizontal = false, stacked = false, format, title = "" }) {
    const values = {
        stacked,
        beginAtZero: true,
        ticks: { color: colors.text, callback: (value) => format(value, true) },
        grid: { color: colors.grid },
        title: { display: Boolean(title), text: String(title), color: colors.text },
    };
    const names = {
        stacked,
        ticks: { color: colors.text, autoSkip: !horizontal, maxRotation: 60 },
        grid: { display: false },
    };
    return {
        responsive: true,
        maintainAspectRatio: false,
        animation: false,
        indexAxis: horizontal ? "y" : "x",
        scales: horizontal ? { x: values, y: names } : { x: names, y: values },
        plugins: {
            legend: { labels: { color: colors.text } },
            tooltip: {
                callbacks: { label: (item) => `${item.dataset.label}: ${format(item.raw)}` },
            },
        },
    };
}

/**
 * What was recovered, is in recovery, and was lost, on top of each other.
 *
 * @param {HTMLElement} element where the chart is drawn
 * @param {Object[]} rows with `label`, `recovered`, `in_recovery`, `lost`
 * @param {Object} settings `format` of amounts, in short on an axis, `horizontal` for names that are long
 */
export function outcomeChart(element, rows, { format, horizontal = false }) {
    const names = {
        recovered: _t("Recovered"),
        in_recovery: _t("In recovery"),
        lost: _t("Lost"),
    };
    return {
        type: "bar",
        data: {
            labels: rows.map((row) => row.label),
            datasets: Object.entries(names).map(([kind, label]) => ({
                label: String(label),
                data: rows.map((row) => row[kind]),
                backgroundColor: pattern(kind),
                borderColor: COLORS[kind],
                borderWidth: 1,
                maxBarThickness: 44,
            })),
        },
        options: options(palette(element), { horizontal, stacked: true, format }),
    };
}

/** One bar for each row, of `label` and `value`. */
export function barChart(element, rows, { format, horizontal = false, label }) {
    const colors = palette(element);
    const config = {
        type: "bar",
        data: {
            labels: rows.map((row) => row.label),
            datasets: [
                {
                    label: String(label),
                    data: rows.map((row) => row.value),
                    backgroundColor: COLORS.recovered,
                    maxBarThickness: 44,
                },
            ],
        },
        options: options(colors, { horizontal, format }),
    };
    config.options.plugins.legend.display = false;
    return config;
}

/** Which share of what failed was recovered by each day after the failure. */
export function curveChart(element, points) {
    const colors = palette(element);
    const config = {
        type: "line",
        data: {
            labels: points.map((point) => count(point.day)),
            datasets: [
                {
                    label: String(_t("Recovered by then")),
                    data: points.map((point) => point.share),
                    borderColor: COLORS.recovered,
                    backgroundColor: COLORS.recovered,
                    stepped: true,
                    pointRadius: 2,
                },
            ],
        },
        options: options(colors, { format: (value) => percent(value) }),
    };
    config.options.plugins.legend.display = false;
    config.options.scales.x.title = {
        display: true,
        text: String(_t("Days after the failure")),
        color: colors.text,
    };
    return config;
}
