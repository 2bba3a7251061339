"""Tests of reminders.delivery."""
