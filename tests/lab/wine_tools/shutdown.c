/* Copyright (c) 2026, the mailfleet.client developers
 * GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * shutdown for the lab's Wine hosts: leaves word for the lab, which ends and starts the wineserver. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

static const char *const LEFT = "C:\\windows\\lab-shutdown";

int main(int argc, char **argv)
{
    int restart = 0, seconds = -1;
    for (int at = 1; at < argc; at++)
        if (argv[at][0] == '-') /* as XP takes it, too */
            argv[at][0] = '/';
    if (argc == 2 && _stricmp(argv[1], "/a") == 0)
        return DeleteFileA(LEFT) ? 0 : 1116;
    for (int at = 1; at < argc; at++) {
        if (_stricmp(argv[at], "/r") == 0)
            restart = 1;
        else if (_stricmp(argv[at], "/t") == 0 && at + 1 < argc)
            seconds = atoi(argv[++at]);
        else if (_stricmp(argv[at], "/f") != 0)
            restart = -10;
    }
    if (restart != 1 || seconds < 0) {
        fprintf(stderr, "lab: refused: a form of shutdown that the lab does not know\r\n");
        return 1;
    }
    FILE *file = fopen(LEFT, "rb");
    if (file != NULL) {
        fclose(file);
        return 1190;
    }
    file = fopen(LEFT, "wb");
    if (file == NULL)
        return 5;
    fprintf(file, "%d", seconds);
    fclose(file);
    return 0;
}
