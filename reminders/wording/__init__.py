"""What a message says: texts as data, rendering, segments."""
