"""What `casefeed schema` and `make models` need: lint, diff, releases, golden bytes, AsyncAPI, generators.

It may import the contract and nothing else of ours; no service imports it.
"""
