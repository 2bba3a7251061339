"""Tests of reminders.consent."""
