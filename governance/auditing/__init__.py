"""What an auditor asks of the business: what never arrived, a draw that nobody steers, and one pack of evidence."""
