"""Tests of what a clinic sets about its sending, and of what delivery reports to care."""
