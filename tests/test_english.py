"""English is one click away, on every page, and what people wrote stays as they wrote it."""

import json
import re
from pathlib import Path

import pytest

from api.english.dictionary import LONGEST, Dictionary, entries
from api.english.page import in_english
from tools.english import lacking

WORDS = {
    "会员名册": "Roster",
    "共 {} 笔": "{} record|records",
    "{}在{}入会": "{1} enrolled {0}",
    "已签名": "Signed",
    "待审": "To review",
    "状态": "State",
    "请登录。": "Sign in.",
    "{}年": "{}",
    "请登录": "Sign in",
    "，列入名单": ", on the list",
    "然后打开": "then open it",
}


@pytest.fixture
def dictionary(tmp_path: Path) -> Dictionary:
    (tmp_path / "some.json").write_text(json.dumps(WORDS))
    return Dictionary(tmp_path)


@pytest.mark.parametrize(
    ("chinese", "english"),
    [
        ("会员名册", "Roster"),
        ("  会员名册\n", "  Roster\n"),
        ("共 12 笔", "12 records"),
        ("共 1 笔", "1 record"),
        ("韦美玲在灵山入会", "灵山 enrolled 韦美玲"),
        ("状态：待审", "State: To review"),
        ("已签名 · 广西", "Signed · 广西"),
        ("状态（已签名）", "State (Signed)"),
        ("韦美玲", "韦美玲"),
        ("已签名，韦美玲说的", "已签名，韦美玲说的"),
        ("already English", "already English"),
        ("2026-11-03", "2026-11-03"),
        ("状态：2026年5月8日", "State: 2026-05-08"),
        ("2026年", "2026"),
        ("待审年", "To review"),
        ("那一年", "那一年"),
        ("请登录，然后打开。已签名。", "Sign in, then open it. Signed."),
        ("韦美玲在灵山入会，列入名单", "灵山 enrolled 韦美玲, on the list"),
    ],
)
def test_a_text_is_said_in_english_as_far_as_it_is_known(
    dictionary: Dictionary, chinese: str, english: str
) -> None:
    assert dictionary.say(chinese) == english


def test_what_is_longer_than_any_text_of_ours_is_left_alone(dictionary: Dictionary) -> None:
    assert dictionary.say("待审，" * 20).startswith("To review, To review, ")
    assert dictionary.say("待审，" * 500) == "待审，" * 500
    assert max(len(chinese) for chinese, _ in entries()) <= LONGEST


def test_only_what_is_read_is_said_in_english(dictionary: Dictionary) -> None:
    page = (
        '<!doctype html><html lang="zh-CN"><title>会员名册</title><script>"待审"</script>'
        '<input name="待审" placeholder="状态" value="待审"><input type="submit" value="待审">'
        '<a href="/待审" title="共 3 笔">待审 &amp; </a><textarea>待审</textarea><br>'
        '<p translate="no">待审<br><b>待审</b></p><p>a &lt;b&gt; 待审</p><p>状态&#65306;待审</p>'
    )
    assert in_english(page, dictionary.say) == (
        '<!doctype html><html lang="en"><title>Roster</title><script>"待审"</script>'
        '<input name="待审" placeholder="State" value="待审"><input type="submit" value="To review">'
        '<a href="/待审" title="3 records">To review &amp; </a><textarea>待审</textarea><br>'
        '<p translate="no">待审<br><b>待审</b></p><p>a &lt;b&gt; To review</p><p>State: To review</p>'
    )


def test_english_has_a_space_where_a_line_runs_on(dictionary: Dictionary) -> None:
    page = "<p>状态<b>待审</b>已签名<br>待审（<a>已签名</a>）</p><td>待审</td>"
    assert in_english(page, dictionary.say) == (
        "<p>State <b>To review</b> Signed<br>To review (<a>Signed</a>)</p><td>To review</td>"
    )


def test_an_english_cannot_bring_in_elements(tmp_path: Path) -> None:
    (tmp_path / "some.json").write_text(json.dumps({"待审": '<b> "now"'}))
    said = in_english('<p title="待审">待审</p>', Dictionary(tmp_path).say)
    assert said == '<p title="&lt;b&gt; &quot;now&quot;">&lt;b&gt; "now"</p>'


def test_every_text_of_the_pages_has_an_english() -> None:
    assert list(lacking()) == []


def test_each_english_takes_in_what_the_chinese_has() -> None:
    def holes(text: str) -> int:
        return len(re.findall(r"\{\d*\}", text))

    wrong = [(zh, en) for zh, en in entries() if holes(en) > holes(zh)]

    assert wrong == []
