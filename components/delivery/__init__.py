"""The controllers that deliver new versions step by step."""
