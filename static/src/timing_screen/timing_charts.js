/** How the charts are drawn: configurations of Chart.js. Shapes differ, not only colours. */

import { getColor } from "@web/core/colors/colors";
import { _t } from "@web/core/l10n/translation";

import { count, percent } from "./timing_labels";
import { rowInterval, wilson } from "./timing_statistics";

/** Follow the text around the chart, so that it can be read on whatever background there is. */
export function palette(element) {
    const text = getComputedStyle(element).color;
    const [red, green, blue] = (text.match(/[\d.]+/g) || [0, 0, 0]).map(Number);
    const isDark = red + green + blue > 3 * 128;
    return {
        text,
        grid: `rgba(${red}, ${green}, ${blue}, 0.12)`,
        learned: getColor(0, isDark ? "dark" : "bright", "sm"),
        seen: isDark ? "#FDBA74" : "#C2410C",
    };
}

/** Draws the interval of each point of a data set that has `intervals`, along its value axis. */
const whiskers = {
    id: "recovery_whiskers",
    afterDatasetsDraw(chart) {
        const { ctx } = chart;
        const vertical = chart.options.indexAxis !== "y";
        chart.data.datasets.forEach((dataset, number) => {
            if (!dataset.intervals || !chart.isDatasetVisible(number)) {
                return;
            }
            const scale = vertical ? chart.scales.y : chart.scales.x;
            ctx.save();
            ctx.strokeStyle = dataset.borderColor;
            ctx.lineWidth = 1.5;
            chart.getDatasetMeta(number).data.forEach((point, index) => {
                const interval = dataset.intervals[index];
                if (interval) {
                    drawWhisker(
                        ctx,
                        point,
                        interval.map((v) => scale.getPixelForValue(v)),
                        vertical
                    );
                }
            });
            ctx.restore();
        });
    },
};

function drawWhisker(ctx, { x, y }, [low, high], vertical) {
    const cap = 3;
    ctx.beginPath();
    if (vertical) {
        ctx.moveTo(x, low);
        ctx.lineTo(x, high);
        ctx.moveTo(x - cap, low);
        ctx.lineTo(x + cap, low);
        ctx.moveTo(x - cap, high);
        ctx.lineTo(x + cap, high);
    } else {
        ctx.moveTo(low, y);
        ctx.lineTo(high, y);
        ctx.moveTo(low, y - cap);
        ctx.lineTo(low, y + cap);
        ctx.moveTo(high, y - cap);
        ctx.lineTo(high, y + cap);
    }
    ctx.stroke();
}

function options(colors, valueAxis, { title = "", most = 0 } = {}) {
    const share = {
        min: 0,
        suggestedMax: most,
        ticks: { color: colors.text, callback: (value) => percent(value) },
        grid: { color: colors.grid },
        title: { display: Boolean(title), text: title, color: colors.text },
    };
    const category = {
        ticks: { color: colors.text, autoSkip: false, maxRotation: 60 },
        grid: { display: false },
    };
    return {
        responsive: true,
        maintainAspectRatio: false,
        animation: false,
        indexAxis: valueAxis === "y" ? "x" : "y",
        scales: valueAxis === "y" ? { x: category, y: share } : { x: share, y: category },
        plugins: {
            legend: { labels: { color: colors.text, usePointStyle: true, boxHeight: 8 } },
        },
    };
}

/** Return the charts' data sets of shares: what was learned, what was believed, what was seen. */
function shareDatasets(rows, colors, { horizontal, withSeen, withPrior, learned }) {
    const datasets = [
        {
            type: "line",
            label: _t("Before learning"),
            data: rows.map((row) => row.prior),
            showLine: false,
            pointStyle: "rectRot",
            pointRadius: 5,
            backgroundColor: "transparent",
            borderColor: colors.text,
            pointBorderWidth: 1.5,
        },
        {
            type: "bar",
            label: learned || _t("Learned"),
            data: rows.map((row) => row.learned),
            backgroundColor: colors.learned,
            pointStyle: "rect",
            maxBarThickness: 34,
        },
    ];
    if (!withPrior) {
        datasets.shift();
    }
    if (withSeen) {
        datasets.unshift({
            type: "line",
            label: _t("Seen, with its 90 % interval"),
            data: rows.map((row) => row.seen),
            intervals: rows.map(rowInterval),
            showLine: false,
            pointStyle: "circle",
            pointRadius: 3.5,
            backgroundColor: colors.seen,
            borderColor: colors.seen,
        });
    }
    return horizontal ? datasets.map((set) => ({ ...set, indexAxis: "y" })) : datasets;
}

