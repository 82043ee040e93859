# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""python -m emulated_aws FOLDER"""

import sys
from pathlib import Path

from emulated_aws.server import serve

serve(Path(sys.argv[1]))
