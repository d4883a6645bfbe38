"""What happens to a synthetic population, with the truth written down beside it.

The truth is counted from the simulated lives before any event is made; the fold it judges may not enter here.
"""
