"""How many tokens a text has for a language model, roughly: the same estimate wherever none has counted."""

from typing import Final

_BYTES_EACH: Final = 4


def estimate_tokens(text: str) -> int:
    """Return one token for each four bytes of UTF-8, rounded up.

    What a model's own tokenizer counts differs by about a third for English prose, and more for other scripts.

    >>> estimate_tokens(""), estimate_tokens("to be"), estimate_tokens("être ou ne pas être")
    (0, 2, 6)
    """
    return -(-len(text.encode("utf-8", "surrogatepass")) // _BYTES_EACH)
