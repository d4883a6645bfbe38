"""What the events of a child mean: the case file, its figures and its lists; the same on every side.

Pure: events in, values out. No clock, no logger, no SQL, no event loop may enter.
"""
