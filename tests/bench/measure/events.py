"""The signed events that every program gets, as requests ready to be sent.

They tell of visitors: some click only, with some a conversation begins, and
some of those end as a complete lead. The same seed makes the same events.
"""

import json
import random
import string
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from harness.events import sign

EVENTS = 25_000
VISITORS = 4_000
BEGIN = datetime(2024, 1, 2, 12, tzinfo=UTC)

# Of a hundred events, so many of each kind.
SHARES = {"click": 72, "correlated": 18, "complete": 10}

BROWSERS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 "
    "(KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) "
    "AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile Safari/604.1",
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 "
    "(KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0",
)
PAGES = ("", "pricing", "contact", "products/espresso", "blog/grind-size")
ORIGINS = ("google", "newsletter", "instagram", "partner")
INTENTS = ("Asks for a price", "Wants a demo", "Has a question on delivery")


class Visitors:
    def __init__(self, seed: int = 20240102):
        self.random = random.Random(seed)
        letters = string.ascii_letters + string.digits
        self.keys = [
            "O-" + "".join(self.random.choices(letters, k=7))
            for _ in range(VISITORS)
        ]

    def _digits(self, count: int) -> str:
        return "".join(self.random.choices(string.digits, k=count))

    def click(self) -> dict[str, Any]:
        pick = self.random.choice
        params = {"utm_source": pick(ORIGINS), "gclid": self._digits(16)}
        query = "&".join(f"{name}={value}" for name, value in params.items())
        return {
            "device_id": f"dev_{self._digits(10)}",
            "click_url": f"https://shop.example.com/{pick(PAGES)}?{query}",
            "parsed_params": params,
            "ip_address": f"203.0.113.{self.random.randrange(1, 255)}",
            "user_agent": pick(BROWSERS),
        }

    def correlated(self) -> dict[str, Any]:
        return {
            "conversation_id": self.random.randrange(1, 1_000_000),
            "phone_number": f"+1555{self._digits(7)}",
            "lead_status": "correlated",
            "channel_id": f"ch_{self._digits(4)}",
        }

    def complete(self) -> dict[str, Any]:
        name = self._digits(6)
        return {
            "conversation_id": self.random.randrange(1, 1_000_000),
            "lead_status": "complete",
            "lead_data": {
                "name": f"Visitor {name}",
                "email": f"visitor.{name}@example.com",
                "phone": f"+1555{self._digits(7)}",
                "company": f"Company {self._digits(3)} Ltd",
                "intent": self.random.choice(INTENTS),
            },
        }

    def event(self, number: int) -> bytes:
        kind = self.random.choices([*SHARES], [*SHARES.values()])[0]
        data = getattr(self, kind)()
        when = BEGIN + timedelta(seconds=number)
        room = "widget" if kind == "click" else "lead"
        event = {
            "event_type": f"{room}.{kind}",
            "event_id": f"evt_{int(when.timestamp())}",
            "timestamp": when.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "data": {"correlation_id": self.random.choice(self.keys), **data},
        }
        return json.dumps(event).encode()


def bodies(count: int = EVENTS) -> Iterator[bytes]:
    """All different."""
    visitors = Visitors()
    return (visitors.event(number) for number in range(count))


def request(body: bytes, secret: str, *more: str) -> bytes:
    """Whole, as it is sent; `more` are header lines."""
    head = (
        "POST /webhook HTTP/1.1",
        "Host: 127.0.0.1",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        f"X-Hub-Signature: {sign(body, secret)}",
        *more,
    )
    return "".join(f"{line}\r\n" for line in (*head, "")).encode() + body


def write_requests(
    path: Path, secret: str, *more: str, count: int = EVENTS
) -> None:
    """The file that ../requests.lua and ../paced.c read: each request behind
    a line with its length."""
    with path.open("wb") as file:
        for body in bodies(count):
            whole = request(body, secret, *more)
            file.write(b"%d\n%b" % (len(whole), whole))
