"""The doors: the API, the pages for people who work here, and the pages for the people decided about."""
