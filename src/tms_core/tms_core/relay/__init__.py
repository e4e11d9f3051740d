"""The relay: gives committed events their public positions, and hands them to each sink in order."""
