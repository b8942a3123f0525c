"""`python -m sandbox.providers.tls ENGINE`: serves the stand-in until the engine ends it."""

import sys

from pulumi.provider.experimental.server import main

from sandbox.providers.tls.provider import VERSION, TlsProvider

if __name__ == "__main__":
    main(sys.argv[1:], VERSION, TlsProvider())
