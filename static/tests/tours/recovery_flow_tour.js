import { registry } from "@web/core/registry";

registry.category("web_tour.tours").add("recovery_flow_activate", {
    url: "/odoo/recovery-flows",
    steps: () => [
        {
            content: "The recipe shows its flow",
            trigger:
                ".o_kanban_record:contains('First payment failed') .o_recovery_flow:contains('3 days')",
        },
        {
            content: "Activate it",
            trigger:
                ".o_kanban_record:contains('First payment failed') button[name='action_recovery_activate']",
            run: "click",
        },
        {
            content: "It acts from now on: confirm",
            trigger: ".modal .btn-primary:contains('Activate')",
            run: "click",
        },
        {
            content: "It is active",
            trigger:
                ".o_kanban_record:contains('First payment failed') button[name='action_recovery_deactivate']",
        },
    ],
});

registry.category("web_tour.tours").add("recovery_flow_planned", {
    steps: () => [
        {
            content: "The case shows what the flow has planned",
            trigger:
                ".o_field_widget[name='timeline_ids'] .o_data_row:contains('To-do three days later')",
        },
    ],
});
