"""What the events mean: the fold from a child's events to a case, deadlines and address findings, the same on every side.

Pure, like the contract: values in, values out. Any clock is an argument.
"""
