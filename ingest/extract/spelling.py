"""Which bytes of a text its tokens stand for."""

import re
import unicodedata
from collections.abc import Sequence
from typing import Any


class Spelling:
    """Which bytes tokens stand for, as their tokenizer writes them.

    A byte-level vocabulary has a letter for each byte, one with byte fallback has <0x0A>, and
    SentencePiece writes a space as ▁.
    """

    def __init__(self, tokens: Any) -> None:
        """Look once at how the tokenizer writes."""
        self._tokens = tokens
        self._added = set(tokens.added_tokens_decoder)
        backend = tokens.backend_tokenizer
        parts = (backend.pre_tokenizer, backend.decoder)
        self._byte_level = any(p is not None and b"ByteLevel" in p.__getstate__() for p in parts)
        # Some put a space before a text, most of these not where there is one already.
        spaced = tokens(" a", add_special_tokens=False, verbose=False)["input_ids"]
        self._always_spaced = b"".join(map(self.bytes_of, spaced)).startswith(b"  ")

    def bytes_of(self, token: int) -> bytes:
        """Return the bytes that a token stands for."""
        name = self._tokens.convert_ids_to_tokens(token)
        if re.fullmatch(r"<0x[0-9A-F]{2}>", name):
            return bytes([int(name[3:5], 16)])
        if token in self._added:  # as it stands in the text, whatever the others are
            return name.encode()
        if self._byte_level and all(letter in _BYTES for letter in name):
            return bytes(_BYTES[letter] for letter in name)
        return name.replace("▁", " ").encode()

    def opening_bytes(self, text: str, first: int, offsets: Sequence[tuple[int, int]]) -> int:
        """Return how many UTF-8 bytes of a text its first token stands for.

        Offsets alone do not tell: some tokenizers trim spaces from them, and tokens that share a
        character share its place. So the token's own bytes count where the text begins with them. A
        space that the tokenizer put before the text is none of it. Where the text was normalized
        (lower case, composed) it does not begin with them: then the characters up to the token's
        end count, with the marks combined with the last, and one split over tokens as a whole.

        Args:
            text: as it was given to the tokenizer.
            first: the first token.
            offsets: where each token begins and ends.
        """
        own = self._own(text, first)
        return len(text[: _behind(text, offsets)].encode()) if own is None else own

    def opening(self, text: str, ids: Sequence[int], offsets: Sequence[tuple[int, int]]) -> int:
        """Return how many of a text's tokens stand for the bytes of `opening_bytes`.

        One; but of a normalized character that is split over tokens (a ligature) all of them.
        """
        if self._own(text, ids[0]) is not None:
            return 1
        end = _behind(text, offsets)
        return next((at for at, (begin, _) in enumerate(offsets) if begin >= end), len(ids))

    def _own(self, text: str, first: int) -> int | None:
        """Return the length of a first token's own bytes; None where the text begins otherwise."""
        whole, own = text.encode(), self.bytes_of(first)
        if self._always_spaced:
            own = own.removeprefix(b" ")
        for bytes_of_text in (own, own.removeprefix(b" ")):
            if whole.startswith(bytes_of_text):
                return len(bytes_of_text)
        return None


def _behind(text: str, offsets: Sequence[tuple[int, int]]) -> int:
    """Return the character behind a text's first token and the marks combined with its last."""
    end = offsets[0][1]
    while end < len(text) and unicodedata.combining(text[end]):
        end += 1
    return end


def _letters_of_bytes() -> dict[str, int]:
    """Return the bytes of a byte-level vocabulary by their letters (GPT-2's table).

    Printable bytes stand for themselves, the others follow from U+0100 on.
    """
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in plain]
    return {chr(byte): byte for byte in plain} | {
        chr(0x100 + place): byte for place, byte in enumerate(others)
    }


_BYTES = _letters_of_bytes()
