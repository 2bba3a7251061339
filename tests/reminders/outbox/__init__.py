"""Tests of reminders.outbox."""
