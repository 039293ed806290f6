/* Copyright (c) 2026, the mailfleet.client developers
 * GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A skin around Wine's own reg.exe (kept beside it as winereg.exe). All that it does is Wine's, but for two things.
 * What Wine prints when it fails goes to standard error, where Windows prints it, and not into the pipe that filters
 * the answer. And "import" of a file of version 5 without a mark gets a copy in UTF-16: Wine goes by the mark and not
 * by the first line, and would take the bytes of hex(1), hex(2) and hex(7) for 8-bit characters.
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

/* Where a file is of version 5 and has no mark: a copy that has one, in the folder for such files; else NULL. */
static wchar_t *marked_copy(const wchar_t *name)
{
    static const char first[] = "Windows Registry Editor Version 5.00";
    static wchar_t copy[MAX_PATH];
    wchar_t folder[MAX_PATH], *text;
    HANDLE from = CreateFileW(name, GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL), to;
    DWORD size, written;
    char *content;
    int length;

    if (from == INVALID_HANDLE_VALUE)
        return NULL;
    content = read_all(from, &size);
    CloseHandle(from);
    if (!content || size < sizeof first - 1 || memcmp(content, first, sizeof first - 1))
        return NULL;
    length = MultiByteToWideChar(CP_ACP, 0, content, size, NULL, 0);
    text = malloc((length + 1) * sizeof *text);
    if (!text || !GetTempPathW(MAX_PATH, folder) || !GetTempFileNameW(folder, L"reg", 0, copy))
        return NULL;
    text[0] = 0xfeff;
    MultiByteToWideChar(CP_ACP, 0, content, size, text + 1, length);
    to = CreateFileW(copy, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    WriteFile(to, text, (length + 1) * sizeof *text, &written, NULL);
    CloseHandle(to);
    return copy;
}

int main(void)
{
    const wchar_t *rest = arguments();
    int count = 0;
    wchar_t **words = CommandLineToArgvW(GetCommandLineW(), &count);
    wchar_t *copy = count == 3 && !_wcsicmp(words[1], L"import") ? marked_copy(words[2]) : NULL;
    size_t length = wcslen(rest) + MAX_PATH + 32;
    wchar_t *line = malloc(length * sizeof *line);
    SECURITY_ATTRIBUTES inherited = {sizeof inherited, NULL, TRUE};
    STARTUPINFOW start = {.cb = sizeof start, .dwFlags = STARTF_USESTDHANDLES};
    PROCESS_INFORMATION child;
    HANDLE ours, theirs;
    DWORD size, code = 1, written;

    if (!line || !CreatePipe(&ours, &theirs, &inherited, 0))
        return 1;
    SetHandleInformation(ours, HANDLE_FLAG_INHERIT, 0);
    if (copy)
        swprintf(line, length, L"winereg.exe import \"%ls\"", copy);
    else
        swprintf(line, length, L"winereg.exe%ls", rest);
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
    if (copy)
        DeleteFileW(copy);
    if (text && size)
        WriteFile(GetStdHandle(code ? STD_ERROR_HANDLE : STD_OUTPUT_HANDLE), text, size, &written, NULL);
    return (int)code;
}
