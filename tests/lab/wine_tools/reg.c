/* Copyright (c) 2026, the mailfleet.client developers
 * GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A skin around Wine's own reg.exe (kept beside it as winereg.exe). All that it does is Wine's; only what Wine prints
 * when it fails goes to standard error, where Windows prints it, and not into the pipe that filters the answer.
 */
#include <windows.h>
#include <stdio.h>
#include <stdlib.h>

static const wchar_t *arguments(void)
{
    const wchar_t *at = GetCommandLineW();
    int quoted = 0;
    for (; *at && (quoted || (*at != L' ' && *at != L'\t')); at++)
        quoted ^= *at == L'"';
    return at;
}

static char *read_all(HANDLE from, DWORD *size)
{
    DWORD room = 1 << 16, got;
    char *text = malloc(room);
    *size = 0;
    while (text && ReadFile(from, text + *size, room - *size, &got, NULL) && got) {
        *size += got;
        if (*size == room)
            text = realloc(text, room *= 2);
    }
    return text;
}

int main(void)
{
    const wchar_t *rest = arguments();
    size_t length = wcslen(rest) + 16;
    wchar_t *line = malloc(length * sizeof *line);
    SECURITY_ATTRIBUTES inherited = {sizeof inherited, NULL, TRUE};
    STARTUPINFOW start = {.cb = sizeof start, .dwFlags = STARTF_USESTDHANDLES};
    PROCESS_INFORMATION child;
    HANDLE ours, theirs;
    DWORD size, code = 1, written;

    if (!line || !CreatePipe(&ours, &theirs, &inherited, 0))
        return 1;
    SetHandleInformation(ours, HANDLE_FLAG_INHERIT, 0);
    wcscpy(line, L"winereg.exe");
    wcscat(line, rest);
    start.hStdInput = GetStdHandle(STD_INPUT_HANDLE);
    start.hStdOutput = theirs;
    start.hStdError = GetStdHandle(STD_ERROR_HANDLE);
    if (!CreateProcessW(L"C:\\windows\\system32\\winereg.exe", line, NULL, NULL, TRUE, 0, NULL, NULL, &start, &child)) {
        fprintf(stderr, "lab: refused: winereg.exe does not start (%lu)\r\n", GetLastError());
        return 1;
    }
    CloseHandle(theirs);
    char *text = read_all(ours, &size);
    WaitForSingleObject(child.hProcess, INFINITE);
    GetExitCodeProcess(child.hProcess, &code);
    if (text && size)
        WriteFile(GetStdHandle(code ? STD_ERROR_HANDLE : STD_OUTPUT_HANDLE), text, size, &written, NULL);
    return (int)code;
}
