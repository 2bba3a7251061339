"""Tests of the pure schedules: no fixtures, no database."""
