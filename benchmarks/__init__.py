"""What performance claims stand on: each benchmark prints what it measured, on what, and how often."""
