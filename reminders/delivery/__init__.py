"""Sending what is due: sweep, re-check, call, settle; receipts; what became of calls without an answer."""
