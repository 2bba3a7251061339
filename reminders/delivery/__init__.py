"""Sending what is due and learning what became of it."""
