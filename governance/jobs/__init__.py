"""Background work: due rows that any number of workers take with a lease, and outgoing mail."""
