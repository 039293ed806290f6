#!/usr/bin/env bash
# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Usage: why.sh NAME REASON ...    print each relay whose journal does not have that reason
while [ $# -gt 0 ]; do
  journalctl --unit="mailfleet-relay@$1" --output=cat | grep -q "$2" || echo "$1"
  shift 2
done
