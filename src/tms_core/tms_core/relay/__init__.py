"""The relay: assigns positions to committed events and delivers them to each sink in order."""
