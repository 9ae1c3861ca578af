import { patch } from "@web/core/utils/patch";
import { PaymentForm } from "@payment/interactions/payment_form";

patch(PaymentForm.prototype, {
    /** Send along whether the new method is for the customer's other invoices, too. */
    _prepareTransactionRouteParams() {
        const params = super._prepareTransactionRouteParams(...arguments);
        const future = document.querySelector(".o_recovery_page #o_recovery_future");
        if (future) {
            params.recovery_future = future.checked;
        }
        return params;
    },
});
