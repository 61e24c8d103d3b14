"""What the command line calls things, beside the words of replay (命令行用语)."""

_CLOSED = {
    "closed": "未打开",
    "restricted": "由其他工会保管，未提供",
    "stopped": "已限制处理，仅存储",
    "shredded": "已删除，密钥已销毁",
}


def closed_because(why: str) -> str:
    """Why a text is not shown."""
    return _CLOSED.get(why, why)
