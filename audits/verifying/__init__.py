"""The stand-alone verifier ``answerable-verify``: is what an export shows what was recorded and signed?

``sources`` reads a directory or an archive, ``scanning`` checks bundles of entries, ``epochs`` one tree and its signatures,
``evidence`` what others hold of it (receipts, anchors, disclosures), ``checking`` all of it, ``command`` is the program.

Not for: the live database, which ``answerable audit verify`` compares with the log. May import: the standard library,
``cryptography``, and of this project only ``audits.log`` without ``canonical`` and ``verify``, since it must run where
nothing else is installed.
"""
