"""Reading the feed: positions and state kept together, every record judged, nothing skipped.

ICE's own intake and every downstream team read through this room. An integrator needs three names:
`Feed` (what to read, where to keep it), a handler (what to do with each event), and `Held` (the event).
"""
