"""`tls.PrivateKey`."""

from typing import Annotated, ClassVar

from pydantic import Field

from sandbox.providers.tls import keys
from sandbox.providers.tls.inputs import Inputs, Made
from sandbox.providers.tls.keys import Algorithm, Curve


class PrivateKeyInputs(Inputs):
    """A key that never changes: every input replaces it."""

    algorithm: Algorithm
    ecdsa_curve: Curve = Curve.P224
    rsa_bits: Annotated[int, Field(ge=1024, le=16384)] = 2048

    computed: ClassVar[frozenset[str]] = frozenset(
        {
            "privateKeyPem",
            "privateKeyPemPkcs8",
            "privateKeyOpenssh",
            "publicKeyPem",
            "publicKeyOpenssh",
            "publicKeyFingerprintMd5",
            "publicKeyFingerprintSha256",
        }
    )

    def make(self) -> Made:
        """Generate the key and write it in every encoding."""
        key = keys.generate(self.algorithm, self.ecdsa_curve, self.rsa_bits)
        return Made(keys.identifier(key), {**keys.private_encodings(key), **keys.public_encodings(key)})
