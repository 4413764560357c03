"""What turned out to be right, and how the person concerned rated what was done: reported later, each with its entry."""
