"""What capabilities offer each other."""
