"""Hands (手): the same steps by mouse, or by keyboard alone; and an office where one person after another sits."""

import re
import time
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from playwright.sync_api import Locator, Page, expect

from ledger.demo.world import HOME_STAFF, HOST_STAFF
from tests.browser.conftest import Person

MOST_TABS = 300
# How many stops of the Tab key lie between where the focus is and this one, at least.
STOPS = """one => {
  const every = [...document.querySelectorAll(
      'a[href], button, input:not([type=hidden]), select, textarea, summary')]
    .filter(each => each === one || (!each.disabled && each.tabIndex >= 0 && each.type !== 'radio'
      && each.getClientRects().length));
  const from = document.activeElement || document.body;
  const after = each => each !== from && (from === document.body
    || !!(from.compareDocumentPosition(each) & Node.DOCUMENT_POSITION_FOLLOWING));
  return after(one) ? every.filter(after).indexOf(one) + 1 : 0;
}"""
# Whether the page was just opened, and this stands in its text: the skip link leads there.
BEFORE_MAIN = """one => document.activeElement === document.body && !!one.closest('main')
  && !!document.querySelector('.skip') && !!one.closest('main[tabindex]')"""
SECONDS = 30  # until the provinces have read each other
SHOWN = {each.account: each.shown for each in (*HOME_STAFF, *HOST_STAFF)}


def _place(where: Locator, option: str) -> int:
    """Which option of a list has these words, or begins with them."""
    every = [each.strip() for each in where.locator("option").all_inner_texts()]
    found = [at for at, each in enumerate(every) if each == option] or [
        at for at, each in enumerate(every) if each.startswith(option)
    ]
    assert found, f"no option {option} among {every}"
    return found[0]


class Mouse:
    """Points and clicks."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, what: Locator) -> None:
        what.click()

    def write(self, where: Locator, text: str) -> None:
        """In place of what stands there."""
        where.click()
        self._over(text)

    def choose(self, where: Locator, option: str) -> None:
        """The option whose words begin so."""
        where.select_option(index=_place(where, option))

    def tick(self, where: Locator) -> None:
        where.click()

    def date(self, where: Locator, text: str) -> None:
        where.fill(text)

    def _over(self, text: str) -> None:
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(text)


class Keyboard(Mouse):
    """Tab, Enter, arrows, letters: nothing is pointed at."""

    def press(self, what: Locator) -> None:
        self._reach(what)
        self.page.keyboard.press("Enter")

    def write(self, where: Locator, text: str) -> None:
        self._reach(where)
        self._over(text)

    def choose(self, where: Locator, option: str) -> None:
        at = _place(where, option)
        self._reach(where)
        self.page.keyboard.press("Home")
        for _ in range(at):
            self.page.keyboard.press("ArrowDown")
        assert where.evaluate("list => list.selectedIndex") == at

    def tick(self, where: Locator) -> None:
        """A box; or one of several, of which Tab knows the first and the arrows the others."""
        group = where.get_attribute("name")
        if where.get_attribute("type") == "radio":
            every = self.page.locator(f"input[type=radio][name={group}]")
            self._reach(every.first)
            self.page.keyboard.press("Space")
            for _ in range(every.count()):
                if where.is_checked():
                    return
                self.page.keyboard.press("ArrowDown")
            raise AssertionError(f"the arrows never come to {where}")
        self._reach(where)
        self.page.keyboard.press("Space")

    def date(self, where: Locator, text: str) -> None:
        """As the field takes it, which is as the browser's language writes a day."""
        self._reach(where)
        year, month, day = text.split("-")
        for keys in ((year, "ArrowRight", month, day), (month, day, year)):
            for each in keys:
                (self.page.keyboard.press if each.isalpha() else self.page.keyboard.type)(each)
            if where.input_value() == text:
                return
            for _ in "ymd":
                self.page.keyboard.press("ArrowLeft")
        raise AssertionError(f"{where} is {where.input_value()!r}")

    def _reach(self, what: Locator) -> None:
        """Tabs on until it has the focus, which is then to be seen; over the menu by its skip link."""
        expect(what).to_be_visible()
        ahead = what.evaluate(STOPS)
        if what.evaluate(BEFORE_MAIN):
            self.page.keyboard.press("Tab")
            self.page.keyboard.press("Enter")
            ahead = what.evaluate(STOPS)
        for _ in range(ahead - 1):
            self.page.keyboard.press("Tab")
        for _ in range(MOST_TABS):
            if what.evaluate("one => one === document.activeElement"):
                seen = what.evaluate(
                    "one => { const s = getComputedStyle(one);"
                    " return s.outlineStyle !== 'none' || s.boxShadow !== 'none'; }"
                )
                assert seen, f"the focus is not seen on {what}"
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"Tab never comes to {what}")


