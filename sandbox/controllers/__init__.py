"""Simulates the two controllers of an EKS cluster's hosts on a sandbox with the double of AWS.

They do what the real ones are there for, in the way that a stack and its destruction depend on: finalizers, tags, owner
ids, and that each of them works only while its pods are there and may act. Balancing and resolving is not what they do.
"""
