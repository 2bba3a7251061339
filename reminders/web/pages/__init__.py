"""The staff's pages, by subject: parse the form, call care, show the result."""
