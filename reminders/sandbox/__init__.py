"""A stand-in carrier and mailbox for demo, tests and benchmarks. Knows nothing of our tables."""
