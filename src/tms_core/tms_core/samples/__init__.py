"""Files to begin with, which `tms init` writes: copies of those in the repository's root, and systemd units."""
