import { patch } from "@web/core/utils/patch";
import { PaymentForm } from "@payment/interactions/payment_form";

patch(PaymentForm.prototype, {
    /** Send along what the customer ticked beside a new method: for what else it may be used. */
    _prepareTransactionRouteParams() {
        const params = super._prepareTransactionRouteParams(...arguments);
        const future = document.querySelector(".o_recovery_page #o_recovery_future");
        if (future) {
            params.recovery_future = future.checked;
        }
        const radio = this.el.querySelector('input[name="o_payment_radio"]:checked');
        const backup =
            radio &&
            this._getInlineForm(radio)?.querySelector('[name="o_recovery_backup_checkbox"]');
        if (backup?.checked) {
            params.recovery_backup = true;
        }
        return params;
    },
});
