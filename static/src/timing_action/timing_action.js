import { LazyComponent } from "@web/core/assets";
import { registry } from "@web/core/registry";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";

import { Component, xml } from "@odoo/owl";

/** Fetch the screen, and the charts with it, only when somebody opens it. */
export class TimingAction extends Component {
    static components = { LazyComponent };
    static props = { ...standardActionServiceProps };
    static template = xml`
        <LazyComponent Component="'revenue_recovery.TimingScreen'"
                       bundle="'revenue_recovery.assets_timing'"/>
    `;
}

registry.category("actions").add("recovery_timing", TimingAction);
