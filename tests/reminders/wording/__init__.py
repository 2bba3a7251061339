"""Tests of texts, rendering and segments."""
