import { registry } from "@web/core/registry";

registry.category("web_tour.tours").add("recovery_classify_code", {
    url: "/odoo/recovery-unknown-codes",
    steps: () => [
        {
            content: "The row says how often the code was seen, and what the provider said",
            trigger:
                ".o_data_row:contains('moon_phase'):contains('No payment at full moon') .o_data_cell[name='reason_id']",
            run: "click",
        },
        {
            content: "Look for the reason",
            trigger: ".o_selected_row .o_field_widget[name='reason_id'] input",
            run: "edit Card reported lost",
        },
        {
            content: "Choose it",
            trigger: ".o-autocomplete--dropdown-item:contains('Card reported lost')",
            run: "click",
        },
        {
            content: "Save the row",
            trigger: ".o_list_button_save",
            run: "click",
        },
        {
            content: "The row stays and says what was chosen",
            trigger:
                ".o_data_row:not(.o_selected_row):contains('moon_phase') .o_data_cell[name='reason_id']:contains('Card reported lost')",
        },
    ],
});

registry.category("web_tour.tours").add("recovery_restore_rule", {
    url: "/odoo/recovery-network-rules",
    steps: () => [
        {
            content: "Open the rule",
            trigger: ".o_data_row:contains('Visa allows 20') .o_data_cell[name='name']",
            run: "click",
        },
        {
            content: "It warns that it was loosened",
            trigger: ".alert-warning:contains('differs from the one that comes with the addon')",
        },
        {
            content: "Restore it",
            trigger: "button[name='action_restore_shipped']",
            run: "click",
        },
        {
            content: "Confirm",
            trigger: ".modal button.btn-primary",
            run: "click",
        },
        {
            content: "It is the network's limit again",
            trigger:
                ".o_form_view:not(:has(.alert-warning)) .o_field_widget[name='limit'] input:value(20)",
        },
    ],
});
