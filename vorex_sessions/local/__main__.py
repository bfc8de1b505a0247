"""`python -m vorex_sessions.local run`, `… flask COMMAND`."""

import sys

from vorex_sessions.local.run import main

sys.exit(main(sys.argv[1:]))
