"""What is shared with a partner: on an agreement and a legal basis, and nothing besides."""

from datetime import date
from typing import Any

import pytest

from ledger.domain.channels import (
    Agreed,
    Cause,
    GroupsRestricted,
    Link,
    LinkClosed,
    Linked,
    LinkNarrowed,
    LinkOpened,
    NoLegalBasis,
    NoLivePartnership,
    PartnerRead,
    covers,
    enters,
    scope_of,
    things_of,
)
from ledger.domain.consents import ConsentWithdrawn
from ledger.domain.corrections import Disagreement, FactAnnulled, PartnerFactDisputed, Why
from ledger.domain.funds import FundClosed
from ledger.domain.ids import (
    ConsentId,
    LinkId,
    PartnershipId,
    PersonId,
    new_consent,
    new_fund,
    new_link,
    new_partnership,
    new_person,
    new_question,
    new_scheme,
    new_tally,
    new_union,
)
from ledger.domain.kernel import Act, Basis, Code, Event, Group, Office, Scope, StreamId
from ledger.domain.partnerships import PartnershipSigned
from ledger.domain.persons import PersonRenamed
from ledger.domain.questions import QuestionAnswered, Reply
from ledger.domain.schemes import SchemeRepealed
from ledger.domain.services import Bound, ServiceKind, ServicesTallied, Unit
from ledger.domain.unions import JournalOpened, UnionFounded, UnionKind

THEM, OTHERS = "liangdi.example/guangdong", "liangdi.example/hunan"
TODAY = date(2026, 3, 2)
# Fixed, for ids of tests are made of them.
PERSON, LINK = PersonId("per_" + "a" * 26), LinkId("lnk_" + "a" * 26)
AGREEMENT = PartnershipId("par_" + "a" * 26)
LIVE = Agreed(AGREEMENT, frozenset({Scope.ORGANISATION, Scope.PERSON}))
PROPOSED = Agreed(AGREEMENT)
OVER = Agreed(AGREEMENT, over=True)
LINKED = Linked(LINK, AGREEMENT, frozenset({Scope.PERSON, Scope.MEMBERSHIP}))
FOUNDED = UnionFounded(new_union(), "纳合村工会", UnionKind.VILLAGE, None)
RENAMED = PersonRenamed(PERSON, "韦秀莲")


def act() -> Act:
    return Act(new_person(), new_union(), Office.LIAISON, TODAY, TODAY)


def opened(**changed: Any) -> LinkOpened:
    told: dict[str, Any] = {
        "link": LINK, "person": PERSON, "partner": Code(THEM), "partnership": AGREEMENT,
        "basis": Basis.STATUTORY_DUTY, "groups": (Group.CONTACT, Group.IDENTITY),
        "scopes": (Scope.PERSON,), "cause": Cause.ROSTER,
    }  # fmt: skip
    return LinkOpened(**{**told, **changed})


# ── what enters ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("scope", "agreed", "linked", "under"),
    [
        (Scope.ORGANISATION, [LIVE], [], AGREEMENT),
        (Scope.ORGANISATION, [PROPOSED], [], None),
        (Scope.ORGANISATION, [OVER], [], None),
        (Scope.ORGANISATION, [], [], None),
        (Scope.PERSON, [LIVE], [LINKED], LINK),
        (Scope.PERSON, [LIVE], [], None),
        (Scope.PERSON, [LIVE], [LINKED._replace(open=False)], None),
        (Scope.PERSON, [LIVE._replace(partnership="par_another")], [LINKED], None),
        (Scope.MEMBERSHIP, [LIVE], [LINKED], None),
        (Scope.MEMBERSHIP, [OVER], [LINKED], LINK),
        (Scope.AID, [OVER], [LINKED], None),
        (Scope.NEVER, [LIVE], [LINKED], None),
    ],
)
def test_a_scope_goes_under_a_live_agreement_and_for_a_person_under_a_link(
    scope: Scope, agreed: list[Agreed], linked: list[Linked], under: str | None
) -> None:
    assert covers(scope, agreed, linked) == under


def signed(agreement: Any = AGREEMENT) -> PartnershipSigned:
    return PartnershipSigned(agreement, new_union(), Code("x#1"))


@pytest.mark.parametrize(
    ("event", "goes"),
    [
        (JournalOpened(new_union(), Code("45"), Code("liangdi.example/guangxi")), True),
        (signed(), True),
        (signed(new_partnership()), False),
        (opened(), True),
        (opened(partner=Code(OTHERS)), False),
        (LinkNarrowed(LINK, PERSON, Code(THEM), (Group.CONTACT,)), True),
        (LinkClosed(LINK, PERSON, Code(OTHERS), Code("ended")), False),
        (GroupsRestricted(new_link(), PERSON, Code(THEM), ()), True),
        (PartnerRead(Code(THEM), 1, 2, Code("00")), False),
        (ConsentWithdrawn(new_consent(), PERSON, (Group.CONTACT,), Code(THEM)), True),
        (ConsentWithdrawn(new_consent(), PERSON, (Group.CONTACT,), Code(OTHERS)), False),
        (ConsentWithdrawn(new_consent(), PERSON, (Group.CONTACT,), None), False),
    ],
    ids=range(12),
)
def test_what_names_a_partner_goes_to_it_alone(event: Event, goes: bool) -> None:
    assert (enters(event, THEM, [LIVE], [LINKED]) is not None) == goes
    assert enters(event, THEM, [], [LINKED]) is None


