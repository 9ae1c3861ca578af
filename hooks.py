def pre_init_hook(env):
    """Add the stored columns of invoices empty, so that installing does not compute every invoice.

    A customer's default can only be set once the addon is there, so the empty value is the right
    one for each invoice that exists already.
    """
    env.cr.execute(
        """
        ALTER TABLE account_move
            ADD COLUMN IF NOT EXISTS collect_automatically boolean,
            ADD COLUMN IF NOT EXISTS collect_token_id integer
        """
    )
