"""JSON texts: the same value, written in one of its many ways."""

import json
from random import Random


def _number(value: float, rng: Random) -> str:
    if isinstance(value, int):
        return "-0" if value == 0 and rng.random() < 0.05 else str(value)
    text = repr(value)
    if "e" in text:
        return text.replace("e", rng.choice("eE"))
    whole, _, fraction = text.partition(".")
    if value != 0 and rng.random() < 0.4:
        digits = int(whole + fraction)
        return f"{digits}{rng.choice('eE')}-{len(fraction)}"
    if fraction == "0" and rng.random() < 0.5:
        stripped = whole.rstrip("0")
        zeros = len(whole) - len(stripped)
        if stripped not in ("", "-"):  # zero has no exponent here
            plus = rng.choice(["", "+"])
            return f"{stripped}e{plus}{zeros}"
    return text + "0" * rng.randint(0, 2)


def _string(value: str, rng: Random) -> str:
    if rng.random() < 0.7:
        return json.dumps(value, ensure_ascii=False)
    if rng.random() < 0.5:
        return json.dumps(value)
    units = value.encode("utf-16-be").hex()
    quads = [units[i : i + 4] for i in range(0, len(units), 4)]
    return '"' + "".join(f"\\u{quad}" for quad in quads) + '"'


def render(value: object, rng: Random) -> str:
    """Reads back as `value`. Has neither tabs nor line ends."""
    if isinstance(value, str):
        return _string(value, rng)
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, int | float):
        return _number(value, rng)
    if isinstance(value, list):
        return "[" + ",".join(render(each, rng) for each in value) + "]"
    members = (
        f"{_string(name, rng)}:{render(each, rng)}"
        for name, each in value.items()
    )
    return "{" + ",".join(members) + "}"


def plain(value: object) -> str:
    """For people."""
    return json.dumps(value, ensure_ascii=False)
