"""Erasing a person concerned: asked for by one person, confirmed by another, carried out by the worker; and legal holds, which stop it."""
