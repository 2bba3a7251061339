"""Other designs for the same job, each in a few lines of our own: the same texts, the same SDK, the same database."""
