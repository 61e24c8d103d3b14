"""A page in English (英文页面): its texts said in English, and nothing else of it touched."""

from collections.abc import Callable
from html import escape, unescape
from html.parser import HTMLParser

from api.english.dictionary import DICTIONARY, looks_chinese

SAID = frozenset(
    {"title", "aria-label", "placeholder", "alt", "label", "data-confirm", "data-label"}
)
"""Attributes that somebody reads."""
_KEPT = frozenset({"script", "style", "textarea", "pre", "code", "svg"})
_INLINE = frozenset({"a", "b", "code", "del", "em", "output", "small", "span", "strong", "time"})
"""Elements within a line: Chinese runs on around them, English has a space there."""
_VOID = frozenset({
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr",
})  # fmt: skip


def in_english(html: str, say: Callable[[str], str] = DICTIONARY.say) -> str:
    """The page, or a block of one, with every text that is known in English."""
    reader = _Reader(say)
    reader.feed(html)
    reader.close()
    return "".join(reader.told)


class _Reader(HTMLParser):
    """Copies what it reads, but for the texts; what is cut up by references is one text again."""

    def __init__(self, say: Callable[[str], str]) -> None:
        super().__init__(convert_charrefs=False)
        self.told: list[str] = []
        self._say = say
        self._text: list[str] = []
        self._kept: list[str] = []  # open elements, from the one that is left as it is
        self._runs_on = False  # what comes next stands right after an element of the line

    # ── texts ──

    def handle_data(self, data: str) -> None:
        self._text.append(data)

    def handle_entityref(self, name: str) -> None:
        self._text.append(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self._text.append(f"&#{name};")

    def _flush(self, before: str = "") -> None:
        """What was read since the last tag; `before` is the element that opens now."""
        if self._text:
            text = unescape("".join(self._text))
            if not self._kept and looks_chinese(text):
                said = self._say(text)
                begins = self._runs_on and (said[:1].isalnum() or said[:1] == "(")
                ends = before in _INLINE and not said[-1:].isspace() and said[-1:] != "("
                said = f"{' ' * begins}{said}{' ' * ends}"
                self.told.append(escape(said, quote=False))
            else:
                self.told += self._text
            self._text.clear()
        self._runs_on = False

    def close(self) -> None:
        super().close()
        self._flush()

    # ── elements ──

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._flush(tag)
        raw = self.get_starttag_text() or ""
        if self._kept:
            if tag not in _VOID:
                self._kept.append(tag)
        else:
            raw = self._attributes(raw, tag, attrs)
            if (tag in _KEPT or ("translate", "no") in attrs) and tag not in _VOID:
                self._kept.append(tag)
        self.told.append(raw)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._flush()
        raw = self.get_starttag_text() or ""
        self.told.append(raw if self._kept else self._attributes(raw, tag, attrs))

    def handle_endtag(self, tag: str) -> None:
        self._flush()
        while tag in self._kept and self._kept.pop() != tag:
            pass  # what was not closed ends with what it stands in
        self.told.append(f"</{tag}>")
        self._runs_on = tag in _INLINE

    def _attributes(self, raw: str, tag: str, attrs: list[tuple[str, str | None]]) -> str:
        if tag == "html":
            raw = raw.replace('lang="zh-CN"', 'lang="en"')
        button = tag == "input" and ("type", "submit") in attrs
        for name, value in attrs:
            if value and looks_chinese(value) and (name in SAID or (button and name == "value")):
                said = escape(self._say(value))
                raw = raw.replace(f'{name}="{escape(value)}"', f'{name}="{said}"')
                raw = raw.replace(f'{name}="{value}"', f'{name}="{said}"')
        return raw

    # ── the rest ──

    def handle_decl(self, decl: str) -> None:
        self._flush()
        self.told.append(f"<!{decl}>")

    def handle_comment(self, data: str) -> None:
        self._flush()
        self.told.append(f"<!--{data}-->")
