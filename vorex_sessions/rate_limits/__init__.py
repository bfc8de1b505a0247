"""Rate limits: requests per minute of each learner or address."""
