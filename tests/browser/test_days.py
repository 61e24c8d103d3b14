"""What needs days to pass: a notice that stands and comes down, a means check, a decision by level.

The demo is walked on two days: served on one, closed, and served again on a later one.
"""

from collections.abc import Generator
from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path
from shutil import copytree

import pytest

from ledger.book import open_ledger
from ledger.clock import Clock
from ledger.demo.people import EMPLOYERS, Someone, six_hundred
from ledger.desk import Desk
from ledger.domain.aiding import AidKind, Days, KindRules, Level, PayMode, Step
from ledger.domain.ids import new_scheme
from ledger.domain.kernel import Act, Code, Fen
from ledger.domain.kernel import Office as Post
from ledger.domain.schemes import Scheme
from ledger.settings import Settings
from tests.browser.conftest import Sits, served
from tests.browser.hands import Keyboard, Mouse, Office

MONDAY = date(2027, 3, 1)
SCHEME = "分级审批办法"


class Calendar:
    """A site that is served on one day, and on later ones."""

    def __init__(self, data: Path) -> None:
        self.data, self.today = data, MONDAY
        self._server = ExitStack()

    def opens(self) -> str:
        """Its address on that day."""
        self.close()
        return self._server.enter_context(served(self.data, today=self.today))

    def passes(self, days: int) -> str:
        self.today += timedelta(days)
        return self.opens()

    def close(self) -> None:
        self._server.close()


@pytest.fixture(scope="module")
def calendar(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Generator[Calendar]:
    data = tmp_path_factory.mktemp("days") / "data"
    copytree(demo, data)
    adopt(data)
    made = Calendar(data)
    yield made
    made.close()


def adopt(data: Path) -> None:
    """A scheme in which a household's means are checked, its notice stands for five working days,
    and above 2,000 yuan 广西 decides itself.
    """
    home = next(
        each
        for each in Settings.from_environment({"LIANGDI_DATA": str(data)}).provinces()
        if each.code == "45"
    )
    ledger = open_ledger(home, clock=Clock.set_to(MONDAY))
    people = {name: person for name, person, _ in Desk({"45": ledger}, demo=True).accounts(ledger)}
    living = KindRules(
        kind=AidKind.LIVING, steps=(Step.VISIT, Step.MEANS_CHECK, Step.REVIEW, Step.NOTICE),
        levels=(Level(above=Fen(2_000_00), approver=ledger.root),), notice_days=5,
        notice_in=Days.WORKING, modes=(PayMode.BANK,),
    )  # fmt: skip
    act = Act(people["gx-zhuxi"], ledger.root, Post.CHAIR, MONDAY, MONDAY)
    with ledger.entry(act) as entry:
        entry.write(Scheme().adopt(act, new_scheme(), SCHEME, 1, MONDAY, [living], Code("450000")))
    ledger.close()


@pytest.mark.timeout(600)  # two servers and two hands: a busy machine takes its time
def test_means_are_checked_a_notice_runs_its_days_and_each_amount_is_decided_at_its_level(
    calendar: Calendar, sits: Sits
) -> None:
    first = calendar.opens()
    asked = {hand: posted(Office(sits(at=first), hand), hand) for hand in (Mouse, Keyboard)}

    later = calendar.passes(8)
    for hand, grants in asked.items():
        decided(Office(sits(at=later), hand), hand, grants)


def posted(home: Office, hand: type[Mouse]) -> list[str]:
    """A small and a large amount are asked for, looked into and put up; while the notices stand
    nobody approves, and nobody is asked to.
    """
    small, large = those(hand)
    grants = [apply(home, small, 1500), apply(home, large, 2500)]
    home.takes("donglan-fuhe")
    for grant in grants:
        home.goes(grant).fills({"意见": "情况属实。"}).presses("审核通过")
    home.takes("donglan-jingban")
    for grant, number in zip(grants, numbers(hand), strict=True):
        said = {"公示编号": number, "公示个人信息的法律依据": "单独同意", "公示地点": "村务公开栏"}
        home.goes(grant).does("公示", said)
    home.goes("/notices").sees(*numbers(hand))
    home.takes("donglan-shenpi").goes(grants[0]).sees("还不能审批，尚缺：公示期满")
    home.goes("/workbench").sees_not(small.name)
    assert home.person.complaints == []
    return grants


def decided(home: Office, hand: type[Mouse], grants: list[str]) -> None:
    """The notices are down; the county decides the small amount, and leaves the large one to the
    province.
    """
    small, large = those(hand)
    home.takes("donglan-shenpi").sees("演示时间", "2027-03-09")
    home.goes("/notices").sees_not(*numbers(hand))
    home.goes("/notices?tab=over").sees(*numbers(hand))
    home.goes("/workbench").sees(small.name).sees_not(large.name)
    approval = {"资金": "自治区总工会送温暖", "意见": "同意。"}
    home.goes(grants[0]).fills(approval).presses("同意").sees("审批金额", "1,500.00")
    home.goes(grants[1]).sees("2,500.00 元超过本级权限，由广西壮族自治区总工会审批")
    home.takes("gx-shenpi").goes(grants[1]).fills(approval).presses("同意")
    home.sees("审批金额", "2,500.00")
    assert home.person.complaints == []


def numbers(hand: type[Mouse]) -> list[str]:
    return [f"东工示〔2027〕{hand.__name__}{at}号" for at in (1, 2)]


def apply(home: Office, her: Someone, amount: int) -> str:
    """Applied for, visited, and the means checked; where the grant stands."""
    home.takes("donglan-jingban").goes("/grants").does(
        "受理申请",
        {
            "申请人": her.number,
            "帮扶办法": SCHEME,
            "帮扶项目": "生活救助",
            "事由": "2027年",
            "申请金额": str(amount),
            "申请理由": "家中两人患病",
        },
    )
    grant = home.at()
    home.does(
        "登记收款人", {"收款对象": "本人", "开户银行": "东兰农信社", "账号": "6228480000123456700"}
    )
    home.does("登记入户", {"调查情况": "住房老旧。"})
    home.does("登记经济状况核对", {"核对结论": "符合", "核对报告文号": "东民核〔2027〕3号"})
    home.sees("家庭经济状况核对：符合")
    return grant


def those(hand: type[Mouse]) -> tuple[Someone, Someone]:
    """Two members of 东兰's own, two for each hand."""
    found = [
        each for each in six_hundred() if each.county == "451224" and each.employer == EMPLOYERS[4]
    ]
    one, other = (-1, -2) if hand is Mouse else (-3, -4)
    return found[one], found[other]