def test_a_withdrawal_of_somebody_never_shared_tells_nobody() -> None:
    withdrawn = ConsentWithdrawn(new_consent(), PERSON, (Group.CONTACT,), Code(THEM))

    assert enters(withdrawn, THEM, [LIVE], []) is None
    assert enters(withdrawn, THEM, [LIVE], [LINKED._replace(open=False)]) is not None


def annulled(kind: type[Event], stream: str, person: PersonId | None) -> FactAnnulled:
    return FactAnnulled(StreamId(stream), 7, Code(kind.__name__), person, Why.TWICE)


def test_a_correction_has_the_scope_of_what_it_corrects() -> None:
    person = annulled(PersonRenamed, PERSON, PERSON)
    union = annulled(UnionFounded, FOUNDED.union, None)
    kept = annulled(PartnerRead, THEM, None)

    assert [scope_of(each) for each in (person, union, kept)] == [
        Scope.PERSON, Scope.ORGANISATION, Scope.NEVER,
    ]  # fmt: skip
    assert enters(person, THEM, [LIVE], [LINKED]) == LINK
    assert enters(person, THEM, [LIVE], []) is None
    assert enters(union, THEM, [LIVE]) == AGREEMENT
    assert enters(kept, THEM, [LIVE], [LINKED]) is None


def test_what_we_say_of_a_partners_fact_goes_to_that_partner() -> None:
    disputed = PartnerFactDisputed(
        StreamId(PERSON), Code(THEM), 3, Code("PersonRenamed"), PERSON, Disagreement.NOT_SO
    )

    assert enters(disputed, THEM, [LIVE]) == PERSON
    assert enters(disputed, OTHERS, [LIVE]) is None


@pytest.mark.parametrize(
    ("agreed", "goes"), [(LIVE, True), (OVER, True), (PROPOSED, False)], ids=["live", "over", "new"]
)
def test_what_is_kept_together_goes_to_whom_its_agreement_binds_to_its_end(
    agreed: Agreed, goes: bool
) -> None:
    funded = FundClosed(new_fund(), AGREEMENT)
    ruled = SchemeRepealed(new_scheme(), new_union(), TODAY, None, (AGREEMENT,))

    for event in (funded, ruled):
        assert enters(event, THEM, [agreed]) == (AGREEMENT if goes else None)
        assert enters(event, THEM, [agreed._replace(partnership="par_another")]) is None
    assert enters(SchemeRepealed(new_scheme(), new_union(), TODAY), THEM, [agreed]) is None


def test_a_scheme_is_a_thing_of_several_and_so_is_what_it_judges() -> None:
    repealed = SchemeRepealed(new_scheme(), new_union(), TODAY)

    assert things_of(repealed) == {repealed.scheme}
    assert things_of(RENAMED) == frozenset()


def test_services_to_nobody_in_particular_go_under_a_live_agreement_that_covers_them() -> None:
    tally = ServicesTallied(
        new_tally(), new_union(), ServiceKind.ROADSIDE, 7, Unit.PERSONS, Bound.EXACT, TODAY, ()
    )
    serving = Agreed(AGREEMENT, frozenset({Scope.SERVICES}))

    assert enters(tally, THEM, [serving], None) == AGREEMENT
    assert enters(tally, THEM, [LIVE], None) is None
    assert enters(tally, THEM, [OVER], None) is None
    assert enters(annulled(ServicesTallied, tally.tally, None), THEM, [serving], None) == AGREEMENT
    assert covers(Scope.AID, [Agreed(AGREEMENT, frozenset({Scope.AID}))], None) is None


def test_a_step_of_a_question_goes_to_the_side_that_takes_part() -> None:
    def answered(partner: str | None) -> QuestionAnswered:
        told = Code(partner) if partner else None
        question, union = new_question(), new_union()
        return QuestionAnswered(question, union, Reply.CONCEDES, person=PERSON, partner=told)

    assert enters(answered(THEM), THEM, [LIVE], []) is not None
    assert enters(answered(OTHERS), THEM, [LIVE], [LINKED]) is None
    assert enters(answered(None), THEM, [LIVE], [LINKED]) is None


def test_a_kind_of_union_is_no_kind_of_fact() -> None:
    assert scope_of(FOUNDED) is Scope.ORGANISATION
    assert enters(FOUNDED, THEM, [LIVE]) == AGREEMENT


# ── links ────────────────────────────────────────────────────────────────────────────────────


def test_nothing_is_shared_without_a_legal_basis() -> None:
    with pytest.raises(NoLegalBasis):
        Link.start(
            act(), LINK, PERSON, Code(THEM), AGREEMENT, None, [Group.CONTACT], [Scope.PERSON],
            Cause.ROSTER,
        )  # fmt: skip


def test_nothing_is_shared_without_a_live_agreement_that_covers_it() -> None:
    for agreement, scopes in ((None, [Scope.PERSON]), (AGREEMENT, list[Scope]())):
        with pytest.raises(NoLivePartnership):
            Link.start(
                act(), LINK, PERSON, Code(THEM), agreement, Basis.LAW, [], scopes, Cause.ROSTER
            )


def test_a_link_is_narrowed_by_what_it_gives_and_closed_once() -> None:
    link = Link.told(opened())

    assert link.narrow(act(), [Group.BANK]) is None
    narrowed = link.narrow(act(), [Group.BANK, Group.CONTACT], ConsentId("con_x"))
    assert narrowed is not None
    assert narrowed.groups == (Group.CONTACT,)
    link = Link.told(opened(), narrowed)
    assert link.groups == {Group.IDENTITY}
    closed = link.close(act(), Code("ended"))
    assert closed is not None
    link = Link.told(opened(), closed)
    assert not link.open
    assert link.close(act(), Code("ended")) is None
    assert link.narrow(act(), [Group.IDENTITY]) is None
