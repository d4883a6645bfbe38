"""What performance claims stand on: `make bench` runs them all and writes docs/performance.md."""
