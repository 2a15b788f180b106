"""What no log may tell."""

import re

from stack import Stack

PRIVATE = (
    # of the events of these tests and of the examples
    *("+15551234567", "+15550009999", "mock@example.com", "Mock User"),
    *("Mock Inc", "Testing Webhooks", "2001:db8::", "203.0.113.7"),
    *("Mozilla", "utm_source", "dev-7f3a"),
)


def assert_discreet(stack: Stack, *secrets: str, more: str = "") -> None:
    """No log has a secret, a body or a person in it, nor has that of the
    service `more`. What a consumer prints is its product, not its log."""
    logs = {
        service: stack.compose("logs", "--no-log-prefix", service)
        for service in ("kafka", "topics", "bridge", more)
        if service
    }
    logs |= {
        who: output.stderr.read_text() for who, output in stack.outputs.items()
    }
    assert "status=401" in logs["bridge"]
    for name, log in logs.items():
        assert log, f"{name} has said nothing"
        told = [text for text in (*PRIVATE, *secrets) if text in log]
        assert not told, f"{name} tells {told}"
        assert not re.search(r"\b[0-9a-f]{64}\b", log), f"{name}: a signature"
