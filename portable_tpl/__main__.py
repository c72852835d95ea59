"""``python -m portable_tpl``, which imports nothing from the folder that it is run in."""

from __future__ import annotations

import os
import sys

# ``-m`` puts the working folder first: a stranger's `jinja2.py` in a model's folder is not for us to run.
if not getattr(sys.flags, "safe_path", False) and sys.path and sys.path[0] in ("", os.getcwd()):
    del sys.path[0]

from portable_tpl.cli import main

if __name__ == "__main__":
    main()
