"""What happens when something breaks, on real PostgreSQL, Redis and Celery processes."""
