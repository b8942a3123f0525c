"""The `aws` provider where Pulumi cannot get the real plugin: the resources that the program uses, in AWS' double."""
