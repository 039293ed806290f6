/* Copyright (c) 2026, the mailfleet.client developers
 * GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * chcp.com for the Wine hosts of the lab: without a console Wine's own says "0". Tells the OEM code page, sets nothing.
 */
#include <windows.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    if (argc > 1) {
        fprintf(stderr, "lab: refused: chcp %s\r\n", argv[1]);
        return 1;
    }
    printf("Active code page: %u\n", GetOEMCP());
    return 0;
}
