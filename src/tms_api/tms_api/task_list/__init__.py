"""The task list: its query, its cache, and the pages in between."""
