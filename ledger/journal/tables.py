"""The journal's tables. `origin` stands first in every key: one writer a journal, no sequence.

A province has a database of its own; there `origin` tells its own journal from the mirrors of
its partners. Records, heads and tiles are only ever added to (the head row alone moves); claims,
keys and tokens may be given back. Every other table is posted from the journal and lives with
the room that posts it.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData()

head = Table(
    "head",
    metadata,
    Column("log", Text, primary_key=True),  # a journal's origin, or a channel's name
    Column("size", BigInteger, nullable=False),
    Column("frontier", LargeBinary, nullable=False),
    Column("at", Text, nullable=False),  # of the newest record: time never goes back
)

PAYING = ("PaymentMade", "PastAidRecorded", "SheetPaid", "CostRecorded")
"""The kinds of record by which money is paid out."""

# In these very words, for a partial index serves no others.
paying = text("kind IN ({})".format(", ".join(f"'{kind}'" for kind in PAYING)))

record = Table(
    "record",
    metadata,
    Column("origin", Text, primary_key=True),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("stream", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("header", LargeBinary, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("leaf", LargeBinary, nullable=False),
    UniqueConstraint("origin", "stream", "version", name="record_stream"),
    # Payments, few among many records: the audit derives them in the order of the journal.
    Index("record_paying", "origin", "position", sqlite_where=paying, postgresql_where=paying),
)

tile = Table(
    "tile",
    metadata,
    Column("log", Text, primary_key=True),
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("hashes", LargeBinary, nullable=False),
    Column("root", LargeBinary, nullable=False),
)

claim = Table(
    "claim",
    metadata,
    Column("origin", Text, primary_key=True),
    Column("rule", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("holder", Text, nullable=False),  # the stream that took it
    Index("claim_holder", "origin", "holder"),
)

command = Table(
    "command",
    metadata,
    Column("origin", Text, primary_key=True),
    Column("account", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("mac", LargeBinary, nullable=False),  # of the request, under a key of the node
    Column("answer", LargeBinary, nullable=False),
)

sealed = Table(
    "sealed",
    metadata,
    Column("origin", Text, primary_key=True),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("subject", Text, primary_key=True),
    Column("grp", Text, primary_key=True),
    Column("box", LargeBinary, nullable=False),
)

person_key = Table(
    "person_key",
    metadata,
    Column("person", Text, primary_key=True),
    Column("wrapped", LargeBinary, nullable=False),
    Column("kek", Integer, nullable=False),
)

# Persons of whom nothing is opened, found or recorded any more: restricted ones, and those who are
# forgotten, for whom no new key is ever made.
at_rest = Table(
    "at_rest",
    metadata,
    Column("person", Text, primary_key=True),
    Column("state", Text, nullable=False),  # restricted · shredded
    Column("at", Text, nullable=False),
    Index("at_rest_state", "state", "at"),
)

token = Table(
    "token",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("token", LargeBinary, primary_key=True),
    Column("person", Text, primary_key=True),
    Column("origin", Text, primary_key=True),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Index("token_person", "person", "kind", "token"),
)

attachment = Table(
    "attachment",
    metadata,
    Column("commitment", Text, primary_key=True),
    Column("subject", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Index("attachment_subject", "subject"),
)

reading = Table(
    "reading",
    metadata,
    Column("id", Text, primary_key=True),
    Column("person", Text, primary_key=True),
    Column("at", Text, nullable=False),
    Column("officer", Text, nullable=False),
    Column("union", Text, nullable=False),
    Column("view", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Index("reading_person", "person", "at"),
    Index("reading_at", "at", "id", "person"),
)

# Of a log that is shared with a partner (ours) or mirrored from one (theirs): which record
# stands where. The leaf covers `header` and the record's bytes.
channel_leaf = Table(
    "channel_leaf",
    metadata,
    Column("log", Text, primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),  # from 1
    Column("origin", Text, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("header", LargeBinary, nullable=False),
    Column("leaf", LargeBinary, nullable=False),
    Column("read_at", BigInteger),  # of a mirrored log: the record of ours that read it
    UniqueConstraint("log", "origin", "position", name="channel_leaf_record"),
)

# What was given to a partner beside the records: to whom, of whom, which groups, on what ground.
# Kept for three years at least (个人信息保护法第五十六条).
sharing = Table(
    "sharing",
    metadata,
    Column("id", Text, primary_key=True),
    Column("person", Text, primary_key=True),
    Column("log", Text, nullable=False),
    Column("first", BigInteger, nullable=False),
    Column("last", BigInteger, nullable=False),
    Column("link", Text, nullable=False),
    Column("basis", Text, nullable=False),
    Column("groups", Text, nullable=False),
    Column("at", Text, nullable=False),
    Index("sharing_person", "person", "at"),
)

# A partner's links of which the openings of earlier records are still to be fetched.
wanted = Table(
    "wanted",
    metadata,
    Column("log", Text, primary_key=True),
    Column("link", Text, primary_key=True),
    Column("person", Text, nullable=False),
)

# A partner's records that could not be applied yet, and those that follow them in their streams.
parked = Table(
    "parked",
    metadata,
    Column("log", Text, primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("stream", Text, nullable=False),
    Column("why", Text, nullable=False),  # empty where it only waits for one before it
)

# When a partner was last heard, how long its channel was then, and what was wrong with it.
contact = Table(
    "contact",
    metadata,
    Column("log", Text, primary_key=True),
    Column("heard", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("fault", Text, nullable=False),
    Column("fault_at", Text, nullable=False),
)

# Who may sign in, and who has: credentials, and no facts. An account goes with its person.
account = Table(
    "account",
    metadata,
    Column("name", Text, primary_key=True),
    Column("person", Text, nullable=False),
    Column("password", Text, nullable=False),  # argon2; empty: no password sign-in
    Column("shown", Text, nullable=False),  # 岗位名称, shown beside the name; no personal data
    Column("failures", Integer, nullable=False),
    Column("locked_until", Text, nullable=False),
    Column("closed", Text, nullable=False),
)

session = Table(
    "session",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("kind", Text, nullable=False),  # session · token
    Column("account", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("made", Text, nullable=False),
    Column("until", Text, nullable=False),
    Index("session_account", "account"),
)

# What somebody set aside for herself on a page: the words of its address, never a name in them.
saved_filter = Table(
    "saved_filter",
    metadata,
    Column("account", Text, primary_key=True),
    Column("page", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("words", Text, nullable=False),
)

# Who is at work on what, so that two do not do the same; it ends by itself, and is no fact.
taken_up = Table(
    "taken_up",
    metadata,
    Column("thing", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Column("shown", Text, nullable=False),
    Column("until", Text, nullable=False),
)

# Checkpoints that were signed: by our log, or by a partner's for which we are a witness. `note` is
# the text with the log's own signatures; cosignatures are kept beside it, one line each.
checkpoint = Table(
    "checkpoint",
    metadata,
    Column("log", Text, primary_key=True),
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("note", LargeBinary, nullable=False),
    Column("at", Text, nullable=False),
)

cosignature = Table(
    "cosignature",
    metadata,
    Column("log", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("time", BigInteger, nullable=False),  # seconds since 1970, as it was signed
    Column("line", Text, nullable=False),
)

# Where each log ended when we last put our name to it: as its signer, or as its witness.
vouched = Table(
    "vouched",
    metadata,
    Column("log", Text, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("root", LargeBinary, nullable=False),
)

# What a log has shown that goes against what it showed before, as it came, once: for whoever is to
# judge. Of one size and two roots it is the log's own hand against it. The bytes are never changed and
# never deleted; beside them stands how often they were shown, for what was settled and is shown again.
contradiction = Table(
    "contradiction",
    metadata,
    Column("log", Text, primary_key=True),
    Column("digest", Text, primary_key=True),  # of what was shown
    Column("kind", Text, nullable=False),
    Column("size", BigInteger, nullable=False),  # what we had seen of it then
    Column("shown", LargeBinary, nullable=False),
    Column("at", Text, nullable=False),
    Column("times", BigInteger, nullable=False),
    Column("last", Text, nullable=False),
)

# What is wrong now, as it was met at work; it goes when it has passed.
trouble = Table(
    "trouble",
    metadata,
    Column("about", Text, primary_key=True),  # a channel, a witness's name, or our own journal
    Column("kind", Text, primary_key=True),
    Column("since", Text, nullable=False),
    Column("facts", Text, nullable=False),  # JSON
    Column("times", BigInteger, nullable=False),  # how often it was met
)

# What a plain `Application` of the eventsourcing library needs beside a journal.
stored_event = Table(
    "stored_event",
    metadata,
    Column("origin", Text, primary_key=True),
    Column("purpose", Text, primary_key=True),
    Column("stream", Text, primary_key=True),
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    Column("topic", Text, nullable=False),
    Column("state", LargeBinary, nullable=False),
)

tracking = Table(
    "tracking",
    metadata,
    Column("origin", Text, primary_key=True),
    Column("application", Text, primary_key=True),
    Column("position", BigInteger, nullable=False),
)
