"""Objections of the persons concerned: opened, looked at by somebody who did not decide before, answered, and where they are right, the outcome reversed."""
