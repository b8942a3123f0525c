"""The policy pack of the workshop: what no stack may have."""
