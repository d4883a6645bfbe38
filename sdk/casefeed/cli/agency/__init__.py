"""The commands that every agency has, one module each: a factory that takes the agency and gives the command.

It may import all of `casefeed` but the rest of the command line; never an agency.
"""
