# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The forced command of the lab's sshd: hands what the client asked for to the running lab, prints what came of it.

Windows' own sshd starts ``cmd.exe /c`` with the text that the client sent; the lab runs it as that.
"""

from __future__ import annotations

import base64
import http.client
import json
import os
import sys
import urllib.parse


def main(control: str, host: str) -> int:
    """The exit code of the line in SSH_ORIGINAL_COMMAND; 255 where there is none, or no lab."""
    line = os.environ.get("SSH_ORIGINAL_COMMAND")
    if not line:
        print("lab: refused: a shell without a command", file=sys.stderr)
        return 255
    url = urllib.parse.urlsplit(control)
    connection = http.client.HTTPConnection(url.netloc, timeout=600)
    connection.request("POST", f"{url.path}/run/{urllib.parse.quote(host)}", line.encode("utf-8", "surrogateescape"))
    response = connection.getresponse()
    if response.status != 200:
        print(f"lab: failed: {response.status}", file=sys.stderr)
        return 255
    answer = json.load(response)
    sys.stdout.buffer.write(base64.b64decode(answer["out"]))
    sys.stderr.buffer.write(base64.b64decode(answer["err"]))
    return int(answer["code"])


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
