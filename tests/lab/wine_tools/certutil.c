/* Copyright (c) 2026, the mailfleet.client developers
 * GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * certutil for the lab's Wine hosts, where Wine's own is a stub: "-f -decode TEXT FILE" and "-hashfile FILE SHA256".
 * Base64 and SHA-256 are those of Wine's crypt32 and rsaenh. As on Windows, sums have blanks in them before 6.2. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>
#include <wincrypt.h>

static int fail(const char *command, DWORD code, const char *text)
{
    printf("CertUtil: -%s command FAILED: 0x%08lx (WIN32: %lu)\nCertUtil: %s\n", command,
           (unsigned long)HRESULT_FROM_WIN32(code), code, text);
    return (int)code;
}

static BYTE *content(const char *path, DWORD *size)
{
    HANDLE file = CreateFileA(path, GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
    if (file == INVALID_HANDLE_VALUE)
        return NULL;
    DWORD length = GetFileSize(file, NULL), got = 0;
    BYTE *bytes = malloc((size_t)length + 1);
    if (bytes != NULL && !ReadFile(file, bytes, length, &got, NULL))
        got = 0;
    CloseHandle(file);
    *size = got;
    return bytes;
}

static int decode(const char *from, const char *to)
{
    DWORD size = 0, length = 0, written = 0;
    BYTE *text = content(from, &size);
    if (text == NULL)
        return fail("decode", GetLastError(), "The system cannot open the file.");
    BYTE *bytes = malloc((size_t)size + 1);
    length = size;
    if (bytes == NULL || size == 0
        || !CryptStringToBinaryA((char *)text, size, CRYPT_STRING_BASE64_ANY, bytes, &length, NULL, NULL))
        return fail("decode", ERROR_INVALID_DATA, "The data is invalid.");
    HANDLE file = CreateFileA(to, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    if (file == INVALID_HANDLE_VALUE || !WriteFile(file, bytes, length, &written, NULL) || written != length)
        return fail("decode", GetLastError(), "The file cannot be written.");
    CloseHandle(file);
    printf("Input Length = %lu\nOutput Length = %lu\n", size, length);
    printf("CertUtil: -decode command completed successfully.\n");
    return 0;
}

static int hash_file(const char *path)
{
    BYTE sum[32], piece[1 << 15];
    DWORD length = sizeof(sum), got = 0;
    HCRYPTPROV provider;
    HCRYPTHASH hash;
    OSVERSIONINFOA version = {.dwOSVersionInfoSize = sizeof(version)};
    HANDLE file = CreateFileA(path, GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
    if (file == INVALID_HANDLE_VALUE)
        return fail("hashfile", GetLastError(), "The system cannot open the file.");
    if (!CryptAcquireContextA(&provider, NULL, NULL, PROV_RSA_AES, CRYPT_VERIFYCONTEXT)
        || !CryptCreateHash(provider, CALG_SHA_256, 0, 0, &hash))
        return fail("hashfile", GetLastError(), "lab: refused: this Wine has no SHA-256.");
    while (ReadFile(file, piece, sizeof(piece), &got, NULL) && got)
        CryptHashData(hash, piece, got, 0);
    CloseHandle(file);
    if (!CryptGetHashParam(hash, HP_HASHVAL, sum, &length, 0))
        return fail("hashfile", GetLastError(), "lab: refused: this Wine has no SHA-256.");
    GetVersionExA(&version);
    int tight = version.dwMajorVersion > 6 || (version.dwMajorVersion == 6 && version.dwMinorVersion >= 2);
    printf(tight ? "SHA256 hash of %s:\n" : "SHA256 hash of file %s:\n", path);
    for (DWORD at = 0; at < length; at++)
        printf(at && !tight ? " %02x" : "%02x", sum[at]);
    printf("\nCertUtil: -hashfile command completed successfully.\n");
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 5 && _stricmp(argv[1], "-f") == 0 && _stricmp(argv[2], "-decode") == 0)
        return decode(argv[3], argv[4]);
    if (argc == 4 && _stricmp(argv[1], "-hashfile") == 0 && _stricmp(argv[3], "SHA256") == 0)
        return hash_file(argv[2]);
    fprintf(stderr, "lab: refused: a form of certutil that the lab does not know\n");
    return 1;
}
