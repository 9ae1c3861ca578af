{
    "name": "Revenue Recovery",
    "version": "19.0.1.0.0",
    "category": "Accounting/Accounting",
    "summary": "Collect invoices from saved payment methods and win failed payments back",
    "description": " ",  # The README is Markdown, which the Apps page would read as another format.
    "author": "Revenue Recovery",
    "license": "LGPL-3",
    "depends": ["account_payment"],
    "data": [
        "security/revenue_recovery_security.xml",
        "security/ir.model.access.csv",
        "data/ir_cron_data.xml",
        "data/mail_template_data.xml",
        "data/recovery_policy_data.xml",
    ],
    "pre_init_hook": "pre_init_hook",
    "application": True,
}
