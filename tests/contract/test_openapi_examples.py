"""Every answer that the document shows is one that the running program gives, and no other is."""

from collections.abc import Callable, Iterator
from uuid import uuid4

import httpx
import pytest

from tests.contract.documented import normal
from tests.contract.heard import NAMES, Heard
from tests.support.program import Program
from tests.support.proxy import Proxy
from tests.support.sql import new_database
from tests.support.users import User, new_email

BUG = "Internal server error"  # a guest's is shown in test_openapi_guest.py
CROWD = "Too many sign-ins at once, please try again"  # is one in test_sign_in_queue.py
NOT_PROVOKED = {(name, 500): BUG for name in NAMES} | {
    (name, 503): CROWD for name in ("signup", "login")
}


@pytest.fixture(scope="module")
def heard(start: Callable[..., Program], postgres: str, postgres_port: int) -> Iterator[Heard]:
    proxy = Proxy(postgres_port)
    url = new_database(postgres).replace(f":{postgres_port}/", f":{proxy.port}/")
    program = start(url)
    with httpx.Client(base_url=program.url, timeout=20) as http:
        heard = Heard(program, http)
        heard.the_life_of_a_task(User(http, str(uuid4()), new_email()).token)
        heard.ask_all("getWelcome", "checkHealth", "checkReadiness", "login")
        heard.odd_requests()
        heard.nobody_and_too_much()
        proxy.refuse()
        heard.ask_all(*NAMES)
        proxy.open()
        heard.the_end()
        yield heard
    program.stop()
    proxy.close()


def test_every_operation_is_asked(heard: Heard) -> None:
    assert set(NAMES) == set(heard.documented.operations) == set(heard.answers)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_shown_is_what_is_answered(heard: Heard, name: str) -> None:
    shown = heard.documented.examples(name)
    answered = {
        status: {normal(answer.json()) for answer in answers if answer.content}
        for status, answers in heard.of(name).items()
    }
    for (operation, status), sentence in NOT_PROVOKED.items():
        if operation == name:
            answered.setdefault(status, set()).add(normal({"error": sentence}))
    assert answered == shown


@pytest.mark.parametrize("name", NAMES)
def test_the_headers_that_are_shown_are_sent(heard: Heard, name: str) -> None:
    kinds = heard.documented.content["components"]["headers"]
    for status, answers in heard.of(name).items():
        shown = heard.documented.headers(name, status)
        sent = {kind for answer in answers for kind in kinds if kind in answer.headers}
        assert sent == set(shown) - {"Link"}, status  # no page here: test_openapi.py
        for kind in sent:
            values = {normal(answer.headers[kind]) for answer in answers if kind in answer.headers}
            assert values == {normal(str(shown[kind]["example"]))}


def test_the_token_that_is_shown_begins_like_ours_and_opens_nothing(heard: Heard) -> None:
    content = heard.documented.operations["login"]["responses"]["200"]["content"]
    shown = content["application/json"]["example"]["token"]
    assert [len(token.split(".")) for token in (shown, heard.token)] == [3, 3]
    assert shown.split(".")[0] == heard.token.split(".")[0]
    assert "…" in shown
