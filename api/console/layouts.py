"""How forms are laid out (表单的编排): their headings, in the order of the paper form.

A form that is not named here shows what has to be said first.
"""

from collections.abc import Mapping

from api.console.forms import Layout

_SCHEME: Layout = {
    "办法": ("version", "title", "paper", "place", "since", "transition"),
    "各类帮扶的规定": ("rules",),
}
_KIND: Layout = {
    "项目与对象": ("kind", "categories", "members_only", "once_per_need"),
    "程序": ("steps", "later", "notice_days", "notice_in"),
    "限额": ("caps",),
    "审批": ("levels", "minutes_above", "emergency", "review_days"),
    "发放": ("modes", "receipt_days", "funds"),
}

LAYOUTS: Mapping[str, Layout] = {
    "persons/register": {
        "证件": ("name", "document", "number", "number_owed", "number_due"),
        "情况": ("sex", "birth", "ethnic", "former_name", "phone"),
        "住址": ("division", "residence", "address"),
        "核对": ("card_seen", "second"),
    },
    "membership/apply": {
        "申请": ("person", "union", "channel", "confirmed", "of_age"),
        "工作": ("employer", "trade"),
        "受理": ("station", "campaign", "collector", "remark"),
    },
    "questions/raise_question": {
        "疑点": ("kind", "cites", "text", "rule"),
        "期限": ("answer_days", "ruling_days"),
        "由谁答复、裁定": ("asked", "judge", "person", "sample"),
    },
    "schemes/adopt": _SCHEME,
    "schemes/adopt.rules": _KIND,
    "schemes/amend": _SCHEME,
    "schemes/amend.rules": _KIND,
    "hardship/open": {
        "家庭": ("household", "person"),
        "困难情况": ("category", "main", "others", "remark"),
        "认定": ("basis", "number", "valid_until"),
    },
    "hardship/review": {
        "困难情况": ("category", "main", "others", "remark"),
        "认定": ("basis", "valid_until"),
    },
    "aid/apply": {
        "申请人": ("person", "beneficiary"),
        "申请事项": ("scheme", "kind", "need", "amount_fen", "reason"),
        "办理": ("emergency",),
    },
    "aid/name_payee": {
        "收款对象": ("kind", "payee", "paper"),
        "账户": ("holder", "bank", "account"),
    },
    "aid/record_past": {
        "受助": ("person", "beneficiary", "kind", "need"),
        "发放": ("amount_fen", "fund", "mode", "voucher", "signed"),
        "当时办理": ("handler", "approver", "remark"),
    },
    "aid_lists/draw_up": {
        "名单": ("title", "scheme", "kind"),
        "发放": ("each_fen", "mode"),
    },
}
