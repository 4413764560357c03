"""What each page is told, as plain frozen values that a template can print without asking further.

Times come as `Moment`, already in the person's zone and language; words of closed vocabularies come as
their codes, which the templates' components translate. Nothing here reads a database.
"""
