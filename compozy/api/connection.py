"""One HTTP request on its connection, with a cure for connections that would stay open for ever; and no websockets.

When the last part of an answer has been sent, hypercorn tells the application that the client is gone, and goes on in
the same call to arm the idle timer of the connection. quart-trio takes that message for a client that left and cancels
the handler, which is still in that call: the timer is never armed, an idle connection is never closed, and every open
one delays a shutdown by the whole grace. Shielding that one call lets the timer be armed.
"""

from typing import Final

import trio
from hypercorn.typing import ASGIReceiveCallable, ASGISendCallable, ASGISendEvent, WebsocketCloseEvent
from quart.typing import ResponseTypes
from quart_trio.asgi import TrioASGIHTTPConnection, TrioASGIWebsocketConnection
from typing_extensions import override

_LAST_PART_S: Final = 5.0  # the last part is a few bytes; a client that does not take them by then has gone


class Connection(TrioASGIHTTPConnection):
    """The ASGI side of one request."""

    @override
    async def _send_response(self, send: ASGISendCallable, response: ResponseTypes) -> None:
        async def shielded_at_the_end(message: ASGISendEvent) -> None:
            if message["type"] == "http.response.body" and not message.get("more_body", False):
                with trio.move_on_after(_LAST_PART_S, shield=True):
                    await send(message)
            else:
                await send(message)

        await super()._send_response(shielded_at_the_end, response)


class RefusedWebsocket(TrioASGIWebsocketConnection):
    """The ASGI side of somebody who asks for a websocket: no route is one, and any page may ask a server on loopback.

    The framework would look for a route, and fail over an error handler that is meant for requests.
    """

    @override
    async def __call__(self, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        # Before it is accepted, this is a 403 (ASGI, "WebSocket close").
        await send(WebsocketCloseEvent(type="websocket.close", code=1008, reason=None))
