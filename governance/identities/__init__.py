"""Who is asking: apps by key, people by session or token."""
