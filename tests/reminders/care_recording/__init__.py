"""Tests of the recording side of care."""
