"""Texts without what may be a secret: what messages, comments and artifacts have in common."""

import base64
import binascii
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator

SECRET = "[secret]"  # noqa: S105  stands in place of one
SECRET_KEY = re.compile(
    r"(?i)(password|passwd|passphrase|private_?key(_?pem\w*|_?openssh)?|secret_?(access_?)?key|client_?secret"
    r"|client_?key_?data|api_?key|secret|token)$"
)
"""Names of keys and variables whose values are secret."""
SHORTEST = 8
"""The fewest characters of a known secret to hide within a word; a shorter one is hidden only as a whole word."""

_SECRET_TEXT = re.compile(
    r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----"
    r"|LS0tLS1CRUdJTi[A-Za-z0-9+/]{2,16}(UFJJVkFURS|QUklWQVRF|BSSVZBVE)"  # the same in base64, at each of three offsets
    r"|\bgh[pousr]_[A-Za-z0-9]{30,}|\bgithub_pat_\w{40,}|\bglpat-[\w-]{20,}|\bxox[abeoprs]-[\w-]{10,}|\bpul-[0-9a-f]{40}"
    r"|\b(AKIA|ASIA)[A-Z0-9]{16}\b"
    r"|\beyJ[\w-]{10,4000}\.eyJ[\w-]{10,}"
)
"""Keys and tokens that are recognized by their form, even where nothing marks them as secret."""
_KEY_BLOCK = re.compile(r"(?s)-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----.*?(-----END [A-Z0-9 ]*PRIVATE KEY-----|\Z)")
_NAMED = re.compile(
    r"(?i)((?:password|passwd|passphrase|private[_-]?key|secret[_-]?key|client[_-]?secret|access[_-]?key"
    r"|client[_-]?key[_-]?data|api[_-]?key|token)\\*[\"']?\s*(?:=|:(?!:))\s*)"
    r"(?:(\\*\"[^\"]*\"|\\*'[^']*')|[^\s,;}\])]+(?:(?<=\[secret)\])?)"
)
"""A secret's name and its value, quoted or not, as YAML, JSON, URLs and shells have it."""
_LOGIN = re.compile(r"(?i)\b(bearer|basic)\s+(?=\S*\d|\S{20})[\w.~+/=-]{6,}")
_USER = re.compile(r"(\w:/{1,2})(?!git@)[^\s/@'\"?#]+@")
"""Name and password in a URL."""
_RANDOM = re.compile(
    r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{8,}={1,2}(?!=)"
    r"|(?<![A-Za-z0-9+/_])(?=[A-Za-z0-9+/_]*[a-z])(?=[A-Za-z0-9+/_]*[A-Z])(?=[A-Za-z0-9+/_]*\d)[A-Za-z0-9+/_]{20,}"
)
"""Words that look like random bytes in base64."""
_CERTIFICATE = re.compile(r"-----BEGIN (CERTIFICATE|PUBLIC KEY)-----|LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS")
"""The beginning of a certificate or public key: not secret, even in a Secret."""
_TOO_SHORT = 3
"""The fewest characters of a secret; a shorter word is no secret, or too short to protect."""
_LONGEST_VALUE = 60
_MORE_THAN_A_WORD = re.compile(r"(?i)^\s*[{\[]|\n|secret|passw|passphrase|credential|token")

_MOST_ROUNDS = 10
"""Two are enough but for secrets that are made of the mark's own characters."""

_known = set[str]()
"""Secrets that this process has read."""


def remember(secrets: Iterable[str]) -> None:
    """Have `hidden` take these out of every text from now on."""
    _known.update(secrets)


def has_secret(text: str) -> bool:
    """Return whether a text holds a key or a token that is known by its form."""
    return bool(_SECRET_TEXT.search(text))


def hidden(text: str) -> str:
    """Return a text without keys, tokens, passwords, and the secrets of this process's environment."""
    return _repeat(_hide, text)


def _repeat(hide: Callable[[str], str], text: str) -> str:
    """Return a text that hiding again does not change: a mark makes a word longer, which may then look like a login."""
    for _ in range(_MOST_ROUNDS):
        before, text = text, hide(text)
        if text == before:
            break
    return text


