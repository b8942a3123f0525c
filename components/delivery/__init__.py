"""What delivers new versions step by step."""
