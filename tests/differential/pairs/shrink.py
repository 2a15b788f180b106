"""A pair that shows something, made as small as it can be."""

from collections.abc import Callable, Iterator

ATTEMPTS = 4000


def smaller(value: object) -> Iterator[object]:
    """What `value` may shrink to, in one step; the large steps first."""
    if isinstance(value, dict):
        for each in value.values():
            yield each
            yield from _inside(each)
        for name in value:
            yield {k: v for k, v in value.items() if k != name}
        for name, each in value.items():
            for less in smaller(each):
                yield {**value, name: less}
    elif isinstance(value, list):
        yield from value
        for i in range(len(value)):
            yield value[:i] + value[i + 1 :]
        for i, each in enumerate(value):
            for less in smaller(each):
                yield [*value[:i], less, *value[i + 1 :]]
    elif isinstance(value, str) and len(value) > 1:
        yield value[1:]
        yield value[:-1]


def _inside(value: object) -> list:
    """The schemas of "allOf" and of "properties", for example."""
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def shrink(
    schema: object, document: object, shows: Callable[[object, object], bool]
) -> tuple[object, object]:
    """The smallest pair found that `shows` is still true of."""
    left = ATTEMPTS
    progress = True
    while progress and left > 0:
        progress = False
        steps = [(less, document) for less in smaller(schema)]
        steps += [(schema, less) for less in smaller(document)]
        for pair in steps:
            left -= 1
            if left <= 0:
                break
            if _is_schema(pair[0]) and shows(*pair):
                schema, document = pair
                progress = True
                break
    return schema, document


def _is_schema(value: object) -> bool:
    return isinstance(value, dict | bool)
