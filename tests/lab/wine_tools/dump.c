/* Copyright (c) 2026, the mailfleet.client developers
 * GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Prints a registry tree byte by byte, which no "reg export" does: it writes a REG_SZ as a text, and a missing NUL or
 * one inside is lost. "HKLM SYSTEM": a line "K path" for each key, "V type name data" for each value, all in hex.
 */
#include <windows.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void hex(const void *bytes, size_t size)
{
    const unsigned char *at = bytes;
    putchar(' ');
    for (; size--; at++)
        printf("%02x", *at);
}

static void dump(HKEY key, const wchar_t *path)
{
    static wchar_t name[16384];
    static BYTE data[1 << 22];
    DWORD number, length, size, type;

    fputs("K", stdout);
    hex(path, wcslen(path) * sizeof *path);
    putchar('\n');
    for (number = 0;; number++) {
        length = sizeof name / sizeof *name;
        size = sizeof data;
        if (RegEnumValueW(key, number, name, &length, NULL, &type, data, &size))
            break;
        printf("V %lu", type);
        hex(name, length * sizeof *name);
        hex(data, size);
        putchar('\n');
    }
    for (number = 0;; number++) {
        HKEY child;
        wchar_t *below;
        length = 256;
        if (RegEnumKeyExW(key, number, name, &length, NULL, NULL, NULL, NULL))
            break;
        below = malloc((wcslen(path) + length + 2) * sizeof *below);
        wcscpy(below, path);
        if (*path)
            wcscat(below, L"\\");
        wcscat(below, name);
        if (!RegOpenKeyExW(key, name, REG_OPTION_OPEN_LINK, KEY_READ, &child)) {
            dump(child, below);
            RegCloseKey(child);
        }
        free(below);
    }
}

int main(void)
{
    int count = 0;
    wchar_t **words = CommandLineToArgvW(GetCommandLineW(), &count);
    HKEY hive, key;

    if (count < 2)
        return 2;
    hive = wcscmp(words[1], L"HKEY_USERS") ? HKEY_LOCAL_MACHINE : HKEY_USERS;
    if (!RegOpenKeyExW(hive, count > 2 ? words[2] : L"", 0, KEY_READ, &key))
        dump(key, count > 2 ? words[2] : L"");
    return 0;
}
