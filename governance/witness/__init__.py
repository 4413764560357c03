"""A witness of logs: a role of its own, with its own key and folder, which needs no installation."""
