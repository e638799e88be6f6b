"""The jobs that fill a catalog."""
