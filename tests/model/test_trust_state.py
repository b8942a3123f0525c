"""The states between two trust anchors: every pair of them, and the harm of every illegal step."""

from itertools import product

import pytest

from model.names import TrustPhase
from model.trust_state import TrustState, harm, is_legal, step_towards

S1, B1, R1, S2, B2, R2 = (TrustState(anchor, phase) for anchor in (1, 2) for phase in TrustPhase)
NAMES = {S1: "S1", B1: "B1", R1: "R1", S2: "S2", B2: "B2", R2: "R2"}
FORWARD = {(S1, B1), (B1, R1), (R1, S2), (S2, B2), (B2, R2)}
BACK = {(B1, S1), (R1, B1), (B2, S2), (R2, B2)}
TOO_EARLY, NOT_YET, GONE, TWO_STEPS = "would not trust", "do not trust", "is deleted with its key", "more than one step"
HARM = {
    **dict.fromkeys([(S1, R1), (S2, B1), (S2, R2), (R1, R2), (B2, B1)], NOT_YET),
    **dict.fromkeys([(S1, S2), (S1, B2), (S1, R2), (B1, S2), (B1, B2), (B1, R2), (R1, S1)], TOO_EARLY),
    **dict.fromkeys([(S2, S1), (B2, S1), (R2, S1), (R2, B1), (R2, R1), (R2, S2)], TOO_EARLY),
    **dict.fromkeys([(S2, R1), (B2, R1)], GONE),
    **dict.fromkeys([(R1, B2)], TWO_STEPS),
}


def named(pair: tuple[TrustState, TrustState]) -> str:
    return " to ".join(NAMES[state] for state in pair)


@pytest.mark.parametrize("pair", list(product(NAMES, NAMES)), ids=named)
def test_only_steps_between_neighbours_are_legal_and_none_back_from_a_new_anchor(
    pair: tuple[TrustState, TrustState],
) -> None:
    assert is_legal(*pair) == (pair in FORWARD | BACK or pair[0] == pair[1])


@pytest.mark.parametrize("pair", HARM, ids=named)
def test_an_illegal_step_is_refused_with_its_harm_and_a_legal_one_is_proposed(
    pair: tuple[TrustState, TrustState],
) -> None:
    assert HARM[pair] in harm(*pair)
    assert (pair[0], step_towards(*pair)) in FORWARD | BACK | {(R2, TrustState(3, TrustPhase.STABLE))}


def test_a_step_back_is_proposed_where_there_is_one() -> None:
    assert step_towards(R1, S1) == B1
    assert step_towards(R2, B1) == B2
    assert step_towards(S2, S1) == B2, "the old anchor is deleted"


@pytest.mark.parametrize("pair", sorted(FORWARD | BACK), ids=named)
def test_after_a_legal_step_every_pod_trusts_the_certificates_of_all_others(
    pair: tuple[TrustState, TrustState],
) -> None:
    """A pod has the certificate and the bundle of the state in which it started; pods of both states call others."""
    for shows in pair:
        for judges in pair:
            assert shows.signer in judges.trusted
