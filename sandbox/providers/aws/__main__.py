"""`python -m sandbox.providers.aws ENGINE`: serves the provider until the engine ends it."""

from sandbox.providers.aws.provider import VERSION, AwsProvider
from sandbox.providers.serving import serve

if __name__ == "__main__":
    serve(AwsProvider, VERSION)
