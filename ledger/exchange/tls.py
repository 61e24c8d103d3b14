"""How two nodes prove to each other who they are (双向证书): TLS 1.3, and pinned certificates only.

No authority is believed: what is trusted is the very certificate that a partner is known by. So its
name does not matter, and nobody else's certificate does.
"""

import ssl
from collections.abc import Sequence
from contextlib import suppress

from ledger.exchange.nodes import Shown


def for_client(own: Shown, partners: Sequence[bytes]) -> ssl.SSLContext:
    """How we ask a partner: it must show one of these certificates, and we show ours."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    return _pinned(context, own, partners)


def for_server(own: Shown, partners: Sequence[bytes]) -> ssl.SSLContext:
    """How we answer: who asks must show one of these certificates."""
    return _pinned(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), own, partners)


def admit(context: ssl.SSLContext, partners: Sequence[bytes]) -> None:
    """Adds certificates to those that are believed, while the context is in use.

    One that OpenSSL cannot read keeps its own partner out, and nobody else's.
    """
    for each in partners:
        with suppress(ssl.SSLError):
            context.load_verify_locations(cadata=each)


def _pinned(context: ssl.SSLContext, own: Shown, partners: Sequence[bytes]) -> ssl.SSLContext:
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(own.certificate, own.key)
    admit(context, partners)
    return context
