# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run stunnel for a moment with the new configuration of each relay, all at the same time. Runs on the relay's machine.

Standard input: JSON with ``group``, ``seconds``, ``properties`` (of the units), ``program``, ``relays`` (``name`` and
``folder``, where its files will be), ``configurations`` (name -> text) and ``secrets`` (``relay``, ``path``, ``text``).
Standard output: JSON with ``refused``, a sentence for each relay that would not start. Keys come by standard input,
since arguments can be seen by everybody.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile

#: What ``timeout`` ends with where it had to end the program: there was no error in the configuration.
IN_TIME = 124


def files_of(relay, wanted):
    """Name -> text."""
    found = {os.path.basename(one["path"]): one["text"] for one in wanted["secrets"] if one["relay"] == relay["name"]}
    found["stunnel.conf"] = wanted["configurations"][relay["name"]]
    return found


def put(folder, group, files):
    """The files of one trial, readable for the group."""
    os.mkdir(folder)
    for name, text in files.items():
        path = os.path.join(folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, 0o640)
        shutil.chown(path, "root", group)
    os.chmod(folder, 0o750)
    shutil.chown(folder, "root", group)


def start(staging, relay, wanted):
    """A stunnel in a unit of its own that ends by itself."""
    command = ["systemd-run", "--wait", "--pipe", "--collect", "--quiet"]
    command += ["--property=" + one for one in wanted["properties"]]
    command += ["--property=BindReadOnlyPaths={}/{}:{}".format(staging, relay["name"], relay["folder"])]
    command += ["timeout", str(wanted["seconds"]), wanted["program"], relay["folder"] + "/stunnel.conf"]
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def reason(output):
    """The lines that tell of errors; all of them where none does."""
    lines = output.decode("utf-8", "replace").splitlines()
    marks = ("[!]", "LOG0", "LOG1", "LOG2", "LOG3", "LOG4", "rror", "ailed")
    return " | ".join([line for line in lines if any(mark in line for mark in marks)] or lines)


def main(wanted):
    """The sentences."""
    os.umask(0o077)
    staging = tempfile.mkdtemp(prefix="mailfleet-relay-trial-", dir="/run")
    try:
        for relay in wanted["relays"]:
            put(os.path.join(staging, relay["name"]), wanted["group"], files_of(relay, wanted))
        # systemd itself makes the way there, so nobody else has to be let in.
        running = [(one, start(staging, one, wanted)) for one in wanted["relays"]]
        refused = []
        for relay, process in running:
            output = process.communicate()[0]
            if process.returncode != IN_TIME:
                refused.append(
                    "relay {}: stunnel does not take its new configuration, so nothing was changed and what ran goes on"
                    " running. It says: {}".format(relay["name"], reason(output))
                )
        return {"refused": refused}
    finally:
        shutil.rmtree(staging)


if __name__ == "__main__":
    json.dump(main(json.load(sys.stdin)), sys.stdout)
