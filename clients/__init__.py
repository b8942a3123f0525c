"""One client each for Kubernetes, AWS, Pulumi and GitHub: bounded in time, with errors that are one sentence."""
