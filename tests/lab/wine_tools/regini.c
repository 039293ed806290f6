/* Copyright (c) 2026, the mailfleet.client developers
 * GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Does nothing and succeeds: access lists mean nothing in Wine, and Wine's own regini knows none. The lab counts the
 * call as a write before it comes here.
 */
int main(void)
{
    return 0;
}
