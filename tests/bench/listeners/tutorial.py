"""The listener that one writes first, in the manner of Aurix's tutorial:
checks the signature, parses, logs, answers. Nothing is kept.

    uvicorn tutorial:app
"""

import hashlib
import hmac
import logging
import os
from typing import Annotated, Any

from fastapi import FastAPI, Header, HTTPException, Request

SECRET = os.environ["AURIX_WEBHOOK_SECRET"].encode()

logging.basicConfig(level=logging.INFO)
log = logging.getLogger("listener")
app = FastAPI()


def handle(event: dict[str, Any]) -> None:
    """Where the business would begin."""
    log.info("event of type %s", event.get("event_type"))
    log.info("event: %s", event)


@app.post("/webhook")
async def receive(
    request: Request, x_hub_signature: Annotated[str | None, Header()] = None
) -> dict[str, str]:
    body = await request.body()
    expected = hmac.new(SECRET, body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, x_hub_signature or ""):
        log.warning("invalid signature")
        raise HTTPException(401, "Invalid signature")
    handle(await request.json())
    return {"status": "received"}
