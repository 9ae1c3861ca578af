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
            content: "Open the recovery menu",
            trigger: ".o_menu_sections [data-menu-xmlid='revenue_recovery.menu_recovery']",
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
            trigger: ".o_recovery_timing_card[data-table='weekday'] details[open] th:contains('Learned')",
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

registry.category("web_tour.tours").add("recovery_forecast", {
    steps: () => [
        {
            content: "Open the actions of the invoice",
            trigger: ".o_form_view .o_cp_action_menus button:has(.fa-cog)",
            run: "click",
        },
        {
            content: "Ask what would be done",
            trigger: ".o-dropdown--menu .o_menu_item:contains('What Would You Do?')",
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
            trigger: ".o_statusbar_buttons button:contains('What Would You Do?')",
            run: "click",
        },
        ...readForecast(),
        {
            content: "The case is there again",
            trigger: "body:not(:has(.modal)) .o_form_view",
        },
    ],
});
