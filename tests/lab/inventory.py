# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory of a lab: group ``windows``, each host with all that Ansible needs to reach it."""

from __future__ import annotations

import typing as t
from pathlib import Path

import yaml

from . import ssh

if t.TYPE_CHECKING:
    from .fleet import Lab, LabHost


def variables(host: LabHost, lab: Lab) -> dict[str, t.Any]:
    """What the inventory says of one host."""
    result: dict[str, t.Any] = {"ansible_host": host.address, "ansible_connection": host.entry.connection}
    if host.entry.connection == "ssh":
        result |= {
            "ansible_port": host.ssh_port or ssh.PORT,
            "ansible_user": ssh.login(),
            "ansible_ssh_private_key_file": str(lab.ssh_key),
            "ansible_ssh_common_args": "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR",
            "ansible_shell_type": "cmd",
        }
    else:
        mechanism, _unused, secure = host.entry.auth.partition("-")
        result |= {
            "ansible_port": host.port,
            "ansible_password": lab.account.password,
            "ansible_winrm_scheme": "https" if secure else "http",
            "ansible_winrm_transport": mechanism,
            "ansible_winrm_server_cert_validation": "ignore",
        }
        if mechanism == "basic" and not secure:
            result["ansible_winrs_allow_basic_over_http"] = True
    return result | dict(host.entry.vars)


def write(path: Path, lab: Lab) -> None:
    """Writes the inventory for that lab, readable by its owner only: it holds the password."""
    hosts = {name: variables(host, lab) for name, host in lab.hosts.items()}
    common = {
        "ansible_user": lab.account.user,
        "mailfleet_lab_control": lab.control.url if lab.control else "",
    }
    text = yaml.dump(
        {"windows": {"hosts": hosts, "vars": common}},
        Dumper=getattr(yaml, "CSafeDumper", yaml.SafeDumper),
        sort_keys=False,
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(text, "utf-8")
