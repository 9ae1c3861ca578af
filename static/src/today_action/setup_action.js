import { LazyComponent } from "@web/core/assets";
import { registry } from "@web/core/registry";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";

import { Component, xml } from "@odoo/owl";

/** Fetch the page only when somebody opens it. */
export class SetUpAction extends Component {
    static components = { LazyComponent };
    static props = { ...standardActionServiceProps };
    static template = xml`
        <LazyComponent Component="'revenue_recovery.SetUp'"
                       bundle="'revenue_recovery.assets_timing'"
                       props="props"/>
    `;
}

registry.category("actions").add("recovery_setup", SetUpAction);
