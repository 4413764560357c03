"""What can be shown: the audit log, and figures of fairness and oversight from counts.

For: values that an outsider can check alone, and the code that checks them. Not for: deciding anything,
keeping anything, or reaching a database, a socket or a file. May import: the standard library,
``cryptography`` and ``orjson``; neither ``policies`` nor ``governance`` nor ``web``.
"""
