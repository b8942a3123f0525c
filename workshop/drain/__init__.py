"""Taking away what a stack has in AWS: finding it, waiting until it is gone, and a way out where it stays."""
