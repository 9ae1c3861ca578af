import { registry } from "@web/core/registry";

registry.category("web_tour.tours").add("recovery_case_retry_now", {
    url: "/odoo/recovery-cases",
    steps: () => [
        {
            content: "Open the case",
            trigger: ".o_list_view .o_data_cell:contains('Tour Customer')",
            run: "click",
        },
        {
            content: "The timeline shows what was declined",
            trigger: ".o_field_widget[name='timeline_ids'] .o_data_row:contains('Declined')",
        },
        {
            content: "Retry now",
            trigger: "button[name='action_retry_now']",
            run: "click",
        },
        {
            content: "The notification says what happens next",
            trigger: ".o_notification:contains('scheduled job')",
        },
        {
            content: "The reloaded timeline says who asked for the charge",
            trigger: ".o_field_widget[name='timeline_ids'] .o_data_row:contains('Asked for by')",
        },
    ],
});
