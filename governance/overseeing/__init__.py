"""Who answers for oversight: the staff notice, each person's own figures, and alarms with what was done about them."""
