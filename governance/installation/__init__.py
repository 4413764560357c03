"""The one row that says which installation this is, and the business's own settings."""
