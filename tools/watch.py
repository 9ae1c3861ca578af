# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Methods of other addons' models that ours take part in, where those models are loaded.

For models of addons that are no dependency: a class can't extend them. To be called from
``_register_hook`` and ``_unregister_hook``; not for ``create``, ``write`` and ``unlink``, which
Odoo's automation rules put in place and take away themselves.
"""

import functools

_ORIGIN = "recovery_origin"


def watch(registry, model, method, around):
    """Let something of ours happen around a method, once, however often it is asked.

    :param str model: its technical name; nothing is done where it is not loaded
    :param around: called as ``around(origin, records, *args, **kwargs)``; it calls the original
        method and returns what the caller gets
    """
    model_class = registry.get(model)
    origin = getattr(model_class, method, None)
    if origin is None or hasattr(origin, _ORIGIN):
        return

    @functools.wraps(origin)
    def watched(self, *args, **kwargs):
        return around(origin, self, *args, **kwargs)

    setattr(watched, _ORIGIN, origin)
    setattr(model_class, method, watched)


def unwatch(registry, model, method):
    """Let go of a method that is watched."""
    model_class = registry.get(model)
    if model_class is not None and hasattr(vars(model_class).get(method), _ORIGIN):
        delattr(model_class, method)
