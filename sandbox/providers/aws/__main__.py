"""`python -m sandbox.providers.aws ENGINE`: serves the provider until the engine ends it."""

from sandbox.providers.aws.provider import AwsProvider
from sandbox.providers.aws.serving import serve

if __name__ == "__main__":
    serve(AwsProvider)
