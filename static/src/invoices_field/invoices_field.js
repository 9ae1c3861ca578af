import { Domain } from "@web/core/domain";
import { registry } from "@web/core/registry";
import { DomainField, domainField } from "@web/views/fields/domain/domain_field";

/** What can be recovered: of all entries, those that customers owe. */
const INVOICES = [
    ["move_type", "=", "out_invoice"],
    ["state", "=", "posted"],
];

/** Edits conditions on invoices; counts and lists posted customer invoices, and no other entries. */
export class InvoicesField extends DomainField {
    getEvaluatedDomain(props = this.props) {
        const domain = super.getEvaluatedDomain(props);
        return domain.isInvalid ? domain : Domain.and([domain, INVOICES]).toList();
    }
}

registry.category("fields").add("recovery_invoices", { ...domainField, component: InvoicesField });
