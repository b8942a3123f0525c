"""The `aws` package where Pulumi cannot get the real plugin: what the program uses of it, made in the double of AWS."""
