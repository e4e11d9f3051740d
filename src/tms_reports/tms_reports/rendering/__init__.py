"""Reports as CSV, as a page of HTML, and their charts as SVG."""
