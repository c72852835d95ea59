"""``python -m portable_tpl``."""

from __future__ import annotations

from portable_tpl.cli import main

if __name__ == "__main__":
    main()
