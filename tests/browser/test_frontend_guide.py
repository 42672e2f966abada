"""docs/frontend.md is true: what it prints works in the browser, as it stands."""

import re
from pathlib import Path

import pytest

from tests.browser.backend import Backend
from tests.browser.frontend import Frontend
from tests.support.browser import Window
from tests.support.node import Example
from tests.support.users import User

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "frontend.md").read_text()
EXAMPLE = ROOT / "examples" / "react"
PRINTED_AS = "http://127.0.0.1:8000"
MORE_THAN_A_PAGE = 101
pytestmark = pytest.mark.slow


def block(name: str) -> str:
    """What stands between the guide's markers of this name, without the fence."""
    pattern = rf"<!-- {name}:begin -->\n```\w+\n(.*?)```\n<!-- {name}:end -->"
    found = re.search(pattern, PAGE, re.DOTALL)
    assert found, f"docs/frontend.md has no block {name}"
    return found[1]


def test_the_first_fetch_works_as_it_stands(
    window: Window, frontend: Frontend, backend: Backend
) -> None:
    script = block("fetch")
    assert script.count(PRINTED_AS) == 1
    frontend.files["/first.js"] = script.replace(PRINTED_AS, backend.url).encode()
    window.page.goto(frontend.origin)
    with window.page.expect_console_message() as message:
        window.page.evaluate("import('/first.js')")
    said = message.value.args[0].json_value()
    assert [task["title"] for task in said["tasks"]] == ["Buy milk"]


def test_the_loop_over_a_long_list_works_as_it_stands(
    window: Window,
    frontend: Frontend,
    backend: Backend,
    page_user: User,
    tmp_path: Path,
) -> None:
    titles = [page_user.add(f"task {number}")["title"] for number in range(MORE_THAN_A_PAGE)]
    example = Example("react", tmp_path)
    loop = f'import {{ eachTask }} from "./api";\n{block("each")}'
    page = f'<link rel="icon" href="data:,"><script type="module">{loop}</script>'
    (example.directory / "index.html").write_text(page)
    frontend.serve_vite(example, backend.url, "/long.html")
    window.context.add_init_script(f"sessionStorage.setItem('todo-token', '{page_user.token}')")
    logged: list[str] = []
    window.page.on("console", lambda message: logged.append(message.text))
    with window.page.expect_console_message(lambda message: message.text == titles[0]):
        window.page.goto(f"{frontend.origin}/long.html")
    assert logged == titles[::-1]
    assert len([url for url in window.requests if "/api/tasks?" in url]) == 2


def test_it_prints_the_whole_of_both_files() -> None:
    snippets = re.findall(r"^```ts\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    for name in ("api.ts", "useTasks.ts"):
        assert (EXAMPLE / name).read_text() in snippets


def test_its_links_lead_somewhere() -> None:
    links = re.findall(r"\]\(([^)#]+)", PAGE)
    assert len(links) >= 4
    for link in links:
        assert (ROOT / "docs" / link).exists(), link
