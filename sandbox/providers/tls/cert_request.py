"""`tls.CertRequest`."""

from hashlib import sha1
from typing import ClassVar

from sandbox.providers.tls import certificates, keys
from sandbox.providers.tls.inputs import Made
from sandbox.providers.tls.key_holder import KeyHolderInputs


class CertRequestInputs(KeyHolderInputs):
    """A request that an authority signs later."""

    computed: ClassVar[frozenset[str]] = frozenset({"certRequestPem", "keyAlgorithm"})

    def make(self) -> Made:
        """Sign the request with the holder's own key."""
        key = self.key()
        pem = certificates.request(self.holder_of(key), key)
        name = sha1(pem.encode(), usedforsecurity=False).hexdigest()
        return Made(name, {"certRequestPem": pem, "keyAlgorithm": keys.algorithm_of(key)})
