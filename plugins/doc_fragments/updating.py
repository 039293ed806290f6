# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of the modules that install update packages: where they are, how they are verified, restarts."""

from __future__ import annotations


class ModuleDocFragment:
    """Source, checksums, restarts."""

    DOCUMENTATION = r"""
options:
  source:
    description:
      - Where the packages are. Needed as soon as one is to be installed.
      - A folder on the controller, such as V(/srv/packages), works with every host and every connection. The file is
        sent over the connection of Ansible itself.
      - A C(http://) or C(https://) URL of a folder, which the host fetches from by itself. XP and Server 2003 reach no
        https that is of use today, so they are refused that; http is fine, since the checksum comes from the
        controller. No user name, no password and no query may be in it.
      - A folder on a local disk of the host, such as V(C:\\packages).
      - A UNC path, such as V(\\\\server\\share\\packages). A WinRM logon has no second hop, so the host opens it with
        your account only over CredSSP; else it does so as C(SYSTEM), which works where the host is in a domain and its
        computer account may read the share. Where neither holds it is refused. There is no C(net use), and so no
        password for a share.
      - Files keep the names that Microsoft gave them. The SHA-1 at the end of a name may be left out.
    type: str
  checksums:
    description:
      - SHA-256 of packages, file name to 64 hexadecimal digits. Case does not matter.
      - No package runs unverified. What is needed here are the files whose SHA-256 the tables of this collection do
        not know; the catalogue (P(mailfleet.client.update_catalogue#filter)) says which those are. One that the tables
        know cannot be overridden.
      - Take them from a source that you trust, and not from the share that the file itself comes from.
    type: dict
  checksum_file:
    description:
      - The same as a file on the controller, in the form that C(sha256sum *) prints.
      - A file that stands in both with different checksums is refused.
    type: path
  backup:
    description:
      - Whether packages for XP and Server 2003 keep what they replace, without which they cannot be removed again.
      - V(false) runs them with C(/nobackup), which saves some megabytes on the disk of the host. Later Windows keeps
        it in any case.
    type: bool
    default: true
  install_timeout:
    description:
      - Seconds that one package may take to install, or to be removed. After that the run ends with a failure, and the
        installer goes on, since it runs apart from the connection. The next run finds it running, or ended.
    type: int
    default: 3600
  reboot:
    description:
      - Whether the host is restarted where that is needed, and waited for. Whoever works there loses what is not saved.
      - All packages come first and one restart at the end, unless a package needs another one in force before it.
      - With V(false), RV(reboot_required) says what is left to do, and packages that need a restart before them are
        left for the next run.
    type: bool
    default: false
  reboot_timeout:
    description: Seconds after which a host that was restarted and does not answer again has failed.
    type: int
    default: 900
"""
