"""Taking back what an export gave."""
