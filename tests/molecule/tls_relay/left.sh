#!/usr/bin/env bash
# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Print what is wrong after the run that took up what broken_off.sh left, and wanted fewer relays, all of them serving.
read -r old kept </run/pids
[ "$(systemctl show --property=MainPID --value mailfleet-relay@submission)" != "$old" ] || echo not restarted
[ "$(systemctl show --property=MainPID --value mailfleet-relay@mailbox)" = "$kept" ] || echo restarted
systemctl is-active --quiet mailfleet-relay@sending || echo not started
systemctl is-enabled --quiet mailfleet-relay@sending || echo not enabled
ls -d /run/mailfleet-relay-restart /etc/mailfleet-relay/expired /etc/systemd/system/mailfleet-relay@late* \
  /etc/systemd/system/multi-user.target.wants/mailfleet-relay@expired* 2>/dev/null
ss -Hltn sport = :4462
nft list chain inet mailfleet_relay relay-expired 2>/dev/null
exit 0
