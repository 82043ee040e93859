"""The page of a repository, looked at with a browser."""

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import ClassVar

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

from browser import missing_browser, resize, started_browser
from gluecast.catalogue.page import write_page
from job_files import job_with, many_jobs, write
from tasks.examples import RENDERED
from tools import skip_because

pytestmark = skip_because(missing_browser())

PHONE, DESKTOP = 375, 1280
HOSTILE = """<img src=x onerror="document.title='owned'">'&"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    with started_browser(tmp_path_factory.mktemp("profile")) as driver:
        yield driver


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_page(RENDERED, tmp_path_factory.mktemp("three") / "page.html")[0]


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("many")
    many_jobs(folder / "repository", 300)
    return write_page(folder / "repository")[0]


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A job of two sources and four triggers, whose every text wants to be markup or is long."""
    folder = tmp_path_factory.mktemp("odd")
    many_jobs(folder, 1)
    text = json.dumps(HOSTILE)
    target = 'target_arn = var.glue_job_arns["odd"]'
    job_with(
        folder,
        "odd",
        rules=f"""
        {text} = {{ bucket_name = var.s3_buckets.bronze, prefix = {text}, suffix = ".csv", {target} }}
        long   = {{ bucket_name = "a-bucket-of-somebody-else-with-a-long-name-0123456789", {target},
                    prefix = "{"deep/" * 30}", suffix = "{"x" * 60}.csv" }}""",
        schedules=f"""
        a = {{ schedule_expression = {text}, timezone = {text}, {target} }}
        b = {{ schedule_expression = "cron(1,2,3,4,5 1,2,3,4,5 ? JAN,MAR,MAY MON,TUE,WED *)",
               timezone = "America/Argentina/ComodRivadavia", {target} }}""",
        then=text,
    )
    column = (
        f"`{HOSTILE}` STRING COMMENT '{'word ' * 30}', {'w' * 80} STRUCT<{'a: INT, ' * 30}b: INT>"
    )
    write(
        folder,
        "src/jobs/odd.py",
        f"{('</script>' + HOSTILE)!r}\nclass Odd(BaseGlueJob):\n    sources = (\n"
        f"        Source({HOSTILE!r}, '.csv', {HOSTILE!r}, {column!r}),\n"
        f"        Source('{'deep/' * 30}', '.csv', 'csv', make({HOSTILE!r})),\n    )\n",
    )
    return write_page(folder)[0]


def show(browser: Chrome, page: Path, width: int = DESKTOP, *, dark: bool = False) -> None:
    for kind in ("browser", "performance"):
        browser.get_log(kind)
    resize(browser, width, dark=dark)
    browser.get(page.as_uri())


def jobs(browser: Chrome) -> dict[str, WebElement]:
    """The articles that are to be seen, by their headings."""
    found = browser.find_elements(By.CSS_SELECTOR, "article:not([hidden])")
    return {each.find_element(By.TAG_NAME, "h2").text: each for each in found}


def search(browser: Chrome, words: str) -> list[str]:
    field = browser.find_element(By.ID, "filter")
    field.clear()
    field.send_keys(words)
    return list(jobs(browser))


def count(browser: Chrome) -> str:
    return browser.find_element(By.ID, "count").text


def lines(browser: Chrome, job: WebElement) -> list[str | None]:
    """What the lines of the picture that is to be seen stand for."""
    drawn = [each for each in job.find_elements(By.CLASS_NAME, "picture") if each.is_displayed()]
    assert len(drawn) == 1
    return [each.get_attribute("class") for each in drawn[0].find_elements(By.TAG_NAME, "path")]


def test_every_job_of_three_is_shown_with_its_values(browser: Chrome, three: Path) -> None:
    show(browser, three)
    assert browser.find_elements(By.CSS_SELECTOR, "details[open]") == []
    browser.find_element(By.ID, "fold").click()

    shown = jobs(browser)
    assert list(shown) == ["customer_import", "product_catalog", "sales_etl"]
    sales, products = shown["sales_etl"].text, shown["product_catalog"].text
    for text in [
        "Each upload of s3://data-lake-<env>-bronze/sales/*.csv",
        "rule sales_etl_file_trigger, for that file",
        "At 03:00, only on Monday, UTC",
        "schedule sales_etl_schedule, cron(0 3 ? * MON *), for the whole directory",
        "Reads sales/*.csv\nFormat csv",
        "id BIGINT\nname STRING\ncategory STRING\namount DOUBLE\nupdated_at TIMESTAMP",
        "s3://data-lake-<env>-silver/sales_etl\n",
        "Template v0.2.0",
    ]:
        assert text in sales
    assert "Reads products/*.json\nFormat json" in products
    assert "schedule" not in products
    header = browser.find_element(By.TAG_NAME, "header").text
    assert "3 jobs, started by 3 uploads and 2 schedules. <env> is dev or prod." in header


