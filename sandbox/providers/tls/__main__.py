"""`python -m sandbox.providers.tls ENGINE`: serves the stand-in until the engine ends it."""

from sandbox.providers.serving import serve
from sandbox.providers.tls.provider import VERSION, TlsProvider

if __name__ == "__main__":
    serve(lambda _: TlsProvider(), VERSION)
