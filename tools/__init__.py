"""What no model owns: instants, places that rooms fill, jobs, isolation, watching others' methods.

Import from the modules: `instants` and `places` are plain Python, the others know Odoo.
"""
