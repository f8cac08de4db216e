"""The library's own, under the name that the tests have for it."""

from safety_core.bundle.samples import ALPHABETS, base32, base58, characters, invented, token_of

__all__ = ["ALPHABETS", "base32", "base58", "characters", "invented", "token_of"]
