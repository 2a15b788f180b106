"""TLS and SASL for a cluster: who signs certificates, and who may log in."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from harness.surroundings import cannot_run

_STORE_PASSWORD = "keystore-of-the-tests"
_BROKER = ("broker", "password-of-the-broker")
SCRAM = "SCRAM-SHA-512"
PLAIN = "PLAIN"
_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


def _openssl(*arguments: str) -> None:
    done = subprocess.run(
        ["openssl", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


class Authority:
    """Signs certificates that nobody else knows; `certificate` is what a
    client has to trust."""

    def __init__(self, folder: Path):
        if shutil.which("openssl") is None:
            cannot_run("no `openssl` to make certificates with")
        folder.mkdir(parents=True)
        self.folder = folder
        self.certificate = folder / "ca.pem"
        self._key = folder / "ca.key"
        _openssl(
            *("req", "-x509", *_KEY, "-days", "2", "-subj", "/CN=tests"),
            *("-keyout", str(self._key), "-out", str(self.certificate)),
        )

    def keystore(self, *names: str) -> Path:
        """A PKCS #12 file with a server's key, and a certificate for these
        names ("DNS:localhost", "IP:127.0.0.1")."""
        key, request, certificate, alternatives, store = (
            self.folder / f"server.{ending}"
            for ending in ("key", "csr", "pem", "ext", "p12")
        )
        alternatives.write_text(f"subjectAltName={','.join(names)}\n")
        _openssl(
            *("req", *_KEY, "-subj", "/CN=broker"),
            *("-keyout", str(key), "-out", str(request)),
        )
        _openssl(
            *("x509", "-req", "-in", str(request), "-days", "2"),
            *("-CA", str(self.certificate), "-CAkey", str(self._key)),
            *("-CAcreateserial", "-extfile", str(alternatives)),
            *("-out", str(certificate)),
        )
        _openssl(
            *("pkcs12", "-export", "-name", "broker"),
            *("-inkey", str(key), "-in", str(certificate)),
            *("-passout", f"pass:{_STORE_PASSWORD}", "-out", str(store)),
        )
        return store


@dataclass(frozen=True)
class Security:
    """SASL_SSL with SCRAM and PLAIN, and nothing besides."""

    authority: Authority
    keystore: Path
    users: dict[str, str]  # name: password

    listener = "SASL_SSL"

    def _everybody(self) -> list[tuple[str, str]]:
        return [_BROKER, *self.users.items()]

    def format_arguments(self) -> list[str]:
        """Of StorageTool: the users that exist before there is a broker."""
        return [
            word
            for name, password in self._everybody()
            for word in (
                "--add-scram",
                f'{SCRAM}=[name="{name}",password="{password}"]',
            )
        ]

    def broker_settings(self) -> dict[str, str]:
        name, password = _BROKER
        login = f'required username="{name}" password="{password}"'
        known = " ".join(f'user_{n}="{p}"' for n, p in self._everybody())
        modules = "org.apache.kafka.common.security"
        jaas = "listener.name.sasl_ssl.{}.sasl.jaas.config"
        return {
            "listener.security.protocol.map": (
                "SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT"
            ),
            "inter.broker.listener.name": self.listener,
            "sasl.enabled.mechanisms": f"{SCRAM},{PLAIN}",
            "sasl.mechanism.inter.broker.protocol": SCRAM,
            jaas.format("scram-sha-512"): (
                f"{modules}.scram.ScramLoginModule {login};"
            ),
            jaas.format("plain"): (
                f"{modules}.plain.PlainLoginModule {login} {known};"
            ),
            "ssl.keystore.type": "PKCS12",
            "ssl.keystore.location": str(self.keystore),
            "ssl.keystore.password": _STORE_PASSWORD,
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": str(self.authority.certificate),
        }

    def bridge_settings(self, user: str, mechanism: str) -> dict[str, str]:
        """What a client of ours is told; the password is a secret, and comes
        another way."""
        return {
            "kafka.security.protocol": self.listener,
            "kafka.sasl.mechanism": mechanism,
            "kafka.sasl.username": user,
            "kafka.ssl.ca.location": str(self.authority.certificate),
        }

    def client_options(self, user: str) -> dict[str, str]:
        """Of kafka-python."""
        return {
            "security_protocol": self.listener,
            "sasl_mechanism": SCRAM,
            "sasl_plain_username": user,
            "sasl_plain_password": self.users[user],
            "ssl_cafile": str(self.authority.certificate),
        }
