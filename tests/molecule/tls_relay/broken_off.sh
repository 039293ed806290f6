#!/usr/bin/env bash
# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# As a run leaves a machine that ended between writing the files of the relay submission and restarting it; and as
# somebody leaves it who stopped the relay sending.
systemctl disable --quiet --now mailfleet-relay@sending
mkdir -p /run/mailfleet-relay-restart/submission
for relay in submission mailbox; do
  systemctl show --property=MainPID --value "mailfleet-relay@$relay"
done | xargs >/run/pids
