"""The API under /api/v1: one module a resource. It asks governance, knows no tables, and takes no cookies."""
