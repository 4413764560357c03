"""What happens: use cases, their records and their storage.

A feature's folder holds ``models.py`` (its tables), ``queries.py``, ``service.py`` (its verbs) and, where it has states,
a pure ``transitions.py``. This package may import ``policies`` and ``audits``; it never imports ``web`` or flask.
"""