/**
 * @param {HTMLElement} element where the chart is drawn
 * @param {Object[]} rows with `label`, `count`, `seen`, `learned`, `prior`
 * @param {Object} [settings]
 * @param {boolean} [settings.horizontal] for names that are long
 * @param {boolean} [settings.withSeen] whether to draw what was seen
 * @param {boolean} [settings.withPrior] whether to draw what was believed before
 * @param {string} [settings.learned] another name for what was learned
 * @param {boolean} [settings.withCount] whether to tell how many charges there are
 */
export function shareChart(
    element,
    rows,
    { horizontal = false, withSeen = true, withPrior = true, learned = "", withCount = true } = {}
) {
    const colors = palette(element);
    // Intervals are drawn by us: Chart.js does not leave room for them.
    const most = Math.max(...rows.map((row) => (withSeen && rowInterval(row)?.[1]) || 0));
    const config = {
        type: "bar",
        data: {
            labels: rows.map((row) => {
                if (!withCount) {
                    return row.label;
                }
                const tries = _t("n = %(count)s", { count: count(row.count) });
                return horizontal ? `${row.label}, ${tries}` : [row.label, tries];
            }),
            datasets: shareDatasets(rows, colors, { horizontal, withSeen, withPrior, learned }),
        },
        options: options(colors, horizontal ? "x" : "y", { most }),
        plugins: [whiskers],
    };
    config.options.plugins.tooltip = {
        callbacks: {
            title: ([item]) => rows[item.dataIndex].label,
            label: (item) =>
                item.dataset.intervals?.[item.dataIndex]
                    ? _t("Seen: %(share)s (%(low)s to %(high)s) of %(count)s charges", {
                          share: percent(item.raw),
                          low: percent(item.dataset.intervals[item.dataIndex][0]),
                          high: percent(item.dataset.intervals[item.dataIndex][1]),
                          count: count(rows[item.dataIndex].count),
                      })
                    : `${item.dataset.label}: ${percent(item.raw)}`,
        },
    };
    return config;
}

/** Return the chart of promised probabilities against what was paid, with the diagonal. */
export function calibrationChart(element, bins) {
    const colors = palette(element);
    const most = Math.max(...bins.map((bin) => bin.count), 1);
    const config = {
        type: "scatter",
        data: {
            datasets: [
                {
                    label: _t("Paid, with its 90 % interval"),
                    data: bins.map((bin) => ({ x: bin.promised, y: bin.paid })),
                    intervals: bins.map((bin) => wilson(bin.paid, bin.count)),
                    pointRadius: bins.map((bin) => 3 + 5 * Math.sqrt(bin.count / most)),
                    backgroundColor: colors.learned,
                    borderColor: colors.seen,
                },
                {
                    type: "line",
                    label: _t("As promised"),
                    data: [
                        { x: 0, y: 0 },
                        { x: 1, y: 1 },
                    ],
                    borderColor: colors.text,
                    borderDash: [5, 5],
                    borderWidth: 1.5,
                    pointRadius: 0,
                    pointStyle: "line",
                },
            ],
        },
        options: options(colors, "y", { title: _t("Paid") }),
        plugins: [whiskers],
    };
    config.options.scales.y.max = 1;
    config.options.scales.x = {
        type: "linear",
        min: 0,
        max: 1,
        ticks: { color: colors.text, callback: (value) => percent(value) },
        grid: { color: colors.grid },
        title: { display: true, text: _t("Promised"), color: colors.text },
    };
    config.options.plugins.tooltip = {
        callbacks: {
            label: (item) =>
                item.datasetIndex
                    ? ""
                    : _t("%(promised)s promised, %(paid)s paid (%(count)s charges)", {
                          promised: percent(item.raw.x),
                          paid: percent(item.raw.y),
                          count: count(bins[item.dataIndex].count),
                      }),
        },
    };
    return config;
}
