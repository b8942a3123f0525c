"""What AWS is asked: where the cluster is, and whether the zone and the rights of pods are as they have to be.

`boto3` takes a third of a second to import, so its modules are imported where a stack is on EKS, and nowhere else.
"""
