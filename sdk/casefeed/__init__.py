"""The treaty as code: what anyone installs to write, send, read and judge case events.

`contract` says what is written, `case` what it means, `kafka`, `store` and `runtime` where bytes meet machines,
`publish` how facts leave, `read` how they arrive, `cli` the one command. No agency's own rules belong here.
"""
