#!/usr/bin/env bash
# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Kill the relay mailbox, and wait until its successor listens: five seconds at most.
pid() { systemctl show --property=MainPID --value mailfleet-relay@mailbox; }
old=$(pid)
kill -9 "$old"
for ((turn = 0; turn < 50; turn++)); do
  new=$(pid)
  [ "$new" != 0 ] && [ "$new" != "$old" ] && ss -Hltn sport = :993 | grep -q . && exit 0
  sleep 0.1
done
echo "no successor"
exit 1
