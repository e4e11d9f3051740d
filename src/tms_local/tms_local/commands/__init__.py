"""The commands `tms up` and `tms demo-data`."""
