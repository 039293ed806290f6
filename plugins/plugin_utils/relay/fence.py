# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The units that keep a fence of :mod:`nftables` up, whoever else loads rules.

``nftables.service`` empties all tables when it is started, stopped or reloaded. Where it is started or reloaded, our
file is loaded again in the same job; where it is stopped, what stands behind the fence is stopped, too.
https://www.freedesktop.org/software/systemd/man/latest/systemd.unit.html (PartOf=, drop-ins)
"""

from __future__ import annotations

import typing as t

_UNIT: t.Final = """\
[Unit]
Description={description}
After=nftables.service
PartOf=nftables.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/sbin/nft -f {rules}
ExecReload=/usr/sbin/nft -f {rules}

[Install]
WantedBy=multi-user.target
"""

#: The rules of others must come up even where ours do not: hence the "-".
_DROP_IN: t.Final = """\
[Service]
ExecStartPost=-/usr/sbin/nft -f {rules}
ExecReload=-/usr/sbin/nft -f {rules}
"""
#: Where drop-ins for that service lie.
FOLDER: t.Final = "/etc/systemd/system/nftables.service.d"


def unit(description: str, rules: str) -> str:
    """The unit that loads the file of rules."""
    return _UNIT.format(description=description, rules=rules)


def drop_in(rules: str) -> str:
    """What nftables.service is to do besides: load that file, too."""
    return _DROP_IN.format(rules=rules)
