"""What every endpoint shares: blueprint, request parsing, fields, base schemas."""
