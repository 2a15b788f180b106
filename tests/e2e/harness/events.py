"""Bodies as the sender makes them, and their signatures."""

import hashlib
import hmac
import itertools
import json
import os
from typing import Any

SECRET = "whsec-of-the-end-to-end-tests"

_serial = itertools.count(1)


def sign(body: bytes, secret: str = SECRET) -> str:
    """X-Hub-Signature: bare lower-case hex."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def new_key() -> str:
    """A correlation id in the sender's form, not used before."""
    return f"O-{os.urandom(4).hex()[:4]}{next(_serial):03d}"


def _encode(event: dict[str, Any]) -> bytes:
    return json.dumps(event, ensure_ascii=False).encode()


def event(
    event_type: str | None,
    data: Any,
    event_id: str | None = "evt_1704200000",
    timestamp: str | None = "2024-01-02T12:00:00Z",
    **more: Any,
) -> bytes:
    """None leaves a member out."""
    members = {
        "event_type": event_type,
        "event_id": event_id,
        "timestamp": timestamp,
        "data": data,
    }
    kept = {k: v for k, v in members.items() if v is not None}
    return _encode({**kept, **more})


def click(key: str | None = None, **data: Any) -> bytes:
    return event(
        "widget.click",
        {
            "correlation_id": new_key() if key is None else key,
            "device_id": "dev-7f3a",
            "click_url": "https://example.com/?utm_source=a&utm_source=b",
            "parsed_params": {"utm_source": ["a", "b"], "gclid": "x1"},
            "ip_address": "2001:db8::1",
            "user_agent": "Mozilla/5.0 (Grüße)",
            **data,
        },
    )


def correlated(key: str | None = None, **data: Any) -> bytes:
    return event(
        "lead.correlated",
        {
            "correlation_id": new_key() if key is None else key,
            "conversation_id": 987,
            "phone_number": "+15551234567",
            "lead_status": "correlated",
            "channel_id": "ch_1",
            **data,
        },
        event_id="evt_1704200500",
        timestamp="2024-01-02T12:05:00Z",
    )


def complete(key: str | None = None, **data: Any) -> bytes:
    return event(
        "lead.complete",
        {
            "correlation_id": new_key() if key is None else key,
            "conversation_id": 987,
            "lead_status": "complete",
            "lead_data": {
                "name": "Mock User",
                "email": "mock@example.com",
                "phone": "+15550009999",
                "company": "Mock Inc",
                "intent": "Testing Webhooks",
            },
            **data,
        },
        event_id="evt_1704201000",
        timestamp="2024-01-02T12:10:00Z",
    )


def unknown(key: str | None = None, **data: Any) -> bytes:
    return event(
        "invoice.paid",
        {"correlation_id": new_key() if key is None else key, **data},
    )
