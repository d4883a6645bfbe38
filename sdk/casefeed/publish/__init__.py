"""How recorded facts leave an agency: the publisher and the replay of archives.

An agency publishes on its own topic only, and never by reading the other's.
"""
