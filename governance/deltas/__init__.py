"""What changed about a decision, for the counts: written in the transaction of the change, without the decision's group."""
