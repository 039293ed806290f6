/* Copyright (c) 2026, the mailfleet.client developers
 * GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * find.exe and findstr.exe for the Wine hosts of the lab: Wine's own find knows no /v, and its findstr prints nothing.
 * One source for both: the name by which it is called decides. Standard input only, as the reading of a host uses it.
 *
 *   find [/v] [/i] "TEXT"
 *   findstr [/r] [/x] [/i] [/v] /c:"TEXT"      . [set] [^set] x* ^ $ in expressions
 *
 * Exit code 0 where a line was printed, 1 where none was, 2 for arguments that it does not know (said on stderr).
 */
#include <windows.h>
#include <ctype.h>
#include <fcntl.h>
#include <io.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct options {
    int invert, fold, whole, expression;
    const char *text;
};

static int same(int a, int b, int fold)
{
    return fold ? tolower((unsigned char)a) == tolower((unsigned char)b) : a == b;
}

/* One element of an expression at p: its length in *length; does it match c? */
static int element(const char *p, size_t *length, char c, int fold)
{
    if (*p == '.') {
        *length = 1;
        return 1;
    }
    if (*p == '[') {
        const char *at = p + 1;
        int negated = *at == '^', hit = 0;
        at += negated;
        const char *first = at;
        for (; *at && (*at != ']' || at == first); at++) {
            if (at[1] == '-' && at[2] && at[2] != ']') {
                hit |= c >= at[0] && c <= at[2];
                hit |= fold && tolower((unsigned char)c) >= at[0] && tolower((unsigned char)c) <= at[2];
                hit |= fold && toupper((unsigned char)c) >= at[0] && toupper((unsigned char)c) <= at[2];
                at += 2;
            } else {
                hit |= same(*at, c, fold);
            }
        }
        *length = (size_t)(at - p) + (*at == ']');
        return hit != negated;
    }
    *length = 1;
    return same(*p, c, fold);
}

static int match_here(const char *p, const char *s, const struct options *o)
{
    size_t length;
    if (!*p)
        return !o->whole || !*s;
    if (*p == '$' && !p[1])
        return !*s;
    int hit = element(p, &length, *s, o->fold) && *s;
    if (p[length] == '*') {
        const char *end = s;
        while (*end && element(p, &length, *end, o->fold))
            end++;
        for (;; end--) {
            if (match_here(p + length + 1, end, o))
                return 1;
            if (end == s)
                return 0;
        }
    }
    return hit && match_here(p + length, s + 1, o);
}

static int contains(const char *line, const struct options *o)
{
    size_t wanted = strlen(o->text), size = strlen(line);
    if (wanted == 0)
        return 0; /* "" is in no line, so that find /v "" prints them all */
    if (o->whole && size != wanted)
        return 0;
    for (size_t at = 0; at + wanted <= size; at++) {
        size_t i = 0;
        while (i < wanted && same(line[at + i], o->text[i], o->fold))
            i++;
        if (i == wanted)
            return 1;
    }
    return 0;
}

static int matches(const char *line, const struct options *o)
{
    if (!o->expression)
        return contains(line, o);
    if (o->whole)
        return match_here(o->text, line, o);
    if (*o->text == '^')
        return match_here(o->text + 1, line, o);
    for (;; line++) {
        if (match_here(o->text, line, o))
            return 1;
        if (!*line)
            return 0;
    }
}

static int complain(const char *program, const char *argument)
{
    fprintf(stderr, "lab: refused: %s with %s\r\n", program, argument);
    return 2;
}

static int read_options(int argc, char **argv, int findstr, struct options *o)
{
    const char *program = findstr ? "findstr" : "find";
    for (int i = 1; i < argc; i++) {
        const char *a = argv[i];
        if (!strcasecmp(a, "/v"))
            o->invert = 1;
        else if (!strcasecmp(a, "/i"))
            o->fold = 1;
        else if (findstr && !strcasecmp(a, "/x"))
            o->whole = 1;
        else if (findstr && !strcasecmp(a, "/r"))
            o->expression = 1;
        else if (findstr && !strncasecmp(a, "/c:", 3) && !o->text)
            o->text = a + 3;
        else if (!findstr && *a != '/' && !o->text)
            o->text = a;
        else
            return complain(program, a);
    }
    return o->text && (*o->text || !findstr) ? 0 : complain(program, "no text");
}

/* find.exe does not split its line as the C run-time does: a backslash before the closing quote is one, "" is a quote. */
static const char *between_quotes(void)
{
    static char text[8192];
    const char *line = GetCommandLineA();
    const char *at = strchr(*line == '"' ? strchr(line + 1, '"') + 1 : line, '"');
    const char *end = at ? strrchr(at, '"') : NULL;
    size_t size = 0;
    for (at = at ? at + 1 : at; at && at < end && size + 1 < sizeof text; at += at[0] == '"' && at[1] == '"' ? 2 : 1)
        text[size++] = *at;
    return end ? text : NULL;
}

int main(int argc, char **argv)
{
    struct options o = {0, 0, 0, 0, NULL};
    const char *name = strrchr(argv[0], '\\');
    int findstr = strncasecmp(name ? name + 1 : argv[0], "findstr", 7) == 0;
    int failed = read_options(argc, argv, findstr, &o);
    if (failed)
        return failed;
    if (!findstr && between_quotes())
        o.text = between_quotes();
    _setmode(0, _O_BINARY);
    _setmode(1, _O_BINARY);
    size_t room = 1 << 16, used = 0;
    char *line = malloc(room);
    int printed = 0, c;
    while (line && ((c = getchar()) != EOF || used)) {
        if (c != EOF && c != '\n') {
            if (used + 1 == room)
                line = realloc(line, room *= 2);
            line[used++] = (char)c;
            continue;
        }
        while (used && line[used - 1] == '\r')
            used--;
        line[used] = 0;
        if (matches(line, &o) != o.invert) {
            fwrite(line, 1, used, stdout);
            fputs("\r\n", stdout);
            printed = 1;
        }
        used = 0;
        if (c == EOF)
            break;
    }
    return printed ? 0 : 1;
}
