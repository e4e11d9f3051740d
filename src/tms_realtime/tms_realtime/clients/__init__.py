"""Who listens: which events they get, what they may say, and how long they are put up with. Knows no sockets."""
