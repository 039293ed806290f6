# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options by which a host is judged, which the modules that audit share."""

from __future__ import annotations


class ModuleDocFragment:
    """Policy, families, waivers."""

    DOCUMENTATION = r"""
options:
  policy:
    description:
      - The policy to judge by.
      - V(compat) wants TLS 1.2 offered, TLS 1.1 too where Windows ships both switched off, and SSL 2.0 and 3.0 not
        offered. It leaves TLS 1.0 as it is.
      - V(standard) wants TLS 1.2 and newer, and TLS 1.0 and 1.1 not offered.
      - V(strict) is V(standard) with modern cipher suites only.
    type: str
    choices: [compat, standard, strict]
    default: compat
  only:
    description: Families of checks that count. All of them where this is empty.
    type: list
    elements: str
    choices: [tls, winhttp, wininet, dotnet, updates, firewall, proxy, accounts, trust, clock, reboot]
    default: []
  skip:
    description: Families of checks that do not count.
    type: list
    elements: str
    choices: [tls, winhttp, wininet, dotnet, updates, firewall, proxy, accounts, trust, clock, reboot]
    default: []
  firewall_profiles:
    description:
      - The profiles of Windows Firewall that count. All of them where this is empty, since a laptop may be in any.
    type: list
    elements: str
    choices: [domain, private, public]
    default: []
  waivers:
    description: Findings that you accept.
    type: list
    elements: dict
    default: []
    suboptions:
      check:
        description: The id of a check, or a pattern such as V(firewall.*).
        type: str
        required: true
      reason:
        description: Why. Shown in the finding.
        type: str
        required: true
      expires:
        description: The last day on which the waiver counts, as C(YYYY-MM-DD). For good where it is left out.
        type: str
      subject:
        description: A pattern for the subject of the finding, for example a user's SID.
        type: str
        default: '*'
  probe_timeout:
    description: Seconds that one step of a probe may take.
    type: int
    default: 10
"""
