"""ASGI: the protocol edge: messages in, Responses out, for requests, sockets and the lifespan."""
