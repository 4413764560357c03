"""What persons concerned ask of the business: a copy of all that is held about them, or to be erased; asked, due within a month, answered by a person."""
