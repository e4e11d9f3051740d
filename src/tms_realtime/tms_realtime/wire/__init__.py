"""The protocols on sockets: WebSocket and Server-Sent Events."""
