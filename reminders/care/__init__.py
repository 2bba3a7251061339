"""The use cases: what staff and patients do, each in one transaction of its caller."""
