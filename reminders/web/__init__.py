"""Pages, JSON API and webhooks."""
