/* Copyright (c) 2026, the mailfleet.client developers
 * GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A package for XP, such as update.exe would be in it: it looks whether it may, writes what the real one writes into the
 * registry, takes its time, and asks for a restart. No file of Windows is touched: the list of files says what would be
 * replaced. Its copy in $NtUninstall...$ removes the update. tests/lab/wine_packages.py says what KB, TITLE, FAMILY,
 * LANGUAGE_ID, FILES ("name=version ...") and MILLISECONDS are; see the facts, 1.3 and 5.1. */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#define MICROSOFT "SOFTWARE\\Microsoft\\"
#define UPDATE MICROSOFT "Updates\\" FAMILY "\\" KB
#define HOTFIX MICROSOFT "Windows NT\\CurrentVersion\\HotFix\\" KB
#define UNINSTALL MICROSOFT "Windows\\CurrentVersion\\Uninstall\\" KB
#define BACKUP "C:\\windows\\$NtUninstall" KB "$"
#define REMOVER BACKUP "\\spuninst\\spuninst.exe"
enum { MASKED = 1603, RESTARTS_ITSELF = 1641, RESTART = 3010 };

static FILE *log_file;

static void say(const char *form, ...)
{
    va_list words;
    va_start(words, form);
    if (log_file != NULL) {
        vfprintf(log_file, form, words);
        fputs("\r\n", log_file);
        fflush(log_file);
    }
    va_end(words);
}

static int fail(const char *text, const char *extended)
{
    say("2.000: %s", text);
    say("2.500: Update.exe extended error code = %s", extended);
    say("2.500: Update.exe return code was masked to 0x643 for MSI custom action compliance.");
    return MASKED;
}

static int is_text(const char *key, const char *name, const char *wanted)
{
    char text[200] = "";
    DWORD size = sizeof(text);
    return RegGetValueA(HKEY_LOCAL_MACHINE, key, name, RRF_RT_REG_SZ, NULL, text, &size) == 0
           && _stricmp(text, wanted) == 0;
}

static int is_one(const char *key, const char *name)
{
    DWORD number = 0, size = sizeof(number);
    RegGetValueA(HKEY_LOCAL_MACHINE, key, name, RRF_RT_REG_DWORD, NULL, &number, &size);
    return number == 1;
}

static void set_text(const char *key, const char *name, const char *text)
{
    RegSetKeyValueA(HKEY_LOCAL_MACHINE, key, name, REG_SZ, text, (DWORD)strlen(text) + 1);
}

static void set_one(const char *key, const char *name)
{
    DWORD one = 1;
    RegSetKeyValueA(HKEY_LOCAL_MACHINE, key, name, REG_DWORD, &one, sizeof(one));
}

static void pending(void)
{
    static const char renames[] = "\\??\\C:\\windows\\" KB ".tmp\0";
    set_one(MICROSOFT "Updates\\UpdateExeVolatile", "Flags");
    RegSetKeyValueA(HKEY_LOCAL_MACHINE, "SYSTEM\\CurrentControlSet\\Control\\Session Manager",
                    "PendingFileRenameOperations", REG_MULTI_SZ, renames, sizeof(renames) + 1);
    say("3.100: IsRebootRequiredForFileQueue: At least one file operation was delayed.");
}

static void record_files(void)
{
    char files[] = FILES, key[300];
    int number = 0;
    for (char *file = strtok(files, " "); file != NULL; file = strtok(NULL, " "), number++) {
        char *version = strchr(file, '=');
        *version++ = 0;
        snprintf(key, sizeof(key), UPDATE "\\Filelist\\%d", number);
        char *name = strrchr(file, '\\'), folder[200] = "C:\\windows\\System32";
        if (name != NULL) {
            *name++ = 0;
            snprintf(folder, sizeof(folder), "C:\\windows\\System32\\%s", file);
        }
        set_text(key, "FileName", name != NULL ? name : file);
        set_text(key, "Version", version);
        set_text(key, "Location", folder);
    }
}

static void record(const char *program, int backup)
{
    static const char *const keys[] = {"Description", "PackageName"};
    for (int at = 0; at < 2; at++)
        set_text(UPDATE, keys[at], TITLE);
    set_text(UPDATE, "InstalledBy", "SYSTEM");
    set_text(UPDATE, "InstalledDate", "6/13/2018");
    set_text(UPDATE, "Type", "Update");
    record_files();
    set_one(HOTFIX, "Installed");
    set_text(HOTFIX, "Comments", TITLE);
    if (!backup)
        return;
    CreateDirectoryA(BACKUP, NULL);
    CreateDirectoryA(BACKUP "\\spuninst", NULL);
    CopyFileA(program, REMOVER, FALSE);
    set_text(UPDATE, "UninstallCommand", REMOVER);
    set_text(UNINSTALL, "DisplayName", TITLE);
    set_text(UNINSTALL, "UninstallString", "\"" REMOVER "\"");
}

static int install(const char *program, int backup)
{
    static const char version[] = MICROSOFT "Windows NT\\CurrentVersion";
    say("0.100: %s", GetCommandLineA());
    if (!is_text(version, "CurrentVersion", "5.1") || !is_text(version, "CSDVersion", "Service Pack 3"))
        return fail("This update is for another version of Windows, or another service pack.", "0xf201");
    if (!is_text("SYSTEM\\CurrentControlSet\\Control\\Nls\\Language", "InstallLanguage", LANGUAGE_ID))
        return fail("Setup cannot update your Windows files because the language installed on your system is different"
                    " from the update language.", "0xf20b");
    if (!is_one("SYSTEM\\WPA\\PosReady", "Installed") && !is_one("SYSTEM\\WPA\\WES", "Installed"))
        return fail("Condition Check for Line 1 of PreRequisite returned FALSE", "0xf0f4");
    Sleep(MILLISECONDS);
    record(program, backup);
    say("3.000: %s was installed.", TITLE);
    pending();
    return RESTART;
}

static int uninstall(void)
{
    RegDeleteTreeA(HKEY_LOCAL_MACHINE, UPDATE);
    RegDeleteTreeA(HKEY_LOCAL_MACHINE, HOTFIX);
    RegDeleteTreeA(HKEY_LOCAL_MACHINE, UNINSTALL);
    pending();
    return RESTART;
}

int main(int argc, char **argv)
{
    char program[MAX_PATH];
    int quiet = 0, stays = 0, backup = 1;
    log_file = fopen("C:\\windows\\" KB ".log", "ab");
    for (int at = 1; at < argc; at++) {
        quiet |= _stricmp(argv[at], "/quiet") == 0;
        stays |= _stricmp(argv[at], "/norestart") == 0;
        backup &= _stricmp(argv[at], "/nobackup") != 0;
        if (_strnicmp(argv[at], "/log:", 5) == 0)
            log_file = freopen(argv[at] + 5, "ab", log_file);
    }
    if (!quiet)
        Sleep(INFINITE); /* it asks, and there is no desktop */
    GetModuleFileNameA(NULL, program, sizeof(program));
    int removes = strlen(program) > 12 && _stricmp(program + strlen(program) - 12, "spuninst.exe") == 0;
    int code = removes ? uninstall() : install(program, backup);
    if (code != RESTART || stays)
        return code;
    system("shutdown /r /t 30 /f");
    return RESTARTS_ITSELF;
}
