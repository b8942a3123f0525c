"""The client of AWS, imported only where a stack is on EKS: `boto3` takes a third of a second to import."""
