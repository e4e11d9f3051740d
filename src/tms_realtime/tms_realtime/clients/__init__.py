"""Connected clients: filtering and fan-out of events, commands, replay, presence and limits, independent of sockets."""
