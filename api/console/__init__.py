"""Pages: one function and one template a page."""

from api.console import (
    acts,
    aid_lists,
    audit,
    cases,
    consents,
    corrections,
    dossiers,
    duplicates,
    enrolments,
    forgetting,
    funds,
    glasses,
    grants,
    hardship,
    help_requests,
    home,
    imports,
    notices,
    officers,
    operations,
    papers,
    partnerships,
    posters,
    questions,
    rules,
    schemes,
    services,
    stations,
    system,
    transfers,
    unions,
    vouchers,
    workbench,
    worker,
    workers,
)

ROUTERS = tuple(
    each.router
    for each in (
        home, workbench, acts, posters, help_requests, imports, operations, system, workers, worker,
        enrolments, duplicates, corrections, transfers, vouchers, schemes, hardship, grants,
        aid_lists, notices, funds, cases, services, stations, questions, audit, unions, officers,
        partnerships, consents, forgetting, glasses, dossiers, papers, rules,
    )
)  # fmt: skip
