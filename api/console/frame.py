"""The frame (框架): the menu's groups and their pages, in one place."""

from typing import NamedTuple


class Link(NamedTuple):
    """One page of the menu; `pages` are the templates that belong under it."""

    href: str
    name: str
    pages: tuple[str, ...] = ()


MENU: tuple[tuple[str, tuple[Link, ...]], ...] = (
    ("我的工作", (
        Link("/workbench", "工作台", ("workbench",)),
    )),
    ("会员", (
        Link("/workers", "会员名册", ("workers", "worker")),
        Link("/enrolments", "入会审核", ("enrolments", "enrolment")),
        Link("/imports", "批量导入", ("imports", "import")),
        Link("/transfers", "会籍接转", ("transfers", "transfer", "vouchers", "voucher")),
        Link("/posters", "入会海报", ("posters", "poster")),
        Link("/duplicates", "查重与关联", ("duplicates",)),
        Link("/corrections", "更正", ("corrections",)),
    )),
    ("帮扶", (
        Link("/schemes", "帮扶办法", ("schemes", "scheme")),
        Link("/hardship-files", "困难档案", ("hardship_files", "hardship_file", "hardship_sheet", "hardship_new")),
        Link("/grants", "申请与审批", ("grants", "grant", "grants_many")),
        Link("/aid-lists", "发放与签领", ("aid_lists", "aid_list", "aid_sheet")),
        Link("/notices", "公示", ("notices", "notice")),
        Link("/funds", "帮扶资金", ("funds", "fund")),
    )),
    ("维权与服务", (
        Link("/help-requests", "职工诉求", ("help_requests", "help_request")),
        Link("/cases", "维权案件", ("cases", "case", "settlement", "letter")),
        Link("/services", "普惠服务", ("services", "trip")),
        Link("/stations", "服务站点", ("stations", "station")),
    )),
    ("监督", (
        Link("/audit", "经审工作台", ("audit", "sample")),
        Link("/questions", "疑点与争议", ("questions", "question", "question_new")),
    )),
    ("组织与系统", (
        Link("/unions", "工会组织", ("unions", "union")),
        Link("/officers", "岗位人员", ("officers",)),
        Link("/partnerships", "合作协议", ("partnerships", "partnership", "node_card")),
        Link("/consents", "授权与共享", ("consents", "rests", "rest", "retention_terms", "glasses", "glass", "glass_new")),
        Link("/system", "系统", ("system", "operation")),
        Link("/rules", "规则", ("rules", "rule")),
    )),
)  # fmt: skip
