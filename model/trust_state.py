"""The states between two trust anchors, and the steps after which all proxies still trust each other.

A pod trusts the bundle that it got at its start until it ends, and has the certificate from then for up to a day.
"""

from typing import NamedTuple

from model.names import TrustPhase

PHASES = tuple(TrustPhase)


class TrustState(NamedTuple):
    """The number of the trust anchor, and the phase of its replacement by the next."""

    anchor: int
    phase: TrustPhase

    def __str__(self) -> str:
        """Return the state as a person would say it."""
        return f"anchor {self.anchor}, phase {self.phase}"

    @property
    def trusted(self) -> frozenset[int]:
        """The anchors in the bundle."""
        return frozenset({self.anchor} if self.phase == TrustPhase.STABLE else {self.anchor, self.anchor + 1})

    @property
    def signer(self) -> int:
        """The anchor that signs the issuer."""
        return self.anchor + 1 if self.phase == TrustPhase.REISSUED else self.anchor

    @property
    def following(self) -> "TrustState":
        """The next state."""
        if self.phase == TrustPhase.REISSUED:
            return TrustState(self.anchor + 1, TrustPhase.STABLE)
        return TrustState(self.anchor, PHASES[PHASES.index(self.phase) + 1])

    @property
    def preceding(self) -> "TrustState | None":
        """The state before; None once the old anchor is deleted."""
        if self.phase == TrustPhase.STABLE:
            return None
        return TrustState(self.anchor, PHASES[PHASES.index(self.phase) - 1])


def is_legal(current: TrustState, wanted: TrustState) -> bool:
    """Return whether one `up` may move from one state to the other."""
    return wanted in (current, current.following, current.preceding)


def step_towards(current: TrustState, wanted: TrustState) -> TrustState:
    """Return the legal step to take first; forward where there is no way back."""
    backwards = (wanted.anchor, PHASES.index(wanted.phase)) < (current.anchor, PHASES.index(current.phase))
    return (current.preceding if backwards else None) or current.following


def harm(current: TrustState, wanted: TrustState) -> str:
    """Return what an illegal step would break, as the rule in the message."""
    if current.signer not in wanted.trusted:
        return (
            f"running pods show certificates below anchor {current.signer}, which restarted pods would not trust: "
            "calls between them would fail until all have restarted"
        )
    if wanted.signer not in current.trusted:
        return (
            f"restarted pods would show certificates below anchor {wanted.signer}, which running pods do not trust: "
            "calls between them would fail until all have restarted"
        )
    if wanted.anchor < current.anchor:
        return f"anchor {wanted.anchor} is deleted with its key, and a new one under its number would be another anchor"
    return "it is more than one step, and pods have to restart in between"
