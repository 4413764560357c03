"""The audit log in the database: appending in the caller's transaction, sequencing, signing, verifying."""
