"""Jobs that are never lost: MongoDB holds the truth, Dramatiq carries what is about to run."""
