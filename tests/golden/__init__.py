"""Every text as a patient or staff will read it, kept in files so that a change of one shows in a review."""
