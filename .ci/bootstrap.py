"""Build the project's virtual environment from the lock, with nothing but a Python and its pip.

Usage: python3 .ci/bootstrap.py [.venv]
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
import venv
from pathlib import Path

UV = "uv>=0.9,<1"
ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    """Create the environment, install the locked packages byte-compiled, then the project itself."""
    if not (3, 11) <= sys.version_info[:2] < (3, 14):
        found = ".".join(map(str, sys.version_info[:3]))
        print(f"Tutela needs Python 3.11, 3.12 or 3.13; this is {found}. Name another with make PYTHON=python3.12 …")
        return 2
    target = (ROOT / (sys.argv[1] if len(sys.argv) > 1 else ".venv")).resolve()
    started = time.monotonic()
    environment = {k: v for k, v in os.environ.items() if k not in {"PYTHONDONTWRITEBYTECODE", "VIRTUAL_ENV"}}
    python = target / "bin" / "python"
    uv = target / "bin" / "uv"
    if not python.exists():
        venv.create(target, with_pip=True)
    if not uv.exists():
        run([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", UV], environment)
    # The bootstrapping pip and uv stay in the environment: `uv pip sync` would remove them, `install` does not.
    install = [str(uv), "pip", "install", "--python", str(python), "--quiet", "--compile-bytecode"]
    run([*install, "--require-hashes", "-r", "requirements.lock"], environment)
    run([*install, "--no-deps", "--editable", "."], environment)
    (target / ".stamp").write_text(f"{time.monotonic() - started:.1f} s\n", encoding="utf-8")
    print(f"environment ready in {time.monotonic() - started:.0f} s")
    return 0


def run(command: list[str], environment: dict[str, str]) -> None:
    """Run one step from the project's root; its own message is the error message."""
    subprocess.run(command, check=True, cwd=ROOT, env=environment)


if __name__ == "__main__":
    sys.exit(main())
