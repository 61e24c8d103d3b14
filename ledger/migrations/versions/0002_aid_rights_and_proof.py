"""Aid, rights and proof."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "aid_grant",
        sa.Column("generation", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("grant_id", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("beneficiary", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("union_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("need", sa.Text(), nullable=False),
        sa.Column("household", sa.Text(), nullable=True),
        sa.Column("file", sa.Text(), nullable=True),
        sa.Column("aid_list", sa.Text(), nullable=True),
        sa.Column("scheme", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("turn", sa.Text(), nullable=True),
        sa.Column("since", sa.Text(), nullable=False),
        sa.Column("applied_on", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("fund", sa.Text(), nullable=True),
        sa.Column("approved", sa.BigInteger(), nullable=False),
        sa.Column("approved_on", sa.Text(), nullable=True),
        sa.Column("granted", sa.BigInteger(), nullable=False),
        sa.Column("paid", sa.BigInteger(), nullable=False),
        sa.Column("taken_back", sa.BigInteger(), nullable=False),
        sa.Column("notice_until", sa.Text(), nullable=True),
        sa.Column("review_by", sa.Text(), nullable=True),
        sa.Column("held_for", sa.Text(), nullable=True),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("generation", "grant_id"),
    )
    op.create_index(
        "aid_grant_beneficiary", "aid_grant", ["generation", "beneficiary", "kind"], unique=False
    )
    op.create_index("aid_grant_list", "aid_grant", ["generation", "aid_list"], unique=False)
    op.create_index("aid_grant_person", "aid_grant", ["generation", "person"], unique=False)
    op.create_index("aid_grant_stage", "aid_grant", ["generation", "stage", "since"], unique=False)
    op.create_index(
        "aid_grant_union", "aid_grant", ["generation", "union_id", "stage"], unique=False
    )
    op.create_table(
        "aid_list",
        sa.Column("generation", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("aid_list", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("union_id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("each", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("paid", sa.BigInteger(), nullable=False),
        sa.Column("paid_count", sa.Integer(), nullable=False),
        sa.Column("fund", sa.Text(), nullable=True),
        sa.Column("since", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("generation", "aid_list"),
    )
    op.create_table(
        "aid_payment",
        sa.Column("generation", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("grant_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("since", sa.Text(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("reissued", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("generation", "grant_id", "number"),
    )
    op.create_index(
        "aid_payment_state", "aid_payment", ["generation", "state", "since"], unique=False
    )
    op.create_table(
        "arrear",
        sa.Column("generation", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("case", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("against", sa.Integer(), nullable=False),
        sa.Column("since", sa.Text(), nullable=True),
        sa.Column("membership", sa.Text(), nullable=True),
        sa.Column("made_on", sa.Text(), nullable=True),
        sa.Column("withdrawn", sa.Integer(), nullable=False),
        sa.Column("settled", sa.Integer(), nullable=False),
        sa.Column("asked_wages", sa.BigInteger(), nullable=False),
        sa.Column("asked_compensation", sa.BigInteger(), nullable=False),
        sa.Column("agreed_wages", sa.BigInteger(), nullable=False),
        sa.Column("agreed_compensation", sa.BigInteger(), nullable=False),
        sa.Column("recovered_wages", sa.BigInteger(), nullable=False),
        sa.Column("recovered_compensation", sa.BigInteger(), nullable=False),
        sa.Column("open_wages", sa.BigInteger(), nullable=False),
        sa.Column("open_compensation", sa.BigInteger(), nullable=False),
        sa.Column("shares", sa.Integer(), nullable=False),
        sa.Column("received", sa.Integer(), nullable=False),
        sa.Column("denied", sa.Integer(), nullable=False),
        sa.Column("represents", sa.Integer(), nullable=False),
        sa.Column("called", sa.Integer(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("generation", "case", "person"),
    )
    op.create_index("arrear_person", "arrear", ["generation", "person"], unique=False)
    op.create_table(
        "at_rest",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("person"),
    )
    op.create_index("at_rest_state", "at_rest", ["state", "at"], unique=False)
    op.create_table(
        "audited",
        sa.Column("generation", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("grant_id", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("union_id", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("beneficiary", sa.Text(), nullable=False),
        sa.Column("household", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("need", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("scheme", sa.Text(), nullable=True),
        sa.Column("file", sa.Text(), nullable=True),
        sa.Column("aid_list", sa.Text(), nullable=True),
        sa.Column("fund", sa.Text(), nullable=True),
        sa.Column("once", sa.Integer(), nullable=True),
        sa.Column("caps", sa.Text(), nullable=False),
        sa.Column("lifted", sa.Text(), nullable=False),
        sa.Column("decided_on", sa.Text(), nullable=True),
        sa.Column("decided", sa.Text(), nullable=True),
        sa.Column("granted", sa.BigInteger(), nullable=False),
        sa.Column("kept", sa.BigInteger(), nullable=False),
        sa.Column("paid_on", sa.Text(), nullable=True),
        sa.Column("paid", sa.Text(), nullable=True),
        sa.Column("last_on", sa.Text(), nullable=True),
        sa.Column("last", sa.Text(), nullable=True),
        sa.Column("line", sa.BigInteger(), nullable=False),
        sa.Column("by_sheet", sa.BigInteger(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("payee_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("generation", "grant_id"),
    )
    op.create_index("audited_beneficiary", "audited", ["generation", "beneficiary"], unique=False)
    op.create_index("audited_file", "audited", ["generation", "file"], unique=False)
    op.create_index("audited_household", "audited", ["generation", "household"], unique=False)
    op.create_index("audited_list", "audited", ["generation", "aid_list"], unique=False)
    op.create_index("audited_person", "audited", ["generation", "person"], unique=False)
    op.create_index("audited_scheme", "audited", ["generation", "scheme"], unique=False)
    op.create_table(
        "case_board",
        sa.Column("generation", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("case", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("priority", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("employer", sa.Text(), nullable=False),
        sa.Column("lead", sa.Text(), nullable=False),
        sa.Column("lead_origin", sa.Text(), nullable=False),
        sa.Column("opened_by", sa.Text(), nullable=False),
        sa.Column("opened_in", sa.Text(), nullable=False),
        sa.Column("opened_on", sa.Text(), nullable=False),
        sa.Column("claimants", sa.Integer(), nullable=False),
        sa.Column("unmatched", sa.Integer(), nullable=False),
        sa.Column("settlements", sa.Integer(), nullable=False),
        sa.Column("next_due", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("closed_on", sa.Text(), nullable=True),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("generation", "case"),
    )
    op.create_index("case_board_number", "case_board", ["generation", "number"], unique=False)
    op.create_index(
        "case_board_state", "case_board", ["generation", "state", "next_due"], unique=False
    )
    op.create_table(
        "case_due",
        sa.Column("generation", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("case", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=True),
        sa.Column("due", sa.Text(), nullable=False),
        sa.Column("union", sa.Text(), nullable=True),
        sa.Column("person", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("generation", "case", "step", "number"),
    )
    op.create_index("case_due_day", "case_due", ["generation", "due"], unique=False)
    op.create_table(
        "case_line",
        sa.Column("generation", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("case", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("known", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("generation", "case", "origin", "position"),
    )
    op.create_table(
        "case_party",
        sa.Column("generation", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("case", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("credit_code", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("generation", "case", "number"),
    )
    op.create_index("case_party_code", "case_party", ["generation", "credit_code"], unique=False)
    op.create_table(
        "case_receipt",
        sa.Column("generation", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("case", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("recovery", sa.Text(), nullable=False),
        sa.Column("came", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("generation", "case", "person", "recovery"),
    )
    op.create_table(
        "case_recovery",
        sa.Column("generation", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("case", sa.Text(), nullable=False),
        sa.Column("recovery", sa.Text(), nullable=False),
        sa.Column("counted", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("generation", "case", "recovery"),
    )
    op.create_table(
        "case_side",
        sa.Column("generation", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("case", sa.Text(), nullable=False),
        sa.Column("union", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("generation", "case", "union"),
    )
    op.create_index("case_side_union", "case_side", ["generation", "union", "role"], unique=False)
    op.create_table(
        "checkpoint",
        sa.Column("log", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("log", "size"),
    )
    op.create_table(
        "contradiction",
        sa.Column("log", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("shown", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("times", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("log", "digest"),
    )
    op.create_table(
        "cosignature",
        sa.Column("log", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("time", sa.BigInteger(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("log", "name", "size"),
    )
    op.create_table(
        "departed",
        sa.Column("generation", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("died_on", sa.Text(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("generation", "person"),
    )
    op.create_table(
        "door_code",
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made", sa.Text(), nullable=False),
        sa.Column("until", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("hash"),
    )
    op.create_table(
        "file_span",
        sa.Column("generation", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("since", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("union", sa.Text(), nullable=False),
        sa.Column("household", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("main", sa.Text(), nullable=False),
        sa.Column("valid_until", sa.Text(), nullable=False),
        sa.Column("until", sa.Text(), nullable=False),
        sa.Column("known_from", sa.Text(), nullable=False),
        sa.Column("known_to", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("generation", "file", "seq", "since"),
    )
    op.create_index(
        "file_span_due", "file_span", ["generation", "valid_until", "file"], unique=False
    )
    op.create_index("file_span_household", "file_span", ["generation", "household"], unique=False)
    op.create_index("file_span_person", "file_span", ["generation", "person"], unique=False)
    op.create_index("file_span_union", "file_span", ["generation", "union"], unique=False)
    op.create_table(
        "finding",
        sa.Column("generation", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("whose", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("cites", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("union_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("person", sa.Text(), nullable=True),
        sa.Column("aid_list", sa.Text(), nullable=True),
        sa.Column("fund", sa.Text(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("generation", "key"),
    )
    op.create_index("finding_owner", "finding", ["generation", "owner"], unique=False)
    op.create_index("finding_rule", "finding", ["generation", "rule", "since", "key"], unique=False)
    op.create_index("finding_since", "finding", ["generation", "since", "key"], unique=False)
    op.create_index("finding_subject", "finding", ["generation", "subject"], unique=False)
    op.create_index("finding_union", "finding", ["generation", "union_id", "rule"], unique=False)
    op.create_table(
        "flow",
        sa.Column("partner", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("partner", "scope"),
    )
    op.create_table(
        "fund",
        sa.Column("generation", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("fund", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("keeper", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("joint", sa.Text(), nullable=True),
        sa.Column("contributor", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column("under", sa.Text(), nullable=True),
        sa.Column("opened_on", sa.Text(), nullable=False),
        sa.Column("closed_on", sa.Text(), nullable=True),
        sa.Column("annulled", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("generation", "fund"),
    )
    op.create_index("fund_joint", "fund", ["generation", "joint"], unique=False)
    op.create_index("fund_keeper", "fund", ["generation", "keeper"], unique=False)
    op.create_table(
        "fund_gap",
        sa.Column("generation", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("fund", sa.Text(), nullable=False),
        sa.Column("place", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("on", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("generation", "fund", "place"),
    )
    op.create_table(
        "fund_grant",
        sa.Column("generation", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("grant", sa.Text(), nullable=False),
        sa.Column("fund", sa.Text(), nullable=False),
        sa.Column("reserved", sa.BigInteger(), nullable=False),
        sa.Column("drawn", sa.BigInteger(), nullable=False),
        sa.Column("returned", sa.BigInteger(), nullable=False),
        sa.Column("uneven", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("generation", "grant", "fund"),
    )
    op.create_index("fund_grant_fund", "fund_grant", ["generation", "fund", "uneven"], unique=False)
    op.create_table(
        "fund_line",
        sa.Column("generation", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("fund", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("on", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("grant", sa.Text(), nullable=True),
        sa.Column("payment", sa.Integer(), nullable=True),
        sa.Column("movement", sa.Text(), nullable=True),
        sa.Column("other", sa.Text(), nullable=True),
        sa.Column("contributor", sa.Text(), nullable=True),
        sa.Column("cause", sa.Text(), nullable=True),
        sa.Column("paper", sa.Text(), nullable=True),
        sa.Column("credited", sa.BigInteger(), nullable=False),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.Column("allotted", sa.BigInteger(), nullable=False),
        sa.Column("offered", sa.BigInteger(), nullable=False),
        sa.Column("reserved", sa.BigInteger(), nullable=False),
        sa.Column("drawn", sa.BigInteger(), nullable=False),
        sa.Column("returned", sa.BigInteger(), nullable=False),
        sa.Column("noted", sa.BigInteger(), nullable=False),
        sa.Column("known_from", sa.Text(), nullable=False),
        sa.Column("known_to", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("generation", "ref"),
    )
    op.create_index(
        "fund_line_fund", "fund_line", ["generation", "fund", "on", "seq", "position"], unique=False
    )
    op.create_index("fund_line_grant", "fund_line", ["generation", "grant"], unique=False)
    op.create_index("fund_line_place", "fund_line", ["generation", "place"], unique=False)
    op.create_table(
        "fund_sum",
        sa.Column("generation", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("fund", sa.Text(), nullable=False),
        sa.Column("known", sa.Text(), nullable=False),
        sa.Column("on", sa.Text(), nullable=False),
        sa.Column("credited", sa.BigInteger(), nullable=False),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.Column("allotted", sa.BigInteger(), nullable=False),
        sa.Column("offered", sa.BigInteger(), nullable=False),
        sa.Column("reserved", sa.BigInteger(), nullable=False),
        sa.Column("drawn", sa.BigInteger(), nullable=False),
        sa.Column("returned", sa.BigInteger(), nullable=False),
        sa.Column("noted", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("generation", "fund", "known", "on"),
    )
    op.create_table(
        "glass",
        sa.Column("generation", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("glass", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("officer", sa.Text(), nullable=False),
        sa.Column("union_id", sa.Text(), nullable=False),
        sa.Column("emergency", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("until", sa.Text(), nullable=False),
        sa.Column("review_by", sa.Text(), nullable=False),
        sa.Column("finding", sa.Text(), nullable=False),
        sa.Column("reviewed_on", sa.Text(), nullable=True),
        sa.Column("reviewer", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("generation", "glass"),
    )
    op.create_index("glass_finding", "glass", ["generation", "finding", "review_by"], unique=False)
    op.create_index("glass_officer", "glass", ["generation", "officer", "until"], unique=False)
    op.create_index("glass_person", "glass", ["generation", "person"], unique=False)
    op.create_table(
        "help_request",
        sa.Column("generation", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("help", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("union", sa.Text(), nullable=False),
        sa.Column("want", sa.Text(), nullable=False),
        sa.Column("call_at", sa.Text(), nullable=False),
        sa.Column("to_union", sa.Text(), nullable=True),
        sa.Column("about", sa.Text(), nullable=True),
        sa.Column("asked_on", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("taken_up_on", sa.Text(), nullable=True),
        sa.Column("settled_on", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("opened", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("generation", "help"),
    )
    op.create_index("help_request_number", "help_request", ["generation", "number"], unique=False)
    op.create_index("help_request_person", "help_request", ["generation", "person"], unique=False)
    op.create_index(
        "help_request_place", "help_request", ["generation", "asked_on", "help"], unique=False
    )
    op.create_index("help_request_union", "help_request", ["generation", "union"], unique=False)
    op.create_table(
        "helped",
        sa.Column("generation", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("scheme", sa.Text(), nullable=False),
        sa.Column("since", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("union_id", sa.Text(), nullable=False),
        sa.Column("until", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("generation", "scheme", "since", "kind", "category"),
    )
    op.create_table(
        "joined",
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("partner", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("stream", "partner"),
    )
    op.create_table(
        "notice",
        sa.Column("generation", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("grant_id", sa.Text(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("union_id", sa.Text(), nullable=False),
        sa.Column("since", sa.Text(), nullable=False),
        sa.Column("until", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("ended", sa.Text(), nullable=True),
        sa.Column("down", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("generation", "grant_id", "ref"),
    )
    op.create_index("notice_number", "notice", ["generation", "number"], unique=False)
    op.create_index("notice_person", "notice", ["generation", "person", "until"], unique=False)
    op.create_index("notice_until", "notice", ["generation", "until", "number"], unique=False)
    op.create_table(
        "officer_clash",
        sa.Column("generation", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("union_id", sa.Text(), nullable=False),
        sa.Column("since", sa.Text(), nullable=False),
        sa.Column("until", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("offices", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("generation", "holder", "union_id", "since"),
    )
    op.create_index(
        "officer_clash_union", "officer_clash", ["generation", "union_id", "person"], unique=False
    )
    op.create_table(
        "officer_post",
        sa.Column("generation", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("union_id", sa.Text(), nullable=False),
        sa.Column("office", sa.Text(), nullable=False),
        sa.Column("since", sa.Text(), nullable=False),
        sa.Column("until", sa.Text(), nullable=False),
        sa.Column("entrusted", sa.Integer(), nullable=False),
        sa.Column("below", sa.Integer(), nullable=False),
        sa.Column("instead_of", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("generation", "holder", "number"),
    )
    op.create_index(
        "officer_post_office",
        "officer_post",
        ["generation", "office", "union_id", "number", "holder"],
        unique=False,
    )
    op.create_index(
        "officer_post_union",
        "officer_post",
        ["generation", "union_id", "office", "number", "holder"],
        unique=False,
    )
    op.create_table(
        "phone_code",
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("made", sa.Text(), nullable=False),
        sa.Column("until", sa.Text(), nullable=False),
        sa.Column("sent", sa.Integer(), nullable=False),
        sa.Column("since", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("phone"),
    )
    op.create_table(
        "poster",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("union", sa.Text(), nullable=False),
        sa.Column("employer", sa.Text(), nullable=False),
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made", sa.Text(), nullable=False),
        sa.Column("closed", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("code"),
    )
    op.create_index("poster_union", "poster", ["union"], unique=False)
    op.create_table(
        "question",
        sa.Column("generation", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("partner", sa.Text(), nullable=True),
        sa.Column("union", sa.Text(), nullable=False),
        sa.Column("asked", sa.Text(), nullable=False),
        sa.Column("judge", sa.Text(), nullable=True),
        sa.Column("rule", sa.Text(), nullable=True),
        sa.Column("person", sa.Text(), nullable=True),
        sa.Column("appeals", sa.Text(), nullable=True),
        sa.Column("sample", sa.Text(), nullable=True),
        sa.Column("turn", sa.Text(), nullable=True),
        sa.Column("due", sa.Text(), nullable=True),
        sa.Column("raised_on", sa.Text(), nullable=False),
        sa.Column("answered_on", sa.Text(), nullable=True),
        sa.Column("ruled_on", sa.Text(), nullable=True),
        sa.Column("closed_on", sa.Text(), nullable=True),
        sa.Column("verdict", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("place", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("generation", "question"),
    )
    op.create_index("question_appeals", "question", ["generation", "appeals"], unique=False)
    op.create_index("question_person", "question", ["generation", "person"], unique=False)
    op.create_index("question_place", "question", ["generation", "place", "question"], unique=False)
    op.create_index("question_turn", "question", ["generation", "turn"], unique=False)
    op.create_table(
        "question_cite",
        sa.Column("generation", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("generation", "question", "origin", "position"),
    )
    op.create_index(
        "question_cite_record", "question_cite", ["generation", "origin", "position"], unique=False
    )
    op.create_table(
        "resting",
        sa.Column("generation", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("ground", sa.Text(), nullable=False),
        sa.Column("union_id", sa.Text(), nullable=True),
        sa.Column("since", sa.Text(), nullable=False),
        sa.Column("until", sa.Text(), nullable=False),
        sa.Column("kept", sa.Text(), nullable=False),
        sa.Column("edition", sa.Text(), nullable=False),
        sa.Column("first", sa.Text(), nullable=True),
        sa.Column("second", sa.Text(), nullable=True),
        sa.Column("shredded_on", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("generation", "person"),
    )
    op.create_index(
        "resting_until", "resting", ["generation", "state", "until", "person"], unique=False
    )
    op.create_table(
        "sample",
        sa.Column("generation", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sample", sa.Text(), nullable=False),
        sa.Column("union", sa.Text(), nullable=False),
        sa.Column("on", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("whose", sa.Text(), nullable=False),
        sa.Column("population", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("seed", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("generation", "sample"),
    )
    op.create_table(
        "saved_filter",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("page", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("account", "page", "name"),
    )
    op.create_table(
        "scheme_span",
        sa.Column("generation", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("scheme", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("since", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("union", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("kinds", sa.Text(), nullable=False),
        sa.Column("until", sa.Text(), nullable=False),
        sa.Column("known_from", sa.Text(), nullable=False),
        sa.Column("known_to", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("generation", "scheme", "seq", "since"),
    )
    op.create_index("scheme_span_place", "scheme_span", ["generation", "place"], unique=False)
    op.create_table(
        "service_cost",
        sa.Column("generation", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("thing", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("union", sa.Text(), nullable=False),
        sa.Column("on", sa.Text(), nullable=False),
        sa.Column("bearer", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("fund", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("known_from", sa.Text(), nullable=False),
        sa.Column("known_to", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("generation", "thing", "origin", "position"),
    )
    op.create_index("service_cost_fund", "service_cost", ["generation", "fund"], unique=False)
    op.create_table(
        "service_line",
        sa.Column("generation", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("thing", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("union", sa.Text(), nullable=False),
        sa.Column("station", sa.Text(), nullable=True),
        sa.Column("on", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=True),
        sa.Column("unit", sa.Text(), nullable=True),
        sa.Column("number", sa.BigInteger(), nullable=True),
        sa.Column("bound", sa.Text(), nullable=True),
        sa.Column("known_from", sa.Text(), nullable=False),
        sa.Column("known_to", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("generation", "thing", "origin", "position"),
    )
    op.create_index("service_line_on", "service_line", ["generation", "on"], unique=False)
    op.create_index(
        "service_line_union", "service_line", ["generation", "union", "on"], unique=False
    )
    op.create_table(
        "settled_alarm",
        sa.Column("generation", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("union_id", sa.Text(), nullable=False),
        sa.Column("log", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("times", sa.BigInteger(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("finding", sa.Text(), nullable=False),
        sa.Column("letter", sa.Text(), nullable=True),
        sa.Column("on", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("decider", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("generation", "union_id", "log", "digest"),
    )
    op.create_table(
        "share_offer",
        sa.Column("generation", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("offer", sa.Text(), nullable=False),
        sa.Column("giver", sa.Text(), nullable=False),
        sa.Column("receiver", sa.Text(), nullable=True),
        sa.Column("to_origin", sa.Text(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("offered_on", sa.Text(), nullable=True),
        sa.Column("deadline", sa.Text(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_on", sa.Text(), nullable=True),
        sa.Column("ground", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("outcome_on", sa.Text(), nullable=True),
        sa.Column("received_on", sa.Text(), nullable=True),
        sa.Column("voided_on", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("generation", "offer"),
    )
    op.create_index("share_offer_giver", "share_offer", ["generation", "giver"], unique=False)
    op.create_index("share_offer_receiver", "share_offer", ["generation", "receiver"], unique=False)
    op.create_table(
        "shred_request",
        sa.Column("generation", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("asked", sa.Text(), nullable=False),
        sa.Column("on", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_on", sa.Text(), nullable=True),
        sa.Column("kept", sa.Text(), nullable=False),
        sa.Column("until", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("generation", "person", "origin", "asked"),
    )
    op.create_table(
        "taken_up",
        sa.Column("thing", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("shown", sa.Text(), nullable=False),
        sa.Column("until", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("thing"),
    )
    op.create_table(
        "trip",
        sa.Column("generation", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("trip", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("union", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("quota", sa.BigInteger(), nullable=False),
        sa.Column("seats", sa.BigInteger(), nullable=False),
        sa.Column("departed", sa.BigInteger(), nullable=False),
        sa.Column("awaiting", sa.BigInteger(), nullable=False),
        sa.Column("leaves", sa.Text(), nullable=False),
        sa.Column("cancelled", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("generation", "trip"),
    )
    op.create_index("trip_leaves", "trip", ["generation", "leaves"], unique=False)
    op.create_table(
        "trouble",
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("since", sa.Text(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("times", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("about", "kind"),
    )
    op.create_table(
        "vouched",
        sa.Column("log", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("log"),
    )
    op.drop_table("flowing")
    op.add_column("belonging", sa.Column("fit", sa.Text(), server_default="", nullable=False))
    op.create_index(
        "belonging_now",
        "belonging",
        ["generation", "state", "union", "membership", "channel", "origin"],
        unique=False,
        sqlite_where=sa.text("until = '9999-12-31' AND known_to = '9999-12-31T00:00:00.000000Z'"),
        postgresql_where=sa.text(
            "until = '9999-12-31' AND known_to = '9999-12-31T00:00:00.000000Z'"
        ),
    )
    op.create_index(
        "belonging_origin",
        "belonging",
        ["generation", "origin", "union", "membership"],
        unique=False,
        sqlite_where=sa.text("until = '9999-12-31' AND known_to = '9999-12-31T00:00:00.000000Z'"),
        postgresql_where=sa.text(
            "until = '9999-12-31' AND known_to = '9999-12-31T00:00:00.000000Z'"
        ),
    )
    op.create_index("reading_at", "reading", ["at", "id", "person"], unique=False)
    op.create_index(
        "record_paying",
        "record",
        ["origin", "position"],
        unique=False,
        sqlite_where=sa.text(
            "kind IN ('PaymentMade', 'PastAidRecorded', 'SheetPaid', 'CostRecorded')"
        ),
        postgresql_where=sa.text(
            "kind IN ('PaymentMade', 'PastAidRecorded', 'SheetPaid', 'CostRecorded')"
        ),
    )
    op.drop_index(op.f("station_span_location"), table_name="station_span")
    op.create_index(
        "station_span_location",
        "station_span",
        ["generation", "location", "name", "station"],
        unique=False,
    )
    op.drop_index(op.f("token_person"), table_name="token")
    op.create_index("token_person", "token", ["person", "kind", "token"], unique=False)
    op.add_column("transfer", sa.Column("voucher_until", sa.Text(), nullable=True))
    op.add_column("transfer", sa.Column("shown_on", sa.Text(), nullable=True))
