"""Print the document of the default plugins (`make openapi`)."""

import json
import sys

from core import __version__
from core.openapi.document import document
from core.plugin import load
from core.responses import to_json
from core.settings import Settings

written = json.loads(to_json(document(load(Settings.model_fields["plugins"].default), __version__)))
json.dump(written, sys.stdout, indent=2, sort_keys=True, ensure_ascii=False)
sys.stdout.write("\n")
