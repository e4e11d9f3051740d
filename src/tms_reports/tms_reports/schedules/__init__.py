"""Reports that are mailed regularly."""