def test_each_name_and_address_is_shown_once(browser: Chrome, three: Path) -> None:
    show(browser, three)
    browser.find_element(By.ID, "fold").click()

    for name, job in jobs(browser).items():
        shown = [line for line in job.text.splitlines() if line != f"of {name}"]
        assert [line for line in shown if line == name] == [name]
        addresses = [line for line in shown if line.endswith(f"-silver/{name}")]
        assert addresses == [f"Its table: s3://data-lake-<env>-silver/{name}"]
    boxes = browser.find_elements(By.CSS_SELECTOR, "#job-sales_etl svg.wide g.job text")
    assert [each.text for each in boxes] == ["Glue job", "one file, or all files"]


def test_an_index_comes_first_with_a_line_for_each_job(browser: Chrome, three: Path) -> None:
    show(browser, three)

    index = browser.find_element(By.CLASS_NAME, "index")
    rows = [each.text.splitlines() for each in index.find_elements(By.TAG_NAME, "li")]
    assert rows[2] == ["sales_etl", "sales/*.csv", "upload, schedule", "silver/sales_etl"]
    assert rows[1][2] == "upload"
    first = browser.find_element(By.TAG_NAME, "article")
    assert index.rect["y"] + index.rect["height"] <= first.rect["y"] + 1

    search(browser, "products")
    shown = [each for each in index.find_elements(By.TAG_NAME, "li") if each.is_displayed()]
    assert [each.text.splitlines()[0] for each in shown] == ["product_catalog"]


def test_adopted_jobs_are_a_group_of_their_own_with_the_names_they_load(
    browser: Chrome, tmp_path: Path
) -> None:
    many_jobs(tmp_path, 1)
    code = (
        "from common import OurJob\nclass Sales(OurJob):\n    def extract(self):\n"
        "        return self.load_data('sales').join(self.load_data('customers'), 'id')\n"
        "if __name__ == '__main__':\n    Sales('sales', {}).run()\n"
    )
    write(tmp_path, "src/jobs/sales.py", code)
    base = "import logging\nlogging.basicConfig()\nclass OurJob:\n    pass\n"
    write(tmp_path, "src/jobs/base_job.py", base)

    show(browser, write_page(tmp_path)[0])

    text = browser.find_element(By.CLASS_NAME, "index").text
    assert text[text.index("Adopted jobs") :].splitlines()[1:3] == ["sales", "customers, sales"]
    assert "base_job" not in browser.find_element(By.TAG_NAME, "main").text


@pytest.mark.parametrize("width", [PHONE, DESKTOP])
def test_the_picture_has_a_line_for_each_trigger(browser: Chrome, three: Path, width: int) -> None:
    show(browser, three, width)

    assert {name: lines(browser, job) for name, job in jobs(browser).items()} == {
        "customer_import": ["upload", "schedule", "output"],
        "product_catalog": ["upload", "output"],
        "sales_etl": ["upload", "schedule", "output"],
    }
    picture = jobs(browser)["sales_etl"].find_element(By.CLASS_NAME, "picture")
    assert picture.get_attribute("aria-label") == (
        "An upload of sales/*.csv starts sales_etl by the rule sales_etl_file_trigger. "
        "sales_etl_schedule starts sales_etl over all of sales/*.csv: At 03:00, only on Monday. "
        "It writes to s3://data-lake-<env>-silver/sales_etl."
    )


@pytest.mark.parametrize("width", [PHONE, DESKTOP])
def test_every_line_of_the_picture_goes_from_box_to_box(
    browser: Chrome, odd: Path, width: int
) -> None:
    show(browser, odd, width)

    drawn = browser.execute_script(
        """
        const near = (a, b) => Math.abs(a - b) <= 3;
        const drawn = {};
        for (const picture of document.querySelectorAll("#job-odd svg.picture")) {
          if (!picture.getClientRects().length) continue;
          const at = ({x, y}) => {
            for (const group of picture.querySelectorAll("g")) {
              const box = group.querySelector("rect").getBBox();
              const middle = near(x, box.x + box.width / 2), level = near(y, box.y + box.height / 2);
              const side = level && near(x, box.x) ? "left" : level && near(x, box.x + box.width) ? "right"
                : middle && near(y, box.y) ? "top" : middle && near(y, box.y + box.height) ? "bottom" : "";
              if (side) return `${group.getAttribute("class")} ${side}`;
            }
          };
          const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
          for (const path of picture.querySelectorAll("path")) {
            for (const part of path.getAttribute("d").split("M").slice(1)) {
              line.setAttribute("d", "M" + part.split("m")[0]);
              const ends = [0, line.getTotalLength()].map((end) => at(line.getPointAtLength(end)));
              const name = `${path.getAttribute("class")}: ${ends.join(" -> ")}`;
              drawn[name] = (drawn[name] || 0) + 1;
            }
          }
        }
        return drawn;"""
    )

    leaves, enters = ("left", "right") if width == PHONE else ("right", "left")
    assert drawn == {
        f"upload: place {leaves} -> upload left": 2,
        f"upload: upload right -> job {enters}": 2,
        f"schedule: place {leaves} -> schedule left": 4,
        f"schedule: schedule right -> job {enters}": 2,
        "output: job bottom -> table top"
        if width == PHONE
        else "output: job right -> table left": 1,
        f"after: job {leaves} -> after left": 1,
    }


