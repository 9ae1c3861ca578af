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

const WHEN = ".o_field_widget[name='when']";
const THEN = ".o_field_widget[name='step_ids']";
const OTHERWISE = ".o_field_widget[name='otherwise_ids']";
let clicks = 0;

registry.category("web_tour.tours").add("recovery_flow_build", {
    steps: () => [
        {
            content: "Count the clicks from here on",
            trigger: ".o_control_panel button:contains('New')",
            run() {
                clicks = 0;
                document.addEventListener("pointerdown", () => clicks++, { capture: true });
            },
        },
        {
            trigger: ".o_control_panel button:contains('New')",
            run: "click",
        },
        {
            content: "It asks when",
            trigger: `${WHEN} input`,
            run: "click",
        },
        {
            trigger: ".o_select_menu_item:contains('Charge failed')",
            run: "click",
        },
        {
            content: "The second time",
            trigger: ".o_field_widget[name='failure_number'] input",
            run: "edit 2",
        },
        {
            trigger: ".o_field_widget[name='amount_above'] input",
            run: "edit 500",
        },
        {
            content: "Telling the team is what it does first",
            trigger: `${THEN} .o_field_x2many_list_row_add a`,
            run: "click",
        },
        {
            trigger: `${THEN} .o_data_row:eq(0).o_selected_row`,
        },
        {
            trigger: `${THEN} .o_field_x2many_list_row_add a`,
            run: "click",
        },
        {
            content: "Then, after two days, a to-do",
            trigger: `${THEN} .o_data_row:eq(1) .o_field_widget[name='recovery_wait_count'] input`,
            run: "edit 2",
        },
        {
            trigger: `${THEN} .o_data_row:eq(1) .o_field_widget[name='kind'] input`,
            run: "click",
        },
        {
            trigger: ".o_select_menu_item:contains('Schedule a To-Do')",
            run: "click",
        },
        {
            trigger: `${OTHERWISE} .o_field_x2many_list_row_add a`,
            run: "click",
        },
        {
            trigger: `${OTHERWISE} .o_data_row .o_field_widget[name='kind'] input`,
        },
        {
            content: "The picture says it all before it is saved",
            trigger:
                ".o_field_widget[name='picture'] .o_recovery_flow:contains('Charge failed'):contains('wait 2 days')",
            run() {
                if (clicks >= 12) {
                    throw new Error(`Building it took ${clicks} clicks.`);
                }
            },
        },
        {
            content: "Try it on the case that is proposed",
            trigger: "button[name='action_try']",
            run: "click",
        },
        {
            trigger:
                ".modal .o_recovery_flow_trial:contains('At once'):contains('Tell the Team'):contains('Schedule a To-Do')",
        },
        {
            trigger: ".modal footer button:contains('Close')",
            run: "click",
        },
        {
            content: "It is saved, and switched off",
            trigger: ".o_form_view:not(:has(.modal)) button[name='action_activate']",
            run: "click",
        },
        {
            trigger: ".modal .btn-primary:contains('Activate')",
            run: "click",
        },
        {
            trigger: "button[name='action_deactivate']",
        },
    ],
});

registry.category("web_tour.tours").add("recovery_flow_runs", {
    steps: () => [
        {
            trigger:
                ".o_kanban_record:contains('Charge failed: Tell the Team') button[name='action_recovery_runs']",
            run: "click",
        },
        {
            content: "What set it off, what was done and what is to come",
            trigger:
                ".o_data_row .o_data_cell:contains('Tell the Team: Done'):contains('Schedule a To-Do: Planned')",
            run: "click",
        },
        {
            trigger: ".o_form_view .o_data_row:contains('Schedule a To-Do')",
        },
    ],
});

registry.category("web_tour.tours").add("recovery_flow_change", {
    steps: () => [
        {
            content: "A click on a flow opens it",
            trigger: ".o_kanban_record:contains('Charge failed: Tell the Team') .o_recovery_flow",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name='amount_above'] input",
            run: "edit 900",
        },
        {
            trigger: ".o_form_button_save",
            run: "click",
        },
        {
            trigger: ".o_form_saved",
        },
        {
            trigger: ".o_notebook a:contains('Versions')",
            run: "click",
        },
        {
            content: "Go back to the version before",
            trigger: ".o_data_row:contains('above 500') button[name='action_restore']",
            run: "click",
        },
        {
            trigger: ".modal .btn-primary:contains('Go Back')",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name='picture']:contains('above 500')",
        },
    ],
});
