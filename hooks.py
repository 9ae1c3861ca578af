# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
def pre_init_hook(env):
    """Add the stored columns of invoices empty, so that installing does not compute every invoice.

    A customer's default can only be set once the addon is there, so the empty value is the right
    one for each invoice that exists already.
    """
    env.cr.execute(
        """
        ALTER TABLE account_move
            ADD COLUMN IF NOT EXISTS collect_automatically boolean,
            ADD COLUMN IF NOT EXISTS collect_token_id integer,
            ADD COLUMN IF NOT EXISTS recovery_case_id integer
        """
    )


def uninstall_hook(env):
    """Let go of the records that ours would keep Odoo from deleting.

    Odoo deletes the addon's records before it drops tables: its e-mail template is then still held
    by a step, its policy by cases, its reasons by codes. These need no deleting, they go with
    their tables.
    """
    env["recovery.spreadsheet"]._remove_dashboard()
    # Without the addon, providers have no to-dos.
    for kind in ("backlog", "fault"):
        env["mail.activity"].search([("recovery_subject", "=like", f"{kind}:%")]).unlink()
    env.cr.execute(
        """
        UPDATE recovery_policy_step
           SET mail_template_id = NULL, sms_template_id = NULL, report_id = NULL,
               activity_type_id = NULL, server_action_id = NULL
        """
    )
    env.cr.execute(
        """
        DELETE FROM ir_model_data
         WHERE module = 'revenue_recovery'
           AND model IN ('recovery.policy', 'recovery.decline.reason', 'recovery.network.rule')
        """
    )
    # Written by the job, not by the installation.
    env["ir.config_parameter"].search([("key", "=like", "revenue_recovery.%")]).unlink()
