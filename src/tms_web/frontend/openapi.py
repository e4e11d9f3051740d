"""Prints the description of the API of all packages of this repository; needs no database."""

import json
import sys
from pathlib import Path

from tms_core.app import configure, read_ini

config = configure(read_ini(str(Path(__file__).resolve().parents[3] / "development.ini")), web=True)
config.make_wsgi_app()
json.dump(config.registry.description.document, sys.stdout)