def _hide(text: str) -> str:
    for secret in _of_environment():
        text = text.replace(secret, SECRET)
    text = without(_known)(text) if _known else text
    if has_secret(text):
        lines = _KEY_BLOCK.sub(SECRET, text).split("\n")
        text = "\n".join(SECRET if has_secret(line) else line for line in lines)
    text = _LOGIN.sub(rf"\1 {SECRET}", _USER.sub(rf"\1{SECRET}@", text))
    return _NAMED.sub(_without_value, text)


def hidden_words(text: str, secrets: Iterable[str] = ()) -> str:
    """Return a text that strangers may read: `hidden`, and without `secrets` and words that look like random bytes."""
    return _repeat(lambda each: _RANDOM.sub(SECRET, _hide(each)), without(secrets)(text))


def without(secrets: Iterable[str]) -> Callable[[str], str]:
    """Return a function that takes `secrets` out of a text."""
    secrets = {each for each in secrets if len(each) >= _TOO_SHORT}
    longest_first = sorted((each for each in secrets if len(each) >= SHORTEST), key=lambda each: (-len(each), each))
    short = sorted({each for each in secrets if len(each) < SHORTEST} - {"true", "false"}, key=len, reverse=True)
    # What is hidden already stays as it is, even if a secret is a part of the mark.
    words = re.compile(rf"\[secret\]|(?<!\w)({'|'.join(map(re.escape, short))})(?!\w)") if short else None

    def cleared(text: str) -> str:
        for each in longest_first:
            if each in text:
                text = text.replace(each, SECRET)
        return words.sub(SECRET, text) if words else text

    return cleared


def forms(secret: str) -> Iterator[str]:
    """Yield the forms of a secret in a text: whole, in parts, in base64 and decoded, and within JSON."""
    if _CERTIFICATE.match(secret.strip()) and not has_secret(secret):
        return
    whole = {secret, secret.strip('"'), *_decoded(secret)}
    for each in whole | {part for text in whole for part in _parts(text)}:
        yield from filter(
            None, {each, each.strip(), json.dumps(each)[1:-1], json.dumps(each, ensure_ascii=False)[1:-1]}
        )
        yield from _encoded(each)


def _parts(text: str) -> Iterator[str]:
    """Yield the lines of a file, and what stands in them as values."""
    for line in map(str.strip, text.splitlines()):
        value = re.split(r"[:=]\s*", line, maxsplit=1)[-1].strip("\"' ,")
        yield from (each for each in (line, value) if len(each) >= SHORTEST)


def plain(value: object) -> str | None:
    """Return a wrong value for a message; None if it may hold a secret, or is more than a word."""
    if isinstance(value, dict | list | tuple | set | bytes):
        return None
    try:
        text = str(value)
    except ValueError:  # of numbers of thousands of digits
        return None
    is_a_word = len(text) <= _LONGEST_VALUE and not _MORE_THAN_A_WORD.search(text)
    return text if is_a_word and hidden_words(text) == text else None


def _without_value(found: re.Match[str]) -> str:
    """Return a name with its value hidden; a quoted text with a secret that is hidden already stays as it is."""
    return found[0] if SECRET in (found[2] or "") else f"{found[1]}{SECRET}"


def _of_environment() -> list[str]:
    """Return the secrets of the environment, as they are and as Python writes them."""
    values = [value.strip() for name, value in os.environ.items() if SECRET_KEY.search(name) and len(value) >= SHORTEST]
    return sorted({form for value in values for form in (value, repr(value)[1:-1])}, key=len, reverse=True)


def _decoded(text: str) -> Iterator[str]:
    compact = "".join(text.split())
    if len(compact) % 4 or not re.fullmatch(r"[A-Za-z0-9+/_-]+={0,2}", compact):
        return
    try:
        yield base64.b64decode(compact, altchars=b"-_" if "-" in compact or "_" in compact else None).decode()
    except (binascii.Error, ValueError):
        return


def _encoded(text: str) -> Iterator[str]:
    """Yield a text in base64, wherever it begins in what is encoded."""
    content = text.encode(errors="surrogatepass")
    for offset in range(3):
        # The first and the last characters hold bits of the neighbours, too.
        whole = base64.b64encode(b"\0" * offset + content).decode().rstrip("=")
        inner = whole[(offset * 8 + 5) // 6 : (offset + len(content)) * 8 // 6]
        for each in (inner, inner.replace("+", "-").replace("/", "_")):
            if len(each) >= SHORTEST:
                yield each
