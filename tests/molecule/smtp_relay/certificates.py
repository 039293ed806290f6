# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates for the upstream, into the folder that is named: mail, and three that no relay may accept."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.support.tls_servers import DAY, NOW, Authority

if __name__ == "__main__":
    authority = Authority(Path(sys.argv[1]))
    authority.issue("mail")
    authority.issue("wrong-name", names=("other.example.test",))
    authority.issue("expired", start=NOW - 9 * DAY, end=NOW - DAY)
    authority.issue("self-signed", self_signed=True)
