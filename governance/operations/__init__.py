"""Running it: status, backup and restore."""
