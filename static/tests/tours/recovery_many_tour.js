import { registry } from "@web/core/registry";

registry.category("web_tour.tours").add("recovery_retry_many", {
    steps: () => [
        {
            content: "Choose all cases",
            timeout: 60000,
            trigger:
                ".o_list_view:has(.o_data_row:nth-of-type(4)) thead .o_list_record_selector input",
            run: "click",
        },
        {
            content: "Retry them",
            trigger: ".o_control_panel button:contains('Retry Now'):visible",
            run: "click",
        },
        {
            content: "It says with how many it can't be done, and why not",
            trigger: ".modal .o_field_widget[name='unable_count']:contains('3')",
        },
        {
            content: "Also the one whose charge is under way",
            trigger: ".modal .o_field_widget[name='reasons']:contains('is under way')",
        },
        {
            content: "Retry the one that can be",
            trigger: ".modal .modal-footer button:contains('Retry Now')",
            run: "click",
        },
        {
            trigger: "body:not(:has(.modal)) .o_notification",
        },
    ],
});
