"""Destroys a stack with its AWS resources: finds them, waits until they are deleted, and removes them if need be."""
