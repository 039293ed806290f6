/* Copyright (c) 2026, the mailfleet.client developers
 * GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * schtasks for the lab's Wine hosts, where Wine's own is a stub. The dialect goes by the registry's version of Windows:
 * XP wants seconds in /st and knows no /f on /create, and only from Vista on /query takes /tn.
 *
 * A task is a file below C:\windows\Tasks that holds its command; beside it, once it runs, the id of its process. Start
 * times are checked and not kept: only /run starts a task. It then runs in a process of its own, which outlives the
 * line; its command is started as it is, without a cmd.exe around it. */

#include <stdio.h>
#include <string.h>
#include <windows.h>

/* 51 for XP, 52 for 2003, 60 for Vista ... */
static int windows(void)
{
    char text[16] = "";
    DWORD size = sizeof(text) - 1;
    int major = 0, minor = 0;
    RegGetValueA(HKEY_LOCAL_MACHINE, "SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion", "CurrentVersion", RRF_RT_REG_SZ,
                 NULL, text, &size);
    sscanf(text, "%d.%d", &major, &minor);
    return major * 10 + minor;
}

/* hh:mm, on XP hh:mm:ss, on 2003 either. */
static int is_time(const char *text)
{
    static const char form[] = "00:00:00";
    size_t length = text != NULL ? strlen(text) : 0;
    for (size_t at = 0; at < length && at < sizeof(form); at++)
        if (form[at] == ':' ? text[at] != ':' : text[at] < '0' || text[at] > '9')
            return 0;
    return (length == 5 && windows() != 51) || (length == 8 && windows() < 60);
}

static const char *given(int argc, char **argv, const char *name)
{
    for (int at = 2; at + 1 < argc; at++)
        if (_stricmp(argv[at], name) == 0)
            return argv[at + 1];
    return NULL;
}

static int has(int argc, char **argv, const char *name)
{
    for (int at = 2; at < argc; at++)
        if (_stricmp(argv[at], name) == 0)
            return 1;
    return 0;
}

static int fail(const char *text)
{
    fprintf(stderr, "ERROR: %s\n", text);
    return 1;
}

static int read_line(const char *path, char *text, int size)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return 0;
    size_t length = fread(text, 1, (size_t)size - 1, file);
    text[length] = 0;
    fclose(file);
    return 1;
}

static int write_line(const char *path, const char *text)
{
    FILE *file = fopen(path, "wb");
    if (file == NULL)
        return 0;
    fputs(text, file);
    fclose(file);
    return 1;
}

static HANDLE running(const char *pid_file)
{
    char text[32];
    DWORD code = 0, pid = 0;
    if (!read_line(pid_file, text, sizeof(text)) || sscanf(text, "%lu", &pid) != 1)
        return NULL;
    HANDLE process = OpenProcess(PROCESS_TERMINATE | PROCESS_QUERY_INFORMATION, FALSE, pid);
    if (process != NULL && GetExitCodeProcess(process, &code) && code == STILL_ACTIVE)
        return process;
    if (process != NULL)
        CloseHandle(process);
    return NULL;
}

static int run(const char *command, const char *pid_file)
{
    char line[1024], text[32];
    STARTUPINFOA startup = {0};
    PROCESS_INFORMATION process;
    startup.cb = sizeof(startup);
    snprintf(line, sizeof(line), "%s", command);
    if (!CreateProcessA(NULL, line, NULL, NULL, FALSE, CREATE_NEW_CONSOLE, NULL, "C:\\windows\\system32", &startup, &process))
        return fail("The task could not be started.");
    snprintf(text, sizeof(text), "%lu", process.dwProcessId);
    write_line(pid_file, text);
    return 0;
}

int main(int argc, char **argv)
{
    char job[300], pid_file[300], command[600];
    const char *verb = argc > 1 ? argv[1] : "", *name = given(argc, argv, "/tn");
    if (name == NULL || strpbrk(name, "\\/:*?\"<>|") != NULL || strlen(name) > 200)
        return fail("lab: refused: a task has to be named");
    CreateDirectoryA("C:\\windows\\Tasks", NULL);
    snprintf(job, sizeof(job), "C:\\windows\\Tasks\\%s.job", name);
    snprintf(pid_file, sizeof(pid_file), "C:\\windows\\Tasks\\%s.pid", name);
    if (_stricmp(verb, "/create") == 0) {
        const char *what = given(argc, argv, "/tr"), *who = given(argc, argv, "/ru");
        if (what == NULL || who == NULL || _stricmp(who, "SYSTEM") != 0 || strlen(what) > 261)
            return fail("lab: refused: /tr and /ru SYSTEM are needed");
        if (has(argc, argv, "/f") && windows() == 51)
            return fail("Invalid argument/option - \"/f\".");
        if (!is_time(given(argc, argv, "/st")))
            return fail("Invalid syntax. Invalid value for \"/ST\".");
        if (read_line(job, command, sizeof(command)) && !has(argc, argv, "/f"))
            return fail(windows() == 51 ? "The specified task name already exists in the system."
                                        : "lab: refused: the task is there, and without /f the real one asks");
        if (!write_line(job, what))
            return fail("Access is denied.");
        printf("SUCCESS: The scheduled task \"%s\" has successfully been created.\n", name);
        return 0;
    }
    if (!read_line(job, command, sizeof(command)))
        return fail("The specified task name does not exist in the system.");
    HANDLE process = running(pid_file);
    if (_stricmp(verb, "/run") == 0)
        return process != NULL ? 0 : run(command, pid_file);
    if (_stricmp(verb, "/end") == 0)
        return process == NULL || TerminateProcess(process, 1) ? 0 : 1;
    if (_stricmp(verb, "/query") == 0 && windows() < 60)
        return fail("Invalid argument/option - \"/tn\".");
    if (_stricmp(verb, "/query") == 0) {
        printf("\"\\%s\",\"N/A\",\"%s\"\n", name, process != NULL ? "Running" : "Ready");
        return 0;
    }
    if (_stricmp(verb, "/delete") == 0 && has(argc, argv, "/f")) {
        DeleteFileA(pid_file);
        return DeleteFileA(job) ? 0 : 1;
    }
    return fail("lab: refused: a form of schtasks that the lab does not know");
}
