# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""python -m operations COMMAND"""

import sys

from operations.cli import main

sys.exit(main())
