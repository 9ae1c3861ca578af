import { registry } from "@web/core/registry";

function assertDrawn(canvas) {
    const chart = window.Chart.getChart(canvas);
    if (!chart || !chart.data.datasets.some((dataset) => dataset.data.length)) {
        throw new Error("A chart is empty.");
    }
}

function readForecast() {
    return [
        {
            content: "The dialog shows the calendar",
            trigger: ".modal .o_recovery_forecast tbody tr",
        },
        {
            content: "And the chance of recovery",
            trigger: ".modal .o_field_widget[name='summary']:contains('within the window')",
        },
        {
            content: "Close it",
            trigger: ".modal .modal-footer button:contains('Close')",
            run: "click",
        },
    ];
}

registry.category("web_tour.tours").add("recovery_timing_screen", {
    steps: () => [
        {
            content: "Open the menu of reports",
            trigger:
                ".o_menu_sections [data-menu-xmlid='revenue_recovery.menu_recovery_reporting']",
            run: "click",
        },
        {
            content: "Open the screen",
            trigger: ".o-dropdown--menu [data-menu-xmlid='revenue_recovery.menu_recovery_timing']",
            run: "click",
        },
        {
            content: "It says what the numbers rest on",
            trigger: ".o_recovery_timing_basis:contains('charges of')",
        },
        {
            content: "Each table is drawn",
            trigger: ".o_recovery_timing_card[data-table='hour'] canvas",
            run() {
                const canvases = [...document.querySelectorAll(".o_recovery_timing_card canvas")];
                if (canvases.length < 7) {
                    throw new Error(`Only ${canvases.length} charts.`);
                }
                canvases.forEach(assertDrawn);
            },
        },
        {
            content: "The numbers behind a chart can be read",
            trigger: ".o_recovery_timing_card[data-table='weekday'] summary",
            run: "click",
        },
        {
            content: "As a table",
            trigger:
                ".o_recovery_timing_card[data-table='weekday'] details[open] th:contains('Seen')",
        },
        {
            content: "What follows from the inference itself is not told as seen",
            trigger:
                ".o_recovery_timing_card[data-table='payday']:contains('left out'):not(:has(th:contains('Seen')))",
        },
        {
            content: "Forgetting asks first",
            trigger: ".o_control_panel button:contains('Reset')",
            run: "click",
        },
        {
            content: "And can be left",
            trigger: ".modal:contains('shipped priors') button:contains('Cancel')",
            run: "click",
        },
        {
            content: "The dialog is gone",
            trigger: "body:not(:has(.modal)) .o_recovery_timing_card",
        },
    ],
});

registry.category("web_tour.tours").add("recovery_timing_empty", {
    steps: () => [
        {
            content: "It says that only what is shipped is known",
            trigger: ".o_recovery_timing .alert:contains('the shipped priors are used')",
        },
        {
            content: "Who is no manager has no buttons",
            trigger: ".o_recovery_timing:not(:has(button:contains('Reset')))",
        },
    ],
});

registry.category("web_tour.tours").add("recovery_timing_error", {
    steps: () => [
        {
            content: "It says what went wrong",
            trigger: ".o_recovery_timing .alert-danger:contains('The moon is full.')",
        },
        {
            content: "Try again",
            trigger: ".o_recovery_timing .alert-danger button:contains('Try Again')",
            run: "click",
        },
        {
            content: "Now it is there",
            trigger: ".o_recovery_timing_card[data-table='hour'] canvas",
        },
    ],
});

registry.category("web_tour.tours").add("recovery_timing_company", {
    steps: () => [
        {
            content: "The first company has learned",
            trigger: ".o_recovery_timing_card[data-table='hour'] canvas",
        },
        {
            content: "Choose the other one",
            trigger: ".o_control_panel label:contains('Company') select",
            run: "selectByLabel Nothing Learned Here",
        },
        {
            content: "It has not",
            trigger: ".o_recovery_timing .alert:contains('the shipped priors are used')",
        },
    ],
});

registry.category("web_tour.tours").add("recovery_timing_sentences", {
    steps: () => [
        {
            content: "The modules of the screen are loaded",
            trigger: ".o_recovery_timing_card[data-table='hour'] canvas",
            run() {
                const get = (name) =>
                    odoo.loader.modules.get(`@revenue_recovery/timing_screen/${name}`);
                const { calibrationSentence, finding, wilson } = get("timing_statistics");
                const { habitLabel } = get("timing_labels");
                const rows = (...shares) =>
                    shares.map((seen, index) => ({ label: `row ${index}`, seen, count: 200 }));
                const bins = (count) => [{ low: 0, high: 0.1, count, promised: 0.05, paid: 0.06 }];
                const check = (text, words) => {
                    if (!String(text).replaceAll("\u00a0", " ").includes(words)) {
                        throw new Error(`“${text}” should say “${words}”.`);
                    }
                };
                check(finding(rows(0.1, 0.3, 0.5)), "Best: row 2, 50 % paid. Worst: row 0, 10 %");
                check(finding(rows(0.3, 0.31, 0.33)), "No clear difference");
                check(finding(rows(0.3, 0, 0).slice(0, 1)), "Not enough to compare");
                check(calibrationSentence({ bins: bins(50), ece: 0.01 }), "too few to judge");
                check(calibrationSentence({ bins: bins(500), ece: 0.01 }), "You can rely");
                check(calibrationSentence({ bins: bins(500), ece: 0.2 }), "with caution");
                check(calibrationSentence({ bins: [], ece: null }), "nothing to compare");
                check(wilson(0.5, 0), "null");
                const friday = luxon.DateTime.fromISO("2026-11-27");
                check(habitLabel("fortnightly:4,0", friday), "Friday, next Dec 4");
                check(habitLabel("fortnightly:4,1", friday), "Friday, next Nov 27");
                check(habitLabel("monthly:31"), "Monthly, the last day");
                check(habitLabel("twice:1,15"), "day 1 and day 15");
            },
        },
    ],
});

registry.category("web_tour.tours").add("recovery_forecast", {
    steps: () => [
        {
            content: "Open the actions of the invoice",
            trigger: ".o_form_view .o_cp_action_menus button:has(.fa-cog)",
            run: "click",
        },
        {
            content: "Ask what would be done",
            trigger: ".o-dropdown--menu .o_menu_item:contains('Forecast')",
            run: "click",
        },
        ...readForecast(),
        {
            content: "The invoice is there again",
            trigger: "body:not(:has(.modal)) .o_form_view",
        },
    ],
});

registry.category("web_tour.tours").add("recovery_probability", {
    steps: () => [
        {
            content: "The list tells the probability of the next charge, with its interval",
            trigger: ".o_data_row .o_field_widget[name='next_probability'] .badge:contains('–')",
        },
        {
            content: "Open the case",
            trigger: ".o_data_row .o_data_cell[name='move_id']",
            run: "click",
        },
        {
            content: "So does the case",
            trigger:
                ".o_form_view .o_field_widget[name='next_probability'] .badge[data-tooltip*='succeeds']",
        },
        {
            content: "Ask how it goes on",
            trigger: ".o_statusbar_buttons button:contains('Forecast')",
            run: "click",
        },
        ...readForecast(),
        {
            content: "The case is there again",
            trigger: "body:not(:has(.modal)) .o_form_view",
        },
    ],
});
