"""What an integrator copies: a complete reader on the SDK alone, under 100 lines."""
