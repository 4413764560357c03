"""The audit log as values: entries, the tree over them, signed checkpoints, and offline verification.

An entry is canonical bytes (``canonical``, ``entries``); its hash is a leaf of an RFC 9162 tree (``tree``)
kept as C2SP tiles (``tiles``); the tree's root is signed as a C2SP checkpoint (``notes``); the newest one
signed is remembered outside the database (``highwater``); ``verify`` checks all of it, link by link.

Not for: where any of it is kept or when it is written. May import: what ``audits`` may.
"""
