"""The web application as a browser meets it."""
