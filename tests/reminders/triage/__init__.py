"""Tests of reminders.triage."""
