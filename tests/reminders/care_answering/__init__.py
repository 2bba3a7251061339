"""The answering side of care: replies, opt-outs, tickets, events, and what staff read."""
