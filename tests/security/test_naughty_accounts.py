"""Accounts of odd addresses and passwords: kept as they are, or refused."""

import unicodedata

import httpx
import pytest

from tests.security.naughty import STORABLE, letters
from tests.security.test_naughty_places import ADDRESSES
from tests.support import expect
from tests.support.users import new_email

pytestmark = pytest.mark.slow

PASSWORD = "correct horse"
OF_ALLOWED_LENGTH = {
    name: text for name, text in STORABLE.items() if len(text) >= 8 and len(text.encode()) <= 72
}


@pytest.mark.parametrize("form", ADDRESSES)
def test_an_odd_address_is_an_account_or_none(http: httpx.Client, form: str) -> None:
    kept = 0
    for text in STORABLE.values():
        account = {"email": form.format(text), "password": PASSWORD}
        made = http.post("/api/auth/signup", json=account)
        if made.status_code == 400:
            expect.error(made, 400, "Invalid email format")
            continue
        assert made.status_code == 201, made.text
        email = made.json()["user"]["email"]
        local, given = email.rpartition("@")[0], account["email"].strip().rpartition("@")[0]
        assert local == unicodedata.normalize("NFC", given).lower(), letters(email)
        for spelling in (f" {account['email']}\t", email):
            again = http.post("/api/auth/login", json=account | {"email": spelling})
            assert again.json().get("user") == made.json()["user"], letters(spelling)
        kept += 1
    assert kept or form not in {"{}@example.com", "a{}@example.com"}


@pytest.mark.parametrize("name", OF_ALLOWED_LENGTH)
def test_any_text_is_a_password(http: httpx.Client, name: str) -> None:
    account = {"email": new_email(), "password": OF_ALLOWED_LENGTH[name]}
    assert http.post("/api/auth/signup", json=account).status_code == 201
    assert http.post("/api/auth/login", json=account).status_code == 200
    other = http.post("/api/auth/login", json=account | {"password": account["password"] + "a"})
    expect.error(other, 401, "Invalid email or password")
