"""The client of AWS: it finds the cluster, and checks the zone and the permissions of pods.

`boto3` takes a third of a second to import, so its modules are imported where a stack is on EKS, and nowhere else.
"""
