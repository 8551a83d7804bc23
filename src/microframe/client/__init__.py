"""Client: asking other servers for what they have, at addresses that nobody here has chosen."""

from microframe.client.safe import AnswerTooLarge, ClientError, RefusedURL, SafeHTTPClient, TookTooLong

__all__ = ["AnswerTooLarge", "ClientError", "RefusedURL", "SafeHTTPClient", "TookTooLong"]
