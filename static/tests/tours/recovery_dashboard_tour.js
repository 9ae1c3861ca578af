import { registry } from "@web/core/registry";

registry.category("web_tour.tours").add("recovery_dashboard", {
    steps: () => [
        {
            content: "Open the menu of reports",
            trigger:
                ".o_menu_sections [data-menu-xmlid='revenue_recovery.menu_recovery_reporting']",
            run: "click",
        },
        {
            content: "Open the dashboard",
            trigger:
                ".o-dropdown--menu [data-menu-xmlid='revenue_recovery.menu_recovery_dashboard']",
            run: "click",
        },
        {
            content: "Every chart is drawn",
            trigger: "[data-card='months'] canvas",
            run() {
                for (const canvas of document.querySelectorAll(".o_recovery_dashboard canvas")) {
                    const chart = window.Chart.getChart(canvas);
                    if (!chart?.data.datasets.some((dataset) => dataset.data.length)) {
                        throw new Error("A chart is empty.");
                    }
                }
            },
        },
        {
            content: "Choose another period",
            trigger: ".o_control_panel select[name='period']",
            run: "selectByLabel 3 months",
        },
        {
            content: "The months are those of the period, and the current one is not final",
            trigger: "[data-card='months'] summary",
            run: "click",
        },
        {
            content: "It stays in the address",
            trigger: "[data-card='months'] tbody tr:nth-child(3) th:contains('not final')",
            run() {
                if (document.querySelectorAll("[data-card='months'] tbody tr").length !== 3) {
                    throw new Error("Three months should be shown.");
                }
            },
        },
        {
            content: "Ask what other choices would have recovered",
            trigger: "[data-card='replay'] button",
            run: "click",
        },
        {
            content: "Nothing was decided by the smart schedule",
            trigger: "[data-card='replay']:contains('has not decided')",
        },
        {
            content: "Open what failed",
            trigger: "[data-tile='failed']:contains('1 payments')",
            run: "click",
        },
        {
            content: "The list has the payment",
            trigger: ".o_list_view .o_data_row [name='outcome']:contains('In recovery')",
        },
        {
            content: "The address of the dashboard kept the period",
            trigger: ".o_list_view thead .o_list_record_selector input",
            run: "click",
        },
        {
            content: "Open what can be done",
            trigger: ".o_cp_action_menus button:has(.fa-cog)",
            run: "click",
        },
        {
            content: "Export",
            trigger: ".o-dropdown--menu .o_menu_item:contains('Export')",
            run: "click",
        },
        {
            content: "The dialog is there",
            trigger: ".modal .o_export_data_dialog, .modal:contains('Export')",
        },
        {
            content: "Close it",
            trigger: ".modal .modal-footer button:contains('Close'), .modal .btn-close",
            run: "click",
        },
        {
            content: "Go back",
            trigger:
                "body:not(:has(.modal)) .o_breadcrumb a:contains('Dashboard'), body:not(:has(.modal)) .o_back_button",
            run: "click",
        },
        {
            content: "The period is the one chosen before",
            trigger: ".o_recovery_dashboard [data-tile='failed']",
            run() {
                const { value } = document.querySelector("select[name='period']");
                if (value !== "quarter" || !location.search.includes("period=quarter")) {
                    throw new Error(`The period became ${value} at ${location.search}.`);
                }
            },
        },
    ],
});

registry.category("web_tour.tours").add("recovery_dashboard_empty", {
    steps: () => [
        {
            content: "It says what will be shown",
            trigger: ".o_recovery_dashboard .alert:contains('nothing has failed yet')",
        },
    ],
});
