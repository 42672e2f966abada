"""Write the document of the plugins that are loaded by default: see `make openapi`."""

import json
import sys

from core import __version__
from core.openapi.document import document
from core.plugin import load
from core.responses import dump
from core.settings import Settings

written = json.loads(dump(document(load(Settings.plugins), __version__)))
json.dump(written, sys.stdout, indent=2, sort_keys=True, ensure_ascii=False)
sys.stdout.write("\n")
