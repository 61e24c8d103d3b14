"""The workers' phone pages (职工手机页): one question a page, without an account where none is needed."""

from api.phone import asks, check, door, join, mine, vouchers

ROUTERS = tuple(each.router for each in (door, join, asks, mine, vouchers, check))
