"""What keeps a table healthy."""
