"""One client each for Kubernetes, AWS and Pulumi: bounded in time, with errors that are one sentence."""
