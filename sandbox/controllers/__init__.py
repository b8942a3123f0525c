"""Simulates the two controllers of an EKS cluster's hosts on a sandbox with the double of AWS.

They do what a stack and its destruction depend on: finalizers, tags, owner ids; and each works only while its pods
exist and have their permissions. They balance no requests and resolve no names.
"""
