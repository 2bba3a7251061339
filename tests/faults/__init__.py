"""What happens when something breaks: 2,000 messages due on real processes, on PostgreSQL and on SQLite.

Every time each phone has exactly one, none is lost, none is left in anybody's hand, and the books agree with the
carrier's. A short version runs with the other tests; `make faults` runs the long one and prints a table.
"""
