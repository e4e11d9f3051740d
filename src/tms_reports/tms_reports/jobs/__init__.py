"""Reports that are computed in the background."""