class Office:
    """A browser of one province, where one person after another sits down, each by the page."""

    def __init__(self, person: Person, hand: type[Mouse]) -> None:
        self.person, self.page, self.hand = person, person.page, hand(person.page)
        self.sitting = ""
        self.page.set_default_timeout(10_000)

    def takes(self, account: str) -> "Office":
        """Whoever sits there signs out, and this one signs in as the first page offers it."""
        if self.sitting == account:
            return self
        if self.sitting:
            self.turns(self.page.get_by_role("button", name="退出", exact=True))
        else:
            self.person.goes("/")
        self.presses(f"一键登录：{SHOWN[account]}")
        self.sitting = account
        return self

    def goes(self, path: str) -> "Office":
        self.person.goes(path)
        return self

    def at(self) -> str:
        """Where the page is, without what was just done: a path."""
        return urlsplit(self.page.url).path

    def last_id(self) -> str:
        return self.at().rpartition("/")[2]

    def sees(self, *texts: str) -> "Office":
        for text in texts:
            expect(self.page.locator("main")).to_contain_text(text)
        return self

    def sees_not(self, *texts: str) -> "Office":
        for text in texts:
            expect(self.page.locator("main")).not_to_contain_text(text)
        return self

    def presses(self, name: str) -> "Office":
        """A link or a button of the page, by its name; it leads to another page."""
        main = self.page.locator("main")
        link = main.get_by_role("link", name=name, exact=True)
        return self.turns(link.or_(main.get_by_role("button", name=name, exact=True)).first)

    def turns(self, what: Locator) -> "Office":
        try:
            expect(what).to_be_visible()
        except AssertionError:
            offered = self.page.locator("main :is(a, button)").all_inner_texts()
            raise AssertionError(f"{self.sitting} at {self.page.url}: only {offered}") from None
        with self.page.expect_navigation(url=lambda url: "#" not in url):
            self.hand.press(what)
        return self

    def fills(self, said: Mapping[str, str]) -> "Office":
        """The fields of a form, each by its label; `姓名#2` is the second of that label."""
        for name, text in said.items():
            label, _, at = name.partition("#")
            label = re.compile(rf"^\s*{re.escape(label)}(\s*(必填|\*))?\s*$")
            field = self.page.locator("main").get_by_label(label).nth(int(at or 1) - 1)
            try:
                expect(field).to_be_visible()
            except AssertionError:
                asked = self.page.locator("main label").all_inner_texts()
                raise AssertionError(f"{name} at {self.page.url}: only {asked}") from None
            self._fill(field, text)
        return self

    def _fill(self, field: Locator, text: str) -> None:
        kind = field.evaluate("one => one.type || one.tagName")
        if kind == "select-one":
            self.hand.choose(field, text)
        elif kind == "checkbox":
            if field.is_checked() != bool(text):
                self.hand.tick(field)
        elif kind == "date":
            self.hand.date(field, text)
        else:
            self.hand.write(field, text)

    def sends(self) -> "Office":
        """The form, again where it first shows whom was meant; it is recorded."""
        button = self.page.locator("form.act button.btn-primary")
        before = self.turns(button).page.url
        if self.page.get_by_text("请核对找到的人").count():
            self.turns(button)
        told = self.page.locator("main [role=alert]").all_inner_texts()
        assert not told, f"{before}: {told}"
        return self

    def does(self, act: str, said: Mapping[str, str] | None = None) -> "Office":
        """Opens an act that the page offers, fills in its form and has it recorded."""
        self.presses(act)
        self.page.wait_for_url("**/do/**")
        return self.fills(said or {}).sends()

    def until(self, path: str, there: Callable[[Page], bool]) -> "Office":
        """Opens a page again until it shows what the other province did."""
        end = time.monotonic() + SECONDS
        while not there(self.person.goes(path)):
            assert time.monotonic() < end, f"{path} does not show it"
            self.page.wait_for_timeout(200)
        return self
