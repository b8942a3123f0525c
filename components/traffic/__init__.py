"""One idea of the workshop a file, usable on any app."""
