/* Copyright (c) 2026, the mailfleet.client developers
 * GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * labbatch FILE: what echo has written of a batch file, in words that Wine's cmd understands, of the same length.
 *
 * - {LAB-PERCENT} becomes "%". Wine's cmd fills in variables once more when it runs a command, after it has taken the
 *   carets away, so that no spelling of a typed line keeps it from filling in ^%errorlevel^%.
 * - A line "(COMMAND)>FILE" becomes ">FILE  COMMAND". To Wine, the redirection behind a group is a command of its own. */

#include <stdio.h>
#include <string.h>

static const char MARK[] = "{LAB-PERCENT}";

static void put_line(char *line, FILE *file)
{
    char *end = strstr(line, ")>");
    if (*line == '(' && end != NULL && strchr(end, '&') == NULL) {
        *end = 0;
        fprintf(file, "%s  %s\r\n", end + 1, line + 1);
    } else
        fprintf(file, "%s\r\n", line);
}

int main(int argc, char **argv)
{
    static char text[1 << 16];
    FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
    if (file == NULL) {
        fprintf(stderr, "lab: failed: labbatch cannot read the file\n");
        return 1;
    }
    text[fread(text, 1, sizeof(text) - 1, file)] = 0;
    fclose(file);
    for (char *found; (found = strstr(text, MARK)) != NULL;) {
        *found = '%';
        memmove(found + 1, found + sizeof(MARK) - 1, strlen(found + sizeof(MARK) - 1) + 1);
    }
    file = fopen(argv[1], "wb");
    if (file == NULL)
        return 1;
    char *line = text;
    for (char *end; (end = strstr(line, "\r\n")) != NULL; line = end + 2) {
        *end = 0;
        put_line(line, file);
    }
    fputs(line, file);
    return fclose(file);
}
