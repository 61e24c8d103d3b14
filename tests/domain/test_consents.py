"""Consents and other legal bases: what may be given to whom, for what, and until when."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.domain import consents
from ledger.domain.consents import (
    Consent,
    ConsentGiven,
    ConsentWithdrawn,
    EmergencyWithoutEnd,
    Evidence,
    ExpiredBeforeGiven,
    GuardianConsents,
    LegalBasisRecorded,
    NoBasisGiven,
    NoGroupNamed,
    NothingToWithdraw,
    NoticeMissing,
    Purpose,
    Receiver,
    ReceiverMissing,
    SensitiveNeedsSeparateConsent,
    is_child,
)
from ledger.domain.ids import PersonId, new_consent, new_person, new_union
from ledger.domain.kernel import Act, Basis, Code, Event, Fact, Group, Office, Scope
from ledger.domain.offices import GuardianshipEnded

CLERK = PersonId("per_aaaaaaaaaaaaaaaaaaaaaaaaaa")
VILLAGE, CITY, CONSENT, WEI, MOTHER = (
    new_union(), new_union(), new_consent(), new_person(), new_person(),
)  # fmt: skip
GUANGDONG = Code("liangdi.guangdong")
PARTNER = Receiver("广东省总工会", GUANGDONG, CITY, "020-12351")
NOTICE, PROVISION = Code("告知书-2026-1"), Code("个人信息保护法13-3")
USUAL = (Group.IDENTITY, Group.CONTACT, Group.MEMBERSHIP)
GIVEN_ON, TODAY, CHILD_BORN = date(2026, 1, 5), date(2026, 6, 1), date(2016, 2, 29)


def act(on: date = TODAY) -> Act:
    return Act(CLERK, VILLAGE, Office.CLERK, on, TODAY)


def give(
    groups: tuple[Group, ...] = USUAL,
    evidence: Evidence | None = Evidence.SIGNED_FORM,
    notice: Code | None = NOTICE,
    receiver: Receiver = PARTNER,
    purpose: Purpose = Purpose.MEMBERSHIP,
    born: date | None = None,
    guardian: PersonId | None = None,
    until: date | None = None,
) -> ConsentGiven:
    return Consent.give(
        act(GIVEN_ON), CONSENT, WEI, receiver, purpose, groups, evidence, notice,
        born=born, guardian=guardian, until=until,
    )  # fmt: skip


def record_basis(
    basis: Basis | None,
    provision: Code | None = PROVISION,
    groups: tuple[Group, ...] = USUAL,
    born: date | None = None,
    until: date | None = None,
) -> LegalBasisRecorded:
    return Consent.record_basis(
        act(GIVEN_ON), CONSENT, WEI, PARTNER, Purpose.RIGHTS, groups, basis, provision,
        born=born, until=until,
    )  # fmt: skip


# ── consent ──────────────────────────────────────────────────────────────────────────────────


def test_a_person_consents_to_a_receiver_for_named_groups_and_a_time() -> None:
    until = date(2027, 1, 5)

    event = give(until=until)

    consent = Consent.told(event)
    assert event.groups == (Group.CONTACT, Group.IDENTITY, Group.MEMBERSHIP)
    assert consent.basis is Basis.SEPARATE_CONSENT
    assert consent.groups(GUANGDONG, TODAY) == set(USUAL)
    assert consent.covers(CITY, Group.CONTACT, TODAY)
    assert not consent.covers(VILLAGE, Group.CONTACT, TODAY)
    assert not consent.covers(GUANGDONG, Group.BANK, TODAY)
    assert not consent.covers(GUANGDONG, Group.CONTACT, date(2026, 1, 4))
    assert not consent.covers(GUANGDONG, Group.CONTACT, until)


def test_a_consent_needs_evidence() -> None:
    with pytest.raises(NoBasisGiven):
        give(evidence=None)


def test_a_consent_names_the_receiver() -> None:
    for receiver in (Receiver("", GUANGDONG), Receiver("某商会")):
        with pytest.raises(ReceiverMissing):
            give(receiver=receiver)


def test_a_consent_names_the_kinds_of_data() -> None:
    with pytest.raises(NoGroupNamed):
        give(groups=())


def test_a_consent_follows_a_notice() -> None:
    with pytest.raises(NoticeMissing):
        give(notice=None)


def test_a_consent_begins_before_it_ends() -> None:
    with pytest.raises(ExpiredBeforeGiven):
        give(until=GIVEN_ON)


def test_for_a_child_the_guardian_consents() -> None:
    for guardian in (None, WEI):
        with pytest.raises(GuardianConsents):
            give(born=CHILD_BORN, guardian=guardian)

    event = give(born=CHILD_BORN, guardian=MOTHER, evidence=Evidence.GUARDIAN_FORM)
    assert event.guardian == MOTHER


def test_for_a_grown_person_no_guardian_consents_or_takes_a_consent_back() -> None:
    eighteen = date(2008, 1, 5)
    assert give(born=date(2008, 1, 6), guardian=MOTHER).guardian == MOTHER
    with pytest.raises(GuardianshipEnded):
        give(born=eighteen, guardian=MOTHER)

    consent = Consent.told(give(born=eighteen))
    with pytest.raises(GuardianshipEnded):
        consent.withdraw(act(), guardian=MOTHER, born=eighteen)
    assert consent.withdraw(act(), born=eighteen).groups


def test_a_guardians_form_names_the_guardian() -> None:
    with pytest.raises(GuardianConsents):
        give(evidence=Evidence.GUARDIAN_FORM)


def test_a_signature_on_a_list_is_no_separate_consent() -> None:
    on_a_list = Evidence.SIGNED_LIST

    with pytest.raises(SensitiveNeedsSeparateConsent):
        give(evidence=on_a_list, groups=(Group.IDENTITY, Group.BANK))
    with pytest.raises(SensitiveNeedsSeparateConsent):
        give(evidence=on_a_list, born=CHILD_BORN, guardian=MOTHER)
    with pytest.raises(SensitiveNeedsSeparateConsent):
        give(evidence=on_a_list, purpose=Purpose.PUBLICATION)

    assert give(evidence=on_a_list).evidence is on_a_list


def test_one_is_a_child_until_the_fourteenth_birthday() -> None:
    born = date(2012, 6, 2)

    assert is_child(born, date(2026, 6, 1))
    assert not is_child(born, date(2026, 6, 2))
    assert is_child(CHILD_BORN, date(2030, 2, 28))
    assert not is_child(CHILD_BORN, date(2030, 3, 1))
    assert not is_child(None, TODAY)


# ── other bases ──────────────────────────────────────────────────────────────────────────────


def test_a_statutory_duty_is_recorded_with_its_provision_and_is_no_consent() -> None:
    event = record_basis(Basis.STATUTORY_DUTY)

    consent = Consent.told(event)
    assert event.provision == PROVISION
    assert consent.basis is Basis.STATUTORY_DUTY
    assert consent.groups(GUANGDONG, TODAY) == set(USUAL)
    with pytest.raises(NothingToWithdraw):
        consent.withdraw(act())


def test_no_basis_an_unnamed_provision_and_a_consent_by_another_name_are_refused() -> None:
    with pytest.raises(NoBasisGiven):
        record_basis(None)
    with pytest.raises(NoBasisGiven):
        record_basis(Basis.LAW, provision=None)
    with pytest.raises(NoBasisGiven):
        record_basis(Basis.SEPARATE_CONSENT)


def test_a_general_duty_does_not_open_sensitive_data_or_those_of_a_child() -> None:
    sensitive = (Group.IDENTITY, Group.HARDSHIP)

    with pytest.raises(SensitiveNeedsSeparateConsent):
        record_basis(Basis.STATUTORY_DUTY, groups=sensitive)
    with pytest.raises(SensitiveNeedsSeparateConsent):
        record_basis(Basis.STATUTORY_DUTY, born=CHILD_BORN)

    assert record_basis(Basis.LAW, groups=sensitive).basis is Basis.LAW


def test_an_emergency_has_an_end() -> None:
    with pytest.raises(EmergencyWithoutEnd):
        record_basis(Basis.EMERGENCY)

    event = record_basis(Basis.EMERGENCY, groups=(Group.CASE,), until=date(2026, 1, 8))
    assert not Consent.told(event).covers(GUANGDONG, Group.CASE, date(2026, 1, 8))


# ── withdrawal ───────────────────────────────────────────────────────────────────────────────


def test_what_is_withdrawn_ends_that_day_and_what_was_done_before_stands() -> None:
    consent = Consent.told(give())

    event = consent.withdraw(act(), [Group.CONTACT, Group.BANK])
    consent.after(Fact(event, TODAY))

    assert event == ConsentWithdrawn(CONSENT, WEI, (Group.CONTACT,), GUANGDONG)
    assert consent.covers(GUANGDONG, Group.CONTACT, date(2026, 5, 31))
    assert not consent.covers(GUANGDONG, Group.CONTACT, TODAY)
    assert consent.groups(GUANGDONG, TODAY) == {Group.IDENTITY, Group.MEMBERSHIP}


def test_a_whole_consent_can_be_withdrawn_even_before_it_begins() -> None:
    later = Consent.give(
        act(), CONSENT, WEI, PARTNER, Purpose.TRAVEL, USUAL, Evidence.SMS, NOTICE,
        since=date(2026, 7, 1),
    )  # fmt: skip

    event = Consent.told(later).withdraw(act())

    assert set(event.groups) == set(USUAL)
    assert not Consent.told(later, event).groups(GUANGDONG, date(2026, 8, 1))


def test_only_what_stands_can_be_withdrawn() -> None:
    given = give()

    for consent in (
        Consent(),
        Consent.told(given, ConsentWithdrawn(CONSENT, WEI, given.groups)),
        Consent.told(give(until=date(2026, 2, 1))),
    ):
        with pytest.raises(NothingToWithdraw):
            consent.withdraw(act())


def test_a_withdrawal_goes_to_the_partner_whatever_the_agreement_shares() -> None:
    assert ConsentWithdrawn.scope is Scope.ALWAYS


# ── always ───────────────────────────────────────────────────────────────────────────────────

KINDS = [kind for kind in Event.kinds.values() if kind.__module__ == consents.__name__]
FACTS = st.lists(
    st.builds(
        Fact,
        event=st.one_of([st.from_type(kind) for kind in KINDS]),
        on=st.dates(),
        origin=st.sampled_from(["a", "b"]),
        position=st.integers(0, 20),
        corrects=st.none() | st.integers(1, 20),
    ),
    max_size=8,
)


@given(FACTS, st.dates())
def test_after_any_sequence_of_facts_folding_never_refuses(facts: list[Fact], on: date) -> None:
    consent = Consent.of(facts)

    for group in consent.groups(GUANGDONG, on):
        assert consent.covers(GUANGDONG, group, on)


@given(st.sets(st.sampled_from(Group)), st.dates(GIVEN_ON))
def test_what_was_withdrawn_is_never_given_afterwards(groups: set[Group], on: date) -> None:
    consent = Consent.told(give(), ConsentWithdrawn(CONSENT, WEI, tuple(groups)), on=GIVEN_ON)

    still = consent.groups(GUANGDONG, on)

    assert still == set(USUAL) - groups
