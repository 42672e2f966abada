"""Tokens that are really signed, with an RSA key of the attacker's own."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.sql import Sql
from tests.support.tokens import claims, forge, part
from tests.support.users import User
from tests.support.victim import Victim

OPENSSL = shutil.which("openssl") or ""
DIGESTS = {"RS256": "-sha256", "RS384": "-sha384", "RS512": "-sha512"}

pytestmark = pytest.mark.skipif(not OPENSSL, reason="openssl is not installed")


class Key:
    """An RSA key pair, by openssl."""

    def __init__(self, directory: Path) -> None:
        self.file = directory / "key.pem"
        self.openssl("genrsa", "-out", str(self.file), "2048")
        self.public = self.openssl("rsa", "-in", str(self.file), "-pubout").decode()
        modulus = self.openssl("rsa", "-in", str(self.file), "-noout", "-modulus")
        number = bytes.fromhex(modulus.decode().strip().removeprefix("Modulus="))
        self.jwk = {"kty": "RSA", "n": part(number), "e": "AQAB", "kid": "1", "use": "sig"}

    def openssl(self, *arguments: str, data: bytes = b"") -> bytes:
        done = subprocess.run([OPENSSL, *arguments], input=data, capture_output=True, check=True)
        return done.stdout

    def sign(self, content: object, header: dict[str, object]) -> str:
        signed = f"{part(header)}.{part(content)}"
        digest = DIGESTS[str(header["alg"])]
        signature = self.openssl("dgst", digest, "-sign", str(self.file), data=signed.encode())
        return f"{signed}.{part(signature)}"


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Key:
    return Key(tmp_path_factory.mktemp("rsa"))


@pytest.mark.parametrize("algorithm", DIGESTS)
def test_a_key_that_a_token_brings_along_is_not_used(
    alice: User, sql: Sql, key: Key, algorithm: str
) -> None:
    victim, content = Victim(alice, sql), claims(alice.id)
    for more in ({}, {"jwk": key.jwk}, {"kid": "1", "jwk": key.jwk}, {"x5c": [key.public]}):
        victim.is_safe_from(key.sign(content, {"alg": algorithm, "typ": "JWT"} | more))


def test_a_public_key_is_no_secret_of_ours(alice: User, sql: Sql, key: Key) -> None:
    victim, content = Victim(alice, sql), claims(alice.id)
    for header in ({"alg": "HS256"}, {"alg": "RS256"}, {"alg": "HS256", "jwk": key.jwk}):
        for secret in (key.public, key.public.strip(), str(key.jwk["n"])):
            victim.is_safe_from(forge(content, header, secret))
