"""The warm parent itself: where it listens, and that a long data folder does not keep it from it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PROBE = "from deployments.warm.children import warm_up; warm_up(); print('warm')"


def test_the_warm_parent_starts_although_the_folder_for_temporary_files_has_a_long_path(
    tmp_path: Path,
) -> None:
    folder = tmp_path / ("data-folder-of-somebody-who-likes-long-names-" * 3)
    folder.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", PROBE],
        env={**os.environ, "TMPDIR": str(folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.stdout == "warm\n", done.stderr
