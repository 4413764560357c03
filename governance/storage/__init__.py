"""Tables' base, the database, its migrations. Knows no feature."""
