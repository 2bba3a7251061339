"""What a reply means. Pure: text in, labels with their evidence out."""
