# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names that the file of a package may have: harmless on a command line, and never a device or a file of our own."""

from __future__ import annotations

import re
import typing as t

#: Devices, which Windows finds in every folder; names count up to the first dot.
#: https://learn.microsoft.com/windows/win32/fileio/naming-a-file
DEVICE: t.Final = r"(?:con|nul|prn|aux|com[0-9]|lpt[0-9])"
#: At most 200 characters.
FILE_NAME: t.Final = re.compile(
    rf"(?!{DEVICE}\.)(?=.{{1,200}}\Z)"
    r"[a-z0-9][a-z0-9_-]*(?:\.[a-z0-9_-]+)*\.(?:exe|msu|cab)",
    re.IGNORECASE | re.ASCII,
)
