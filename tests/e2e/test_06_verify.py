"""`verify`: does it say why a signature does not match?"""

import base64
import hashlib
import hmac
import json

import pytest
from harness.events import SECRET, sign
from harness.programs import said

WITH_SECRET = {"AURIX_WEBHOOK_SECRET": SECRET}

BODY = b'{"a":"\xc3\xbc"}'


def verify(signature, body=BODY, env=WITH_SECRET, config=()):
    return said(
        "verify", "--signature", signature, "-", *config, stdin=body, env=env
    )


# (signature, what is said of it): none but the first three are taken.
FORMS = {
    "bare": (sign(BODY), ""),
    "prefixed": ("sha256=" + sign(BODY), "is tolerated"),
    "with white space around": (f" {sign(BODY)}  ", ""),
    "upper case": (sign(BODY).upper(), "it is in upper case; otherwise"),
    "prefix in upper case": ("SHA256=" + sign(BODY), "another prefix"),
    "prefix of another hash": ("sha1=" + sign(BODY), "another prefix"),
    "in quotation marks": (f'"{sign(BODY)}"', "it is in quotation marks"),
    "white space within": (
        f"{sign(BODY)[:40]} {sign(BODY)[40:]}",
        "white space within it",
    ),
    "base64": (
        base64.b64encode(bytes.fromhex(sign(BODY))).decode(),
        "it is base64 and not hexadecimal",
    ),
    "name in front": (f"X-Hub-Signature: {sign(BODY)}", "the header's name"),
}


@pytest.mark.parametrize("case", FORMS)
def test_verify_says_what_the_bridge_does(shared_bridge, case):
    signature, expected = FORMS[case]
    status, out, _ = verify(signature)
    assert out.startswith("match: " if status == 0 else "no match: ")
    assert "secret 1 of 1 of source 'aurix'" in out
    assert expected in out

    answer = shared_bridge.post(
        BODY, secret=None, headers={"X-Hub-Signature": signature}
    )
    # 422: genuine, if no event
    assert answer.status == (422 if status == 0 else 401)


MISMATCHES = {
    "another secret": (sign(BODY, "x"), BODY, "another secret"),
    "too short": (
        sign(BODY)[:-1],
        BODY,
        "63 hexadecimal digits, an HMAC-SHA256 has 64\n"
        "these belong to the signature by secret 1 of 1 of source 'aurix'; "
        "the others were cut off",
    ),
    "of another hash": (
        hmac.new(SECRET.encode(), BODY, hashlib.sha1).hexdigest(),
        BODY,
        "40 hexadecimal digits, an HMAC-SHA256 has 64; 40 are a SHA-1",
    ),
    "no hexadecimal": ("x" * 64, BODY, "not hexadecimal"),
    "none": ("", BODY, "the signature is empty"),
    "newline added": (sign(BODY), BODY + b"\n", "without the newline"),
    "crlf added": (sign(BODY), BODY + b"\r\n", "without the newline"),
    "newline removed": (sign(BODY + b"\n"), BODY, "with a newline"),
    "secret with a newline": (
        sign(BODY, SECRET + "\n"),
        BODY,
        "it would match with the secret with a newline at its end (the sender "
        "may have read it from a file, newline and all): secret 1 of 1 of "
        "source 'aurix'",
    ),
    "in two ways": (
        sign(BODY, SECRET + "\n").upper(),
        BODY + b"\n",
        "about the signature: it is in upper case\n"
        "it would match with the body without the newline at its end (an "
        "editor may have added it) and with the secret with a newline",
    ),
    "written anew": (
        sign(json.dumps(json.loads(BODY)).encode()),
        BODY,
        "with the body with its JSON written in another way",
    ),
    "no secret": (
        hashlib.sha256(BODY).hexdigest(),
        BODY,
        "left out, as the plain SHA-256 of the body (that is a SHA-256, but "
        "no HMAC)",
    ),
    "nothing left of the body": (sign(BODY), b"", "the body is empty"),
    "nothing was signed": (sign(b""), BODY, "with nothing in it"),
}


@pytest.mark.parametrize("case", MISMATCHES)
def test_verify_explains(case):
    signature, body, expected = MISMATCHES[case]
    status, out, err = verify(signature, body)
    assert (status, err) == (1, "")
    assert out.startswith("no match")
    assert expected in out
    assert SECRET not in out
    assert "\xfc" not in out  # of the body
    assert '"a"' not in out


def test_verify_setting_with_quotation_marks():
    """As they stay in what `docker run --env-file` reads."""
    quoted = {"AURIX_WEBHOOK_SECRET": f"'{SECRET}'"}
    status, out, _ = verify(sign(BODY), env=quoted)
    assert status == 1
    assert "without the quotation marks around it (take them out of" in out
    assert SECRET not in out


TWO_SOURCES = (
    "[source a]\npath = /a\nsecret = first-of-a-0123456\n"
    "[source b]\npath = /b\nsecret = first-of-b-0123456\n"
    "secret = second-of-b-012345\n"
)


@pytest.mark.parametrize("more", [(), ("--source", "b")])
def test_verify_names_source_and_number(tmp_path, more):
    config = tmp_path / "bridge.ini"
    config.write_text(TWO_SOURCES)
    status, out, err = verify(
        sign(BODY, "second-of-b-012345"),
        env={},
        config=("--config", str(config), *more),
    )
    assert status == 0, err
    assert out == "match: secret 2 of 2 of source 'b', path /b\n"


def test_verify_secret_of_another_source(tmp_path):
    config = tmp_path / "bridge.ini"
    config.write_text(TWO_SOURCES)
    status, out, err = verify(
        sign(BODY, "second-of-b-012345"),
        env={},
        config=("--config", str(config), "--source", "a"),
    )
    assert (status, err) == (1, "")
    assert out == (
        "no match: it is that of secret 2 of 2 of source 'b', which is posted "
        "to /b, and not to /a as source 'a' is\n"
    )


def test_verify_source_that_is_not_there():
    status, out, err = verify(sign(BODY), config=("--source", "auriks"))
    assert (status, out) == (2, "")
    assert "did you mean 'aurix'?" in err


def test_verify_without_secret():
    status, _, err = verify(sign(BODY), env={})
    assert status == 1
    assert "AURIX_WEBHOOK_SECRET" in err