def test_uploads_and_schedules_have_lanes_of_their_own_on_a_phone(
    browser: Chrome, three: Path
) -> None:
    show(browser, three, PHONE)

    paths = browser.execute_script(
        """return [...document.querySelectorAll("#job-sales_etl svg.tall path")]
             .map((path) => [path.getAttribute("class"), path.getAttribute("d")])"""
    )
    lanes = {kind: set(re.findall(r"Q(\d+) ", line)) for kind, line in paths}
    assert len(lanes["upload"]) == len(lanes["schedule"]) == 2
    assert lanes["upload"].isdisjoint(lanes["schedule"])


def test_every_job_of_three_hundred_is_shown(browser: Chrome, many: Path) -> None:
    show(browser, many)

    found = browser.execute_script(
        """return [...document.querySelectorAll("article")].map((job) => [
             job.querySelector("h2").textContent,
             job.querySelector(".reads h3 code").textContent,
             job.querySelectorAll("svg.wide path").length,
             job.querySelectorAll("tbody tr").length,
             job.querySelector("details").open])"""
    )
    assert found == [
        [
            f"job_{i:03}",
            f"job_{i:03}s/*.{'json' if i % 3 == 2 else 'csv'}",
            2 + (i % 3 < 2),
            5,
            False,
        ]
        for i in range(300)
    ]
    assert count(browser) == "300 of 300 jobs"
    button = browser.find_element(By.ID, "fold")
    button.click()
    assert browser.execute_script("return document.querySelectorAll('details[open]').length") == 300
    assert button.text == "Hide details"


def test_a_search_narrows_to_the_jobs_that_have_all_words(browser: Chrome, many: Path) -> None:
    show(browser, many)

    assert search(browser, "job_123") == ["job_123"]
    assert count(browser) == "1 of 300 jobs"
    assert search(browser, "JSON job_01") == ["job_011", "job_014", "job_017"]
    assert count(browser) == "3 of 300 jobs"
    assert len(search(browser, "monday")) == 100
    assert search(browser, "job_001 nowhere") == []
    assert count(browser) == "0 of 300 jobs"
    assert "No job" in browser.find_element(By.TAG_NAME, "main").text
    assert len(search(browser, "updated_at")) == 300


def test_the_keyboard_is_enough(browser: Chrome, many: Path) -> None:
    show(browser, many)
    body, field = browser.find_element(By.TAG_NAME, "body"), browser.find_element(By.ID, "filter")

    body.send_keys("/")
    assert browser.switch_to.active_element == field
    field.send_keys("job_29/")
    assert field.get_attribute("value") == "job_29/", "within the field / is a letter"
    field.send_keys(Keys.BACKSPACE, Keys.ENTER)
    assert browser.switch_to.active_element.text == "job_290"
    field.send_keys(Keys.ESCAPE)
    assert count(browser) == "300 of 300 jobs"


def test_a_link_to_a_job_shows_its_details_below_the_filter(browser: Chrome, many: Path) -> None:
    for width in (PHONE, DESKTOP):
        resize(browser, width)
        browser.get("about:blank")
        browser.get(f"{many.as_uri()}#job-job_200")
        job = browser.find_element(By.ID, "job-job_200")
        details = job.find_element(By.TAG_NAME, "details")

        assert details.get_attribute("open")
        top, filter_end = browser.execute_script(
            "return [arguments[0].getBoundingClientRect().top,"
            "document.querySelector('.filter').getBoundingClientRect().bottom]",
            job,
        )
        assert filter_end <= top < filter_end + 100

        browser.execute_script("location.hash = '#job-job_100'")
        opened = browser.find_elements(By.CSS_SELECTOR, "details[open]")
        assert len(opened) == 2


def test_no_page_is_wider_than_its_screen(
    browser: Chrome, three: Path, many: Path, odd: Path
) -> None:
    for page in (three, many, odd):
        for width in (320, PHONE, 768, 1127, 1128, DESKTOP):
            show(browser, page, width)
            browser.execute_script(
                "for (const each of document.querySelectorAll('details')) each.open = true"
            )
            wide = browser.execute_script("return document.documentElement.scrollWidth")
            assert wide <= width, f"{page} at {width}"


