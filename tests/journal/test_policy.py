"""The policy file: the specification's own example, its limits, and what is no policy."""

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.journal.merkle import EMPTY_ROOT
from ledger.journal.notes import BadNote, Checkpoint, Forged, Kind, Malformed, Note, Unsigned, sign
from ledger.journal.policy import Policy, PolicyFile, Short
from tests.journal.test_notes import Key, key

LOG = key("example.com/log")
X = [key(f"x{n}.example", Kind.COSIGNER, b"x%d" % n) for n in (1, 2, 3)]
Y = [key(f"y{n}.example", Kind.COSIGNER, b"y%d" % n) for n in (1, 2, 3)]

EXAMPLE = f"""# two organisations
log {LOG.public} https://log.example/

witness X1 {X[0].public}
witness X2 {X[1].public}
witness X3 {X[2].public} https://x3.example/
group X-witnesses 2 X1 X2 X3

\twitness Y1 {Y[0].public}
witness Y2 {Y[1].public}
witness Y3 {Y[2].public}
group Y-witnesses any Y1 Y2 Y3

group X-and-Y all X-witnesses Y-witnesses
quorum X-and-Y
"""


def checkpoint(*witnesses: Key, log: Key = LOG) -> Note:
    text = Checkpoint(LOG.public.name, 0, EMPTY_ROOT).text
    return Note(text, (sign(text, log), *(sign(text, each, 5) for each in witnesses)))


def test_the_specification_s_example_asks_for_two_of_one_and_one_of_the_other() -> None:
    policy = Policy.parse(EXAMPLE.encode())

    judged = policy.judge(checkpoint(X[0], X[2], Y[1]))

    assert judged.log == LOG.public
    assert sorted(judged.witnesses) == ["X1", "X3", "Y2"]
    for few in ([X[0], X[1]], [X[0], Y[0], Y[1]], []):
        with pytest.raises(Short):
            policy.judge(checkpoint(*few))
    assert policy.witnesses["X3"].url == "https://x3.example/"
    assert Policy.parse(str(policy).encode()) == policy


def test_a_log_that_is_not_named_and_a_forged_witness_are_not_believed() -> None:
    policy = Policy.parse(EXAMPLE.encode())
    stranger = key("stranger.example", seed=b"9")
    good = checkpoint(X[0], X[2], Y[1])
    forged = good.signatures[1]._replace(body=bytes(72))

    with pytest.raises(Unsigned):
        policy.judge(checkpoint(X[0], X[1], Y[1], log=stranger))
    with pytest.raises(Forged):
        policy.judge(good._replace(signatures=(*good.signatures, forged)))


def test_thirty_two_of_each_are_read() -> None:
    made = [key(f"w{n}", Kind.COSIGNER, b"w%d" % n) for n in range(32)]
    lines = [f"witness w{n} {each.public}\ngroup g{n} any w{n}" for n, each in enumerate(made)]

    policy = Policy.parse(("\n".join(lines) + "\nquorum none\n").encode())

    assert len(policy.groups) == 32


W = str(X[0].public)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "quorum a\n",
        "quorum none\nquorum none\n",
        f"witness none {W}\nquorum none\n",
        f"witness a {W}\nwitness a {Y[0].public}\nquorum none\n",
        f"witness a {W}\nwitness b {W}\nquorum none\n",
        f"log {LOG.public}\nlog {LOG.public}\nquorum none\n",
        f"log {W}\nquorum none\n",
        f"witness a {LOG.public}\nquorum none\n",
        f"witness a {W}\ngroup g all\nquorum g\n",
        f"witness a {W}\ngroup g 2 a\nquorum g\n",
        f"witness a {W}\ngroup g 0 a\nquorum g\n",
        f"witness a {W}\ngroup g any a a\nquorum g\n",
        f"witness a {W}\ngroup g any a\ngroup h any a\nquorum g\n",
        f"group g any g\nwitness a {W}\nquorum g\n",
        f"group g any none\nwitness a {W}\nquorum g\n",
        f"witness a {W} url more\nquorum none\n",
        "quorum none\r\n",
        "hello\nquorum none\n",
        "#" * (1 << 17),
    ],
)
def test_what_is_no_policy_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        Policy.parse(text.encode())


@given(
    data=st.lists(
        st.sampled_from(EXAMPLE.splitlines()).map(str.encode) | st.binary(max_size=40)
    ).map(b"\n".join)
)
def test_whatever_comes_in_is_read_or_refused_in_our_words(data: bytes) -> None:
    with suppress(BadNote):
        Policy.parse(data)


def test_a_partner_s_keys_are_added_once_and_what_the_keeper_wrote_stays(tmp_path: Path) -> None:
    file = PolicyFile(tmp_path / "policy")
    assert file.policy == Policy()

    file.trust(LOG.public, X[0].public)
    file.trust(LOG.public, X[0].public)
    file.trust(X[1].public, url="https://x2.example/")

    assert file.of_log(LOG.public.name) == [LOG.public]
    assert [each.key for each in file.policy.witnesses.values()] == [X[0].public, X[1].public]
    assert file.policy.judge(checkpoint(X[1])).witnesses
    with pytest.raises(Short):
        file.policy.judge(checkpoint())
    (tmp_path / "policy").write_text(EXAMPLE, "utf-8")
    assert file.policy.quorum == "X-and-Y"
    file.trust(key("z.example", Kind.COSIGNER, b"z").public)
    assert file.policy.quorum == "X-and-Y"
    assert "z.example" in file.policy.witnesses


def test_the_keys_of_a_partner_s_vouchers_stand_in_a_file_beside(tmp_path: Path) -> None:
    file, issuer = PolicyFile(tmp_path / "policy"), key("x.example/voucher", Kind.VOUCHER).public
    assert file.issuers == []

    file.trust(LOG.public, issuer)
    file.trust(issuer)

    assert file.issuers == [issuer]
    assert file.policy.keys == [LOG.public]
    issuers = tmp_path / "issuers"
    issuers.write_text(f"# ours\n\n{issuers.read_text('ascii')}", "ascii")
    assert file.issuers == [issuer]


@pytest.mark.parametrize("line", ["hello", str(LOG.public), "验"])
def test_a_line_that_is_no_key_of_vouchers_is_refused(tmp_path: Path, line: str) -> None:
    (tmp_path / "issuers").write_text(f"{line}\n", "utf-8")

    with pytest.raises(Malformed, match="issuers"):
        _ = PolicyFile(tmp_path / "policy").issuers
