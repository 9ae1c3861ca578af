import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { charField } from "@web/views/fields/char/char_field";

/** Shows a sentence that keeps enough room to be read in a list, however narrow the window is. */
registry.category("fields").add("recovery_sentence", {
    ...charField,
    displayName: _t("Sentence"),
    listViewWidth: [220],
});
