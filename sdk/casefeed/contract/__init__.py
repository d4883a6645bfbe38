"""What is written on the feed: events, codec, catalogue, evolution gate, privacy tags, archive and reasons.

Pure: values in, values out. No clock, no logger, no socket, no SQL and no event loop may enter.
"""
