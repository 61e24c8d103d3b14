"""Settings (设置): the environment, read once into one frozen dataclass.

| variable | default | what |
| --- | --- | --- |
| `LIANGDI_DATA` | `./var` | the ledgers' folder: one folder a province inside |
| `LIANGDI_HOST`, `LIANGDI_PORT` | `127.0.0.1`, `8000` | where `serve` listens |
| `LIANGDI_EXCHANGE_HOST`, `LIANGDI_EXCHANGE_PORT` | `127.0.0.1`, `8443` | where `serve` listens for partners' nodes, once this node has a certificate |
| `LIANGDI_EXCHANGE_MS` | `2000` | how often, in milliseconds, a partner that had no news is asked again |
| `LIANGDI_LATE_DAYS` | `30` | a fact older than this, when it is entered, needs a reason |
| `LIANGDI_ANSWER_DAYS`, `LIANGDI_CASE_DAYS` | `10`, `10` | working days to answer a transfer, and a call for help in a case, within the province |
| `LIANGDI_CALL_BACK_TRIES` | `3` | calls after which a claimant counts as not reached, within the province |
| `LIANGDI_OPINION_DAYS` | `15` | working days to answer an opinion letter (意见书), as the law of the province says |
| `LIANGDI_WITNESSED_HOURS` | `24` | hours that a record may wait for a witness before people are told; with a partner its agreement says |
| `LIANGDI_UNSIGNED_HOURS` | `1` | hours that a record may stand unsigned before people are told |
| `LIANGDI_METRICS_TOKEN` | none | who has it may read `/metrics`; without one only this machine may |
| `LIANGDI_SECURE_COOKIES` | `0` | `1` behind HTTPS |
| `LIANGDI_URL_45` | the SQLite file | the database of province 45, as a SQLAlchemy URL |
| `LIANGDI_SMS_COMMAND` | none | a command that sends one text: `{"phone": …, "text": …}` on its standard input |
| `LIANGDI_SIGNED_45` | `signed` in the province's folder | where its signer keeps what it signed last: on no backup |
| `LIANGDI_SIGNER_COMMAND` | none | a command that keeps the signing keys instead of files |
| `LIANGDI_APP_ROLE` | none | a PostgreSQL role: `migrate` grants it to add records, not to change them |
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


class BadSetting(ValueError):
    """A setting that cannot be used; the message says which, and what to write instead."""


RESTORED = "restored.json"


@dataclass(frozen=True)
class ProvinceSettings:
    """Where one province's ledger is: its code (45), origin, names, database and folder."""

    code: str
    origin: str
    name: str
    short: str
    url: str
    folder: Path
    app_role: str | None = None
    signed: Path | None = None  # where the signer keeps what it signed last
    signer_command: str | None = None

    @property
    def keys(self) -> Path:
        return self.folder / "keys"

    @property
    def policy(self) -> Path:
        """Whose logs this node witnesses, and whose cosignatures it asks for."""
        return self.folder / "policy"

    @property
    def attachments(self) -> Path:
        return self.folder / "attachments"

    @property
    def restored(self) -> Path:
        """The mark of a restored ledger: read-only until every partner was asked what it had seen."""
        return self.folder / RESTORED


@dataclass(frozen=True)
class OwnTerms:
    """What a province has set for itself (自定期限); between two provinces their agreement says."""

    late_after_days: int = 30  # older than this, a fact needs a reason
    answer_days: int = 10  # working days to answer a transfer
    case_days: int = 10  # working days to answer a call for help in a case, an offer of the lead
    call_back_tries: int = 3  # after so many a claimant counts as not reached
    opinion_days: int = 15  # working days to answer an opinion letter (L11 art. 22; C14)
    witnessed_hours: int = 24  # that a record may wait for a witness with whom nothing is agreed
    unsigned_hours: int = 1  # that a record may wait for our own signature


@dataclass(frozen=True)
class Settings:
    """Everything that can be set from outside."""

    data: Path
    host: str
    port: int
    exchange_host: str
    exchange_port: int
    exchange_every: int  # milliseconds
    terms: OwnTerms
    secure_cookies: bool
    sms_command: str
    metrics_token: str
    environment: Mapping[str, str]

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> "Settings":
        """Reads the environment. Raises: BadSetting."""
        env = os.environ if environment is None else environment
        return cls(
            data=Path(env.get("LIANGDI_DATA") or "var"),
            host=env.get("LIANGDI_HOST") or "127.0.0.1",
            port=_number(env, "LIANGDI_PORT", 8000, 0, 65535),
            exchange_host=env.get("LIANGDI_EXCHANGE_HOST") or "127.0.0.1",
            exchange_port=_number(env, "LIANGDI_EXCHANGE_PORT", 8443, 0, 65535),
            exchange_every=_number(env, "LIANGDI_EXCHANGE_MS", 2000, 50, 3_600_000),
            terms=OwnTerms(
                late_after_days=_number(env, "LIANGDI_LATE_DAYS", 30, 0, 36500),
                answer_days=_number(env, "LIANGDI_ANSWER_DAYS", 10, 1, 365),
                case_days=_number(env, "LIANGDI_CASE_DAYS", 10, 1, 365),
                call_back_tries=_number(env, "LIANGDI_CALL_BACK_TRIES", 3, 1, 99),
                opinion_days=_number(env, "LIANGDI_OPINION_DAYS", 15, 1, 365),
                witnessed_hours=_number(env, "LIANGDI_WITNESSED_HOURS", 24, 1, 8760),
                unsigned_hours=_number(env, "LIANGDI_UNSIGNED_HOURS", 1, 1, 8760),
            ),
            secure_cookies=env.get("LIANGDI_SECURE_COOKIES", "0") == "1",
            sms_command=env.get("LIANGDI_SMS_COMMAND") or "",
            metrics_token=env.get("LIANGDI_METRICS_TOKEN") or "",
            environment=dict(env),
        )

    def provinces(self) -> list[ProvinceSettings]:
        """The ledgers in the data folder, in the order of their codes. Raises: BadSetting."""
        found: list[ProvinceSettings] = []
        for path in sorted(self.data.glob("[0-9][0-9]/province.json")):
            try:
                said = json.loads(path.read_text("utf-8"))
                names = (said["code"], said["origin"], said["name"], said["short"])
            except (ValueError, KeyError, TypeError, RecursionError) as fault:
                raise BadSetting(
                    f"{path} does not describe a province; restore it, or make the ledger anew"
                ) from fault
            url = self.environment.get(f"LIANGDI_URL_{names[0]}")
            folder, role = path.parent, self.environment.get("LIANGDI_APP_ROLE") or None
            signed = self.environment.get(f"LIANGDI_SIGNED_{names[0]}") or folder / "signed"
            found.append(
                ProvinceSettings(
                    *names, url or f"sqlite:///{folder / 'ledger.db'}", folder, role, Path(signed),
                    self.environment.get("LIANGDI_SIGNER_COMMAND") or None,
                )
            )  # fmt: skip
        return found

    def found_province(self, code: str, origin: str, name: str, short: str) -> ProvinceSettings:
        """Makes the folder of a new province; what it says is for ever."""
        folder = self.data / code
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps(
            {"code": code, "origin": origin, "name": name, "short": short}, ensure_ascii=False
        )
        (folder / "province.json").write_text(text + "\n", "utf-8")
        return next(each for each in self.provinces() if each.code == code)


def _number(env: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    text = env.get(name)
    if not text:
        return default
    if not text.isdecimal() or not least <= int(text) <= most:
        raise BadSetting(f"{name}={text!r}: write a whole number from {least} to {most}")
    return int(text)
