"""The report and the dataset's page, read in a real browser without a network."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import browser
import pytest
from mitosyn.catalogue.figures import QUESTIONS, SUMMARY, category, questions
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait
from workflow import ROOT, Run, copy_of, run_snakemake

pytestmark = pytest.mark.workflow

PATIENCE_S = 20
ASKED = questions(dict.fromkeys(("skeletons", "synapses", "meshes"), True))
DRAWN = sum(len(question.figures) for question in ASKED.values())
NARROW, WIDE = (420, 900), (1500, 950)
# Each image that is not whole, each element that sticks out of the window, and each two
# parts of the page that overlap although neither holds the other.
FLAWS = """
const flaws = [];
for (const image of document.images) {
  if (!image.complete || image.naturalWidth === 0) flaws.push(`image ${image.alt} is not there`);
}
const seen = [...document.querySelectorAll("h1, h2, h3, p, li, img, table, td, th, summary")]
  .filter((element) => element.checkVisibility()); // not what is folded away
for (const element of seen) {
  const inScroll = element.closest(".scroll");
  const box = (inScroll || element).getBoundingClientRect();
  if (box.left < -1 || box.right > innerWidth + 1) flaws.push(`wide: ${element.outerHTML}`);
}
const boxes = seen.map((element) => [element, element.getBoundingClientRect()]);
boxes.forEach(([a, p], i) => {
  for (const [b, q] of boxes.slice(i + 1)) {
    const across = Math.min(p.right, q.right) - Math.max(p.left, q.left);
    const down = Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top);
    if (across > 1 && down > 1 && !a.contains(b) && !b.contains(a))
      flaws.push(`overlap: ${a.outerHTML.slice(0, 80)} | ${b.outerHTML.slice(0, 80)}`);
  }
});
return flaws;
"""

# The widths of all pictures in a report by their paths.
WIDTHS = """
const done = arguments[arguments.length - 1];
const pictures = Object.entries(results).filter(([_, r]) => r.mime_type.startsWith("image/"));
Promise.all(pictures.map(async ([path, result]) => {
  const image = new Image();
  image.src = result.data_uri;
  await image.decode().catch(() => null);
  return [path, image.naturalWidth];
})).then((widths) => done(Object.fromEntries(widths)));
"""


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    reason = browser.unavailable()
    if reason is not None:
        pytest.skip(reason)
    with browser.browser(tmp_path_factory.mktemp("profile")) as driver:
        yield driver


@pytest.fixture(scope="module")
def report(sample_run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = copy_of(sample_run, tmp_path_factory.mktemp("report") / "run")
    made = run_snakemake(folder, "--report", "report.html")
    assert made.code == 0, made.text
    assert "Missing metadata" not in made.text
    return folder / "report.html"


def open_page(driver: Chrome, path: Path, size: tuple[int, int] = WIDE) -> None:
    driver.set_window_size(*size)
    driver.get(path.as_uri())


def assert_nothing_went_wrong(driver: Chrome) -> None:
    assert browser.bad_requests(driver) == []
    assert browser.console_errors(driver) == []


def menu(driver: Chrome) -> list[str]:
    links = driver.find_elements(By.CSS_SELECTOR, "#app li a")
    return [link.text for link in links if link.text]


def table_rows(driver: Chrome) -> dict[str, WebElement]:
    return {row.text: row for row in driver.find_elements(By.CSS_SELECTOR, "tbody tr") if row.text}


def test_the_report_lists_the_questions_and_opens_a_figure_with_its_caption(
    chromium: Chrome, report: Path
) -> None:
    open_page(chromium, report)
    wait = WebDriverWait(chromium, PATIENCE_S)
    wait.until(menu)
    assert menu(chromium)[-len(ASKED) - 1 :] == [category(q) for q in [SUMMARY, *ASKED]]
    chromium.find_element(By.LINK_TEXT, category("coverage")).click()
    rows = wait.until(table_rows)
    assert set(rows) == set(QUESTIONS["coverage"].figures.values())
    show, explain = rows[QUESTIONS["coverage"].figures["covered_share"]].find_elements(
        By.TAG_NAME, "a"
    )
    show.click()
    shown = "#app img[src*='filename=covered_share.svg']"
    image = wait.until(lambda driver: driver.find_element(By.CSS_SELECTOR, shown))
    wait.until(lambda driver: driver.execute_script("return arguments[0].complete", image))
    assert chromium.execute_script("return arguments[0].naturalWidth", image) > 300
    widths = chromium.execute_async_script(WIDTHS)
    assert len(widths) == DRAWN
    assert min(widths.values()) > 300
    box = image.rect
    assert box["x"] >= chromium.find_element(By.CSS_SELECTOR, "table").rect["width"]
    assert box["x"] + box["width"] <= WIDE[0]
    explain.click()
    first_words = (ROOT / "report" / "covered_share.rst").read_text().split("\n")[0]
    wait.until(lambda driver: first_words in driver.find_element(By.ID, "app").text)
    assert_nothing_went_wrong(chromium)


def test_the_report_shows_the_page_and_how_long_jobs_took(chromium: Chrome, report: Path) -> None:
    open_page(chromium, report)
    wait = WebDriverWait(chromium, PATIENCE_S)
    wait.until(menu)
    chromium.find_element(By.LINK_TEXT, "Statistics").click()
    wait.until(
        lambda driver: driver.find_elements(By.CSS_SELECTOR, ".vega-embed canvas, svg.marks")
    )
    chromium.find_element(By.LINK_TEXT, category(SUMMARY)).click()
    wait.until(table_rows)["Summary page"].find_element(By.TAG_NAME, "a").click()
    frame = wait.until(lambda driver: driver.find_element(By.CSS_SELECTOR, "iframe"))
    chromium.switch_to.frame(frame)
    heading = wait.until(lambda driver: driver.find_element(By.CSS_SELECTOR, "h1"))
    assert heading.text == "sample"
    # Links would lead nowhere: there are no files beside it.
    assert chromium.find_elements(By.CSS_SELECTOR, "a") == []
    chromium.switch_to.default_content()
    assert_nothing_went_wrong(chromium)


@pytest.mark.parametrize("size", [WIDE, NARROW])
def test_the_page_has_all_its_pictures_and_nothing_overlaps(
    chromium: Chrome, sample_run: Run, size: tuple[int, int]
) -> None:
    open_page(chromium, sample_run.folder / "results/sample/dataset.html", size)
    assert len(chromium.find_elements(By.TAG_NAME, "img")) == DRAWN
    assert chromium.execute_script(FLAWS) == []
    assert_nothing_went_wrong(chromium)


def cells_of(driver: Chrome, table: str) -> list[list[str]]:
    script = """return [...document.querySelectorAll(`#${arguments[0]} tbody tr`)].map(
        (row) => [...row.cells].map((cell) => cell.innerText))"""
    return driver.execute_script(script, table)


def test_the_page_says_what_the_other_files_say(chromium: Chrome, sample_run: Run) -> None:
    results = sample_run.folder / "results/sample"
    open_page(chromium, results / "dataset.html")
    check = json.loads((results / "check.json").read_text())
    found = [int(row[-1].replace(",", "")) for row in cells_of(chromium, "counts")]
    compartments = [n for kind in check["compartments"].values() for n in kind.values()]
    assert sum(found[:3]) == sum(check["cells"].values())
    assert sum(found) == sum(
        sum(numbers)
        for numbers in (
            *(check[kind].values() for kind in ("cells", "mitochondria", "synapses")),
            compartments,
            (check["morphologies"], check["associated_nodes"]),
        )
    )
    with (results / "tables/left_out_cells.csv").open(newline="") as file:
        assert sum(int(row[-1]) for row in cells_of(chromium, "left-out")) == len(
            list(csv.DictReader(file))
        )
    incomplete = sum(int(row[-1]) for row in cells_of(chromium, "incomplete"))
    assert incomplete == sum(check["incomplete"].values()) > 0
    sources = json.loads((results / "provenance.json").read_text())["sources"]
    assert [row[0] for row in cells_of(chromium, "sources")] == [s["title"] for s in sources]
    costs = cells_of(chromium, "costs")
    with (results / "run_times.csv").open(newline="") as file:
        rules = list(csv.DictReader(file))
    assert [row[0] for row in costs] == [*(rule["rule"] for rule in rules), "together"]
    # All jobs but the whole run's target and the page itself.
    logs = list((sample_run.folder / "logs/sample").rglob("*.log"))
    assert sum(int(rule["jobs"]) for rule in rules) == len(logs) - 1
    links = chromium.find_elements(By.CSS_SELECTOR, "a")
    assert len(links) > 10
    for link in links:
        assert (results / str(link.get_dom_attribute("href"))).is_file()


def test_the_page_compares_with_what_is_expected(chromium: Chrome, em_block_run: Run) -> None:
    page = em_block_run.folder / "results/em_block/dataset.html"
    open_page(chromium, page)
    rows = cells_of(chromium, "counts")
    assert ["cells", "", "pyramidal", "5", "5", "0"] in rows
    assert chromium.find_elements(By.CSS_SELECTOR, ".differs") == []
    # Interneurons' compartments are measured here: nothing is published to compare with.
    assert any(row[-2:] == ["none", ""] for row in rows)
    assert chromium.execute_script(FLAWS) == []
    assert_nothing_went_wrong(chromium)


def test_every_figure_has_a_caption_and_every_caption_is_used() -> None:
    captions = {path.stem for path in (ROOT / "report").glob("*.rst")}
    figures = {name for question in QUESTIONS.values() for name in question.figures}
    lists = {name for question in QUESTIONS.values() for name in question.lists}
    assert captions == figures | lists | {"summary", "run_times", "workflow"}
    for name in figures:
        text = (ROOT / "report" / f"{name}.rst").read_text()
        # The page shows captions as they are.
        assert not any(sign in text for sign in ("*", "`", "::", "{")), name
