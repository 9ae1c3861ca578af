import { registry } from "@web/core/registry";

registry.category("web_tour.tours").add("recovery_today", {
    steps: () => [
        {
            trigger: "[data-card='needs'] li:contains('Tour Customer'):contains('Call them.')",
        },
        {
            trigger: "[data-card='charges'] [data-day='tomorrow']",
        },
        {
            content: "Settle it without leaving the page",
            trigger: "[data-card='needs'] li:contains('Tour Customer') [data-act='done']",
            run: "click",
        },
        {
            trigger: "[data-card='needs']:contains('Nothing: all cases go on by themselves.')",
        },
    ],
});
