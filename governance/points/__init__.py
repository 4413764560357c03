"""Decision points and the versions of their policies."""
