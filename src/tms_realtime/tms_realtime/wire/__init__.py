"""Bytes on sockets: WebSocket and Server-Sent Events."""
