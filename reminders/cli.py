"""The `reminders` command."""
