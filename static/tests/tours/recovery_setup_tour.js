import { registry } from "@web/core/registry";

registry.category("web_tour.tours").add("recovery_setup", {
    steps: () => [
        {
            content: "Open the menu of the configuration",
            trigger:
                ".o_menu_sections [data-menu-xmlid='revenue_recovery.menu_recovery_configuration']",
            run: "click",
        },
        {
            content: "Open the set-up",
            trigger: ".o-dropdown--menu [data-menu-xmlid='revenue_recovery.menu_recovery_setup']",
            run: "click",
        },
        {
            content: "It says that customers can save their methods",
            trigger: "[data-line='saving'][data-state='ok']",
        },
        {
            content: "And what the policies take",
            trigger: "[data-line='policy']:contains('open customer invoices')",
        },
        {
            content: "Try it with a test card",
            trigger: "[data-card='trial'] button[data-trial]:contains('Demo')",
            run: "click",
        },
        {
            content: "It says what is made and removed",
            trigger: ".modal:contains('removed again'):contains('no number is used up')",
        },
        {
            content: "Confirm",
            trigger: ".modal .modal-footer button:contains('Try It')",
            run: "click",
        },
        {
            content: "One charge was declined, and a case opened",
            trigger: "[data-result='trial'] li:contains('A case opened under')",
            timeout: 60000,
        },
        {
            content: "The other was paid",
            trigger: "[data-result='trial']:contains('its invoice is paid'):contains('It works.')",
        },
    ],
});
