import { rpc } from "@web/core/network/rpc";
import { registry } from "@web/core/registry";

const tours = registry.category("web_tour.tours");

const expand = {
    content: "Another method than the saved one",
    trigger: "button[name='o_payment_expand_button']",
    run: "click",
};

const enterCard = [
    {
        content: "A new card",
        trigger: "#o_payment_methods input[data-payment-option-type='payment_method']",
        run: "click",
    },
    {
        content: "Its number",
        trigger: "input#customer_input",
        run: "edit 1111",
    },
];

tours.add("recovery_page_pay", {
    steps: () => [
        {
            content: "The page says what is owed and why",
            trigger: ".o_recovery_page h1:contains('100.00')",
        },
        expand,
        ...enterCard,
        {
            content: "Keep it",
            trigger: "input[name='o_payment_tokenize_checkbox']",
            run: "check",
        },
        {
            content: "Pay",
            trigger: "button[name='o_payment_submit_button']:enabled",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "Odoo's status page leads back",
            trigger: "section[name='paid'] h1:contains('Paid, thank you')",
        },
    ],
});

tours.add("recovery_page_replace", {
    steps: () => [
        {
            content: "Replace the saved method",
            trigger: "a[name='replace']",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "The customer agrees to charges of their other invoices",
            trigger: "#o_recovery_future:not(:checked)",
            run: "check",
        },
        ...enterCard,
        {
            content: "Save it",
            trigger: "button[name='o_payment_submit_button']:enabled",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "The page says that it is saved",
            trigger: "[name='done_method']",
        },
        {
            content: "And that it is being charged",
            trigger: "[name='busy']:contains('being processed')",
        },
    ],
});

tours.add("recovery_page_promise", {
    steps: () => [
        {
            content: "Later",
            trigger: "details[name='promise'] summary",
            run: "click",
        },
        {
            content: "The last day that is offered",
            trigger: "#o_recovery_day",
            run() {
                this.anchor.value = this.anchor.max;
            },
        },
        {
            content: "Promise it",
            trigger: "details[name='promise'] button",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "The page thanks",
            trigger: "[name='done_promise']",
        },
        {
            content: "And says what happens",
            trigger: "[name='next']:contains('You promised')",
        },
    ],
});

tours.add("recovery_page_two_tabs", {
    steps: () => [
        expand,
        ...enterCard,
        {
            content: "The other tab pays the same invoice, as its own script would",
            trigger: "form#o_payment_form",
            async run() {
                const form = this.anchor.dataset;
                const radio = document.querySelector(
                    "input[data-payment-option-type='payment_method']"
                ).dataset;
                const values = await rpc(form.transactionRoute, {
                    provider_id: Number(radio.providerId),
                    payment_method_id: Number(radio.paymentOptionId),
                    token_id: null,
                    amount: parseFloat(form.amount),
                    flow: "direct",
                    tokenization_requested: false,
                    landing_route: form.landingRoute,
                    is_validation: false,
                    access_token: "",
                    csrf_token: odoo.csrf_token,
                });
                await rpc("/payment/demo/simulate_payment", {
                    reference: values.reference,
                    payment_details: "2222",
                    simulated_state: "done",
                });
                document.body.dataset.otherTab = values.reference;
            },
        },
        {
            content: "Then this tab tries to pay it, too",
            trigger: "body[data-other-tab] button[name='o_payment_submit_button']:enabled",
            run: "click",
        },
        {
            content: "And is told that it is being paid",
            trigger: ".modal:contains('nothing has to be paid twice')",
        },
    ],
});

for (const [name, trigger] of [
    ["expired", "section[name='expired'] button:contains('Send me a new link')"],
    ["paid", "section[name='paid'] h1"],
    ["tampered", "section[name='wrong'] h1:contains('does not work')"],
]) {
    tours.add(`recovery_page_${name}`, {
        steps: () => [{ content: "The page says why it shows nothing", trigger }],
    });
}