def test_nothing_is_requested_and_nothing_complained_of(
    browser: Chrome, three: Path, odd: Path
) -> None:
    for page in (three, odd):
        show(browser, page)
        search(browser, "a")
        log = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
        requested = {
            entry["params"]["request"]["url"]
            for entry in log
            if entry["method"] == "Network.requestWillBeSent"
        }
        assert {url for url in requested if not url.startswith("data:")} == {page.as_uri()}
        assert browser.get_log("browser") == []


def test_the_page_names_no_other_file(three: Path, odd: Path) -> None:
    class References(HTMLParser):
        found: ClassVar[list[str]] = []

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            names = ("src", "href", "srcset", "action", "data", "xlink:href")
            self.found += [value or "" for name, value in attrs if name in names]

    references = References()
    for page in (three, odd):
        text = page.read_text()
        references.feed(text)
        assert "url(" not in text
        assert "@import" not in text
    assert references.found
    assert all(each.startswith(("#job-", "data:,")) for each in references.found)


def test_hostile_text_stays_text(browser: Chrome, odd: Path) -> None:
    show(browser, odd)
    browser.find_element(By.ID, "fold").click()

    text = jobs(browser)["odd"].text
    assert f"Each upload of s3://data-lake-<env>-bronze/{HOSTILE}*.csv" in text
    assert f"</script>{HOSTILE}" in text
    assert f"Format {HOSTILE}" in text
    assert browser.title == "data-platform: jobs"
    assert browser.find_elements(By.TAG_NAME, "img") == []
    assert len(browser.find_elements(By.TAG_NAME, "script")) == 1
    # Were something not escaped after all, the page's policy would not run it.
    browser.execute_script(
        "const image = document.createElement('div'); image.innerHTML = arguments[0];"
        "document.body.append(image); fetch('http://127.0.0.1:9/').catch(() => null)",
        HOSTILE,
    )
    blocked = [entry["message"] for entry in browser.get_log("browser")]
    assert browser.title == "data-platform: jobs"
    assert any("inline event handler violates" in message for message in blocked)
    assert any("Connecting to 'http://127.0.0.1:9/' violates" in each for each in blocked), blocked


@pytest.mark.parametrize("dark", [False, True])
def test_text_stands_out_from_what_is_behind_it(browser: Chrome, odd: Path, dark: bool) -> None:
    """Each text has the contrast of 4.5 that WCAG 2.2 asks for (1.4.3), labels of pictures too."""
    show(browser, odd, dark=dark)

    low = browser.execute_script(
        """
        const channels = (color) => color.match(/[\\d.]+/g).map(Number);
        const light = (color) => channels(color).slice(0, 3)
          .map((c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
          .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
        const behind = (node) => {
          if (node instanceof SVGTextElement) return getComputedStyle(node.parentNode.querySelector("rect")).fill;
          for (; node; node = node.parentElement) {
            const color = getComputedStyle(node).backgroundColor;
            if (channels(color)[3] !== 0) return color;
          }
        };
        const found = {};
        for (const node of document.body.querySelectorAll("*")) {
          if (![...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim())) continue;
          if (["SCRIPT", "title"].includes(node.tagName)) continue;
          const style = getComputedStyle(node);
          const [a, b] = [light(node instanceof SVGElement ? style.fill : style.color), light(behind(node))];
          const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
          if (contrast < 4.5) found[`${node.tagName} ${node.textContent.slice(0, 20)}`] = contrast;
        }
        return [found, light(behind(document.body))];"""
    )
    assert low[0] == {}
    assert (low[1] < 0.1) == dark


def test_headings_and_fields_have_names_in_order(browser: Chrome, three: Path) -> None:
    show(browser, three)

    levels = browser.execute_script(
        "return [...document.querySelectorAll('h1,h2,h3,h4')].map((each) => Number(each.tagName[1]))"
    )
    assert levels[:2] == [1, 2]
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert browser.find_element(By.ID, "filter").accessible_name == "Filter jobs"
    assert browser.find_element(By.TAG_NAME, "html").get_attribute("lang") == "en"
    assert browser.find_element(By.ID, "count").get_attribute("role") == "status"
    names = [each.accessible_name for each in browser.find_elements(By.TAG_NAME, "summary")]
    assert names[0] == "Details of customer_import"


def test_without_scripts_everything_is_there(browser: Chrome, many: Path) -> None:
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        show(browser, many)
        assert len(browser.find_elements(By.CSS_SELECTOR, "article:not([hidden])")) == 300
        assert not browser.find_element(By.ID, "filter").is_displayed()
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
