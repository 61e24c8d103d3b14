"""Listening for partners (接听): the server of the exchange, on an address of its own.

It runs beside the pages in the same process, in a thread of its own, so that neither waits for the
other. Partners who are admitted while it runs are believed from then on; one who is known no more
still gets as far as the application, and no further.
"""

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable, Sequence
from threading import Event, Thread
from typing import Any, cast

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from ledger.exchange.nodes import Directory, OwnNode
from ledger.exchange.tls import admit, for_server

log = logging.getLogger("liangdi.exchange")

MOST_CONNECTIONS = 64
STARTS_WITHIN = 20.0
GRACE = 2.0
"""How many seconds the answers at hand may still take when we stop."""


class Listening:
    """Serves the exchange of one ledger until it is stopped."""

    def __init__(
        self, app: Any, protocol: Any, directory: Directory, own: OwnNode, host: str, port: int,
    ) -> None:  # fmt: skip
        """`app` and `protocol` are the door's own: it is made elsewhere. `port` 0 takes a free one."""
        self._directory = directory
        self._admitted = directory.certificates()
        self._own, self._shown = own, own.shown()
        self._context = for_server(self._shown, self._admitted)
        self._up = Event()
        config = uvicorn.Config(
            app, http=protocol, ws="none", lifespan="off", log_level="warning",
            server_header=False, access_log=False, proxy_headers=False, timeout_keep_alive=75,
            limit_concurrency=MOST_CONNECTIONS,
            ssl_context_factory=self._made, ssl_certfile=str(self._shown.certificate),
        )  # fmt: skip
        self._server = _Server(config, self._up.set)
        self._thread: Thread | None = None
        self._failure: BaseException | None = None
        self._socket = socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=64
        )

    @property
    def port(self) -> int:
        return int(self._socket.getsockname()[1])

    def start(self) -> None:
        self._thread = Thread(target=self._run, name="listening", daemon=True)
        self._thread.start()
        if not self._up.wait(STARTS_WITHIN) or self._failure is not None:
            raise RuntimeError("the exchange could not be served") from self._failure

    def stop(self) -> None:
        """Ends after the answers at hand. Raises what ended it before, if anything did."""
        self._server.should_exit = True
        if self._thread is not None:
            self._thread.join()
        self._socket.close()
        if self._failure is not None:
            raise self._failure

    def look_again(self) -> None:
        """Believes the partners who have been admitted since, and shows our newest word on ourselves."""
        shown = self._own.shown()
        if shown != self._shown:
            self._context.load_cert_chain(shown.certificate, shown.key)
            self._shown = shown
        now = self._directory.certificates()
        new = [each for each in now if each not in self._admitted]
        admit(self._context, new)
        self._admitted += new

    def _made(self, _: uvicorn.Config, __: Callable[[], ssl.SSLContext]) -> ssl.SSLContext:
        return self._context

    def _run(self) -> None:
        try:
            self._server.run(sockets=[self._socket])
        except BaseException as fault:
            log.exception("the exchange is no longer served")
            self._failure = fault
        finally:
            self._up.set()


class _Server(uvicorn.Server):
    """A server that says when it is up."""

    def __init__(self, config: uvicorn.Config, up: Callable[[], None]) -> None:
        super().__init__(config)
        self._up = up

    async def startup(self, sockets: Sequence[socket.socket] | None = None) -> None:
        await super().startup(sockets=list(sockets) if sockets else None)
        self._up()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Lets the answers at hand end; a partner that only keeps its line open is not waited for."""
        self._hang_up(only_idle=True)
        later = asyncio.get_running_loop().call_later(GRACE, self._hang_up)
        await super().shutdown(sockets)
        later.cancel()

    def _hang_up(self, *, only_idle: bool = False) -> None:
        for each in list(cast("set[HttpToolsProtocol]", self.server_state.connections)):
            cycle = cast("RequestResponseCycle | None", each.cycle)
            busy = cycle is not None and not cycle.response_complete
            if not (only_idle and busy):
                each.transport.abort()
