"""The pages for managers, publishers, auditors and admins; they may use governance, and know no tables."""
