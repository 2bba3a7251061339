"""Data that tests read, and the scripts that make it."""
