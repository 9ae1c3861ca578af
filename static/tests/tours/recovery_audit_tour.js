import { registry } from "@web/core/registry";

const FILE = [
    "id,Created date (UTC),Amount,Currency,Decline Reason,Status,Customer ID,Invoice ID",
    "ch_1,2026-03-01 10:00:00,49.00,eur,insufficient_funds,Failed,cus_1,in_1",
    "ch_2,2026-03-04 10:00:00,49.00,eur,,Paid,cus_1,in_1",
].join("\n");

function chooseFile(text, name) {
    const transfer = new DataTransfer();
    transfer.items.add(new File([text], name, { type: "text/csv" }));
    const input = document.querySelector(".o_field_widget[name='file'] input[type='file']");
    input.files = transfer.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
}

registry.category("web_tour.tours").add("recovery_audit_ask", {
    steps: () => [
        {
            content: "The empty list says what an audit is",
            trigger: ".o_view_nocontent:contains('Audit the payments of the last two years')",
        },
        { trigger: ".o_list_button_add", run: "click" },
        {
            content: "This database is what is audited where nothing else is chosen",
            trigger: ".o_field_widget[name='source'] input[data-value='database']:checked",
        },
        { trigger: "button[name='action_run']:visible", run: "click" },
        {
            content: "The job has been asked",
            trigger: ".alert-info[name='waiting']:visible",
        },
    ],
});

registry.category("web_tour.tours").add("recovery_audit_switch_on", {
    steps: () => [
        {
            content: "The page tells what each policy would have brought back",
            trigger: ".o_recovery_audit table[name='prospects']:contains('Suggested')",
        },
        {
            content: "And why payments failed",
            trigger: ".o_recovery_audit table[name='reasons']:contains('Not enough money')",
        },
        { trigger: "button[name='action_print']:visible" },
        { trigger: "button[name='action_switch_on']", run: "click" },
        {
            content: "Customers will be charged: confirm",
            trigger: ".modal .btn-primary:contains('Switch On')",
            run: "click",
        },
        {
            content: "The company's own policy is shown",
            trigger:
                ".o_form_view .o_field_widget[name='window_days'], .o_form_view .o_field_widget[name='window_choice']",
        },
    ],
});

registry.category("web_tour.tours").add("recovery_audit_import", {
    steps: () => [
        { trigger: ".o_list_button_add", run: "click" },
        { trigger: ".o_field_widget[name='source'] input[data-value='file']", run: "click" },
        {
            content: "A file that is none is refused, and the sentence says what to take",
            trigger: ".o_field_widget[name='file'] input[type='file']:not(:visible)",
            run: () => chooseFile("name,street\nJane,Here", "people.csv"),
        },
        {
            trigger: ".o_field_widget[name='file'] input:value('people.csv')",
        },
        { trigger: "button[name='action_run']:visible", run: "click" },
        { trigger: ".modal:contains('Take Stripe') .btn-primary", run: "click" },
        {
            trigger: ".o_field_widget[name='file'] input[type='file']:not(:visible)",
            run: () => chooseFile(FILE, "payments.csv"),
        },
        { trigger: ".o_field_widget[name='file'] input:value('payments.csv')" },
        { trigger: "button[name='action_run']:visible", run: "click" },
        { trigger: ".alert-info[name='waiting']:visible" },
    ],
});
