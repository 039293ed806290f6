#!/usr/bin/env bash
# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Print what is wrong with a machine that has the relays submission, sending and mailbox, which have been used.
set -u
export LC_ALL=C
for relay in submission sending mailbox; do
  nft list counter inet mailfleet_relay "refused-$relay" | grep -q 'packets [1-9]' || echo "$relay: not counted"
  systemd-analyze security --no-pager --threshold=25 "mailfleet-relay@$relay" >/tmp/exposure 2>&1 \
    || echo "$relay: $(tail -n 1 /tmp/exposure)"
  user=$(stat --format=%u "/proc/$(systemctl show --property=MainPID --value "mailfleet-relay@$relay")")
  echo "$user" >>/tmp/users
  systemctl is-enabled --quiet "mailfleet-relay@$relay" || echo "$relay: does not start with the machine"
done
systemctl is-enabled --quiet mailfleet-relay-filter || echo "the fence does not start with the machine"
for verb in start reload; do
  systemctl "$verb" nftables
  nft list chain inet mailfleet_relay relay-mailbox >/dev/null || echo "$verb of nftables.service: the fence is gone"
done
[ "$(sort -u /tmp/users | grep -vcx 0)" = 3 ] || echo "users: $(cat /tmp/users)"
find /etc/mailfleet-relay -perm /o=rwx
# What passed, in no journal: a login by base64 and as it is, addresses, the message; a key.
journalctl --unit='mailfleet-relay@*' --output=cat | grep -E 'AHVzZXJA|password|a@example|Subject: |end$'
journalctl --output=cat | grep 'BEGIN .*PRIVATE [K]EY'
rm /tmp/users /tmp/exposure
exit 0
