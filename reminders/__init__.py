"""The follow-up service: records treatments, sends what is owed, reads what comes back."""
