import { rpc } from "@web/core/network/rpc";
import { registry } from "@web/core/registry";
import { Interaction } from "@web/public/interaction";

// Milliseconds between two looks at whether a payment has come through, ever fewer.
const FIRST_WAIT = 1000;
const LAST_WAIT = 30000;

/**
 * The customer's page: says that a person opened it, and shows the result of a charge by itself.
 */
export class RecoveryPage extends Interaction {
    static selector = ".o_recovery_page[data-path]";

    start() {
        this.path = this.el.dataset.path;
        this.mark = this.el.dataset.mark;
        // A mail scanner that opens links runs no script that moves anything.
        rpc(`${this.path}/opened`, {}, { silent: true }).catch(() => null);
        if (this.el.dataset.isWaiting) {
            this.look(FIRST_WAIT);
        }
    }

    look(wait) {
        this.waitForTimeout(async () => {
            try {
                const response = await this.waitFor(fetch(`${this.path}/state`));
                const { mark } = await this.waitFor(response.json());
                if (mark !== this.mark) {
                    window.location = this.path;
                    return;
                }
            } catch {
                // Off-line for a moment: the next look tells.
            }
            this.look(Math.min(wait * 1.3, LAST_WAIT));
        }, wait);
    }
}

registry.category("public.interactions").add("revenue_recovery.page", RecoveryPage);
