"""What schemas and documents are made of: names, texts, numbers."""

from random import Random

# With what a JSON Pointer, a URI's fragment and a keyword's name may confuse.
NAMES = [
    *("a", "b", "c", "d", "ab", "foo", "bar"),
    *("", "é", "a/b", "~", "x y", "😀", "a%25b", "0", "$ref", "type", "日本"),
]

MANY = [f"k{i}" for i in range(40)]

# Python's "$" also matches before a newline at the end, and its "." takes
# "\r" and U+2028, which ECMA-262's do not; so no text has such an end, nor
# these characters.
TEXTS = [
    *NAMES,
    *("aa", "aab", "abc", "b1", "12", "007", "x-1", "A", "a.b", "(a)", "\\"),
    *(
        "a\nb",
        "\t",
        '"',
        "ÿ",
        "e\u0301",
        "\u00e9\u00e9",
        "\U0010ffff",
        "\u0000",
    ),
    *("ab" * 5, "x" * 20, "https://example.test/", "2024-01-02", "/a/0"),
]

# Each with texts that it finds something in; the same in Python's re and in
# ECMA-262 with the flag "u".
PATTERNS = {
    "^a": ["a", "ab", "abc", "aab"],
    "b$": ["b", "ab", "aab"],
    "a": ["a", "ba", "bar"],
    "^[a-c]+$": ["a", "b", "abc", "ab"],
    "^(?:foo|bar)$": ["foo", "bar"],
    "o{2}": ["foo", "oo"],
    "^.$": ["a", "é", "😀", "~"],
    "^.{2,3}$": ["ab", "foo", "é😀", "日本"],
    "^$": [""],
    "": ["", "a", "😀"],
    "^[^a]*$": ["", "b", "foo", "é"],
    "(a|b)\\1": ["aa", "abb", "bb"],
    "^(?!a)": ["", "b", "foo", "日本"],
    "^(?=.*b)a": ["ab", "aab"],
    "(?<=a)b": ["ab", "aab"],
    "^[0-9]+$": ["0", "12", "007"],
    "[.*+]": ["a.b", "+"],
    "\\.": ["a.b", "."],
    "^\\u00e9": ["é", "éa"],
    "[é-ÿ]": ["é", "ÿ"],
    "\\x61b": ["ab"],
    "/": ["a/b", "/"],
    "^a*?b+?": ["b", "ab", "aab"],
    "[\\]\\\\-]": ["\\", "x-1"],
    "😀": ["😀", "a😀"],
    "^[😀-😎]$": ["😀", "😁"],
    "\\$|\\^": ["$ref", "^"],
    "(?:a|b|)c": ["abc", "c"],
    "^(([a-z])[0-9])+$": ["b1", "a1b2"],
    "\\t": ["\t"],
}

TWO_53 = 2**53

INTEGERS = [
    *(0, 1, -1, 2, 3, 4, 5, 7, 9, 10, 12, 100, -3, -100),
    *(TWO_53 - 1, TWO_53, TWO_53 + 1, -TWO_53 - 1),
    *(2**63 - 1, -(2**63), 10**18, 2**31),
]
REALS = [
    *(0.0, -0.0, 1.0, 2.0, 3.0, 100.0, -1.0, -3.0),
    *(0.5, 1.5, 2.5, 0.1, 0.3, 0.01, 19.99, 4.35, 1.1, 3.3, -0.7),
    *(float(TWO_53), float(TWO_53 + 2), 2.0**63, -(2.0**63), 2.0**64),
    *(1e18, 1e20, 1e100, 1e300, 1.5e300, 1.7976931348623157e308),
    *(1e-7, 2e-7, 1e-300, 5e-324, 1e-323, 2.2250738585072014e-308),
]
DIVISORS = [
    *(1, 2, 3, 5, 7, 10, 100, TWO_53, 10**9),
    *(1.0, 2.0, 3.0, 0.5, 0.25, 0.1, 0.01, 0.001, 1.5, 0.3, 1.1, 0.7),
    *(1e2, 1e-7, 1e20, 1e300, 1e-300, 5e-324, 9.99, 123456.789),
]


def name(rng: Random) -> str:
    """Mostly one of few, so that schema and document meet."""
    return rng.choice(NAMES[:5] if rng.random() < 0.75 else NAMES)


def number(rng: Random) -> int | float:
    roll = rng.random()
    if roll < 0.35:
        return rng.randint(-3, 8)
    if roll < 0.6:
        return rng.choice(INTEGERS)
    if roll < 0.85:
        return rng.choice(REALS)
    return round(rng.uniform(-20, 20), rng.randint(0, 3))


def value(rng: Random, depth: int = 2) -> object:
    """Any JSON value."""
    roll = rng.random()
    if roll < 0.1:
        return None
    if roll < 0.22:
        return rng.random() < 0.5
    if roll < 0.45 or depth == 0:
        return number(rng)
    if roll < 0.65:
        return rng.choice(TEXTS)
    if roll < 0.82:
        return [value(rng, depth - 1) for _ in range(rng.randint(0, 3))]
    return {name(rng): value(rng, depth - 1) for _ in range(rng.randint(0, 3))}


def nearly(rng: Random, item: object) -> object:
    """What is nearly the same, or the same written in another way."""
    if isinstance(item, bool):
        return rng.choice([int(item), float(item), not item])
    if isinstance(item, int):
        twins = [float(item), item + 1, item - 1, item == 1, str(item)]
        return representable(rng.choice(twins))
    if isinstance(item, float):
        twins = [-item, item / 2, item + 1, item * 3]
        if item.is_integer() and abs(item) < 2**63:
            twins += [int(item)] * 3
        return representable(rng.choice(twins))
    if isinstance(item, str):
        twins = [item + "a", item[:-1], item.upper(), item + item]
        return rng.choice(twins).rstrip("\n")
    if isinstance(item, list):
        return [*item, *item[:1]] if rng.random() < 0.5 else item[:-1]
    if isinstance(item, dict):
        return [item]
    return rng.choice([False, 0, "", "null"])


def representable(item: object) -> object:
    """Jansson refuses infinity and integers of more than 64 bits."""
    if isinstance(item, float) and abs(item) == float("inf"):
        return 0.0
    if isinstance(item, int) and not -(2**63) <= item < 2**63:
        return float(item)
    return item
