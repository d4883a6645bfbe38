"""What an integrator copies: a reader of their own on the SDK alone."""
