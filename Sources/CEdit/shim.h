#pragma once
#include <histedit.h>
#include <stdio.h>
#include <unistd.h>

/* libedit's settings are functions of any number of arguments, which Swift cannot call. */

/* What an editor shows before the line, and whether Ctrl-C ended the line. Is kept as the editor's client data. */
typedef struct {
	char *prompt;
	int interrupted;
} shoal_edit_line;

static inline char *
shoal_edit_prompt(EditLine *editor)
{
	shoal_edit_line *line = NULL;
	el_get(editor, EL_CLIENTDATA, &line);
	return line && line->prompt ? line->prompt : (char *)"";
}

static inline unsigned char
shoal_edit_interrupt(EditLine *editor, int key)
{
	shoal_edit_line *line = NULL;
	(void)key;
	el_get(editor, EL_CLIENTDATA, &line);
	if (line)
		line->interrupted = 1;
	return CC_NEWLINE;
}

static inline void
shoal_edit_begin_line(void)
{
	fputs("\n", stdout);
	fflush(stdout);
}

/* What stands for no key among a terminal's. */
static inline unsigned char
shoal_edit_no_key(void)
{
	return (unsigned char)_POSIX_VDISABLE;
}

static inline EditLine *
shoal_edit_make(void)
{
	return el_init("shoal", stdin, stdout, stderr);
}

/* Keys as of Emacs, a history, and Ctrl-C as a key, where the terminal does not make a signal of it. */
static inline void
shoal_edit_prepare(EditLine *editor, shoal_edit_line *line, History *history_of)
{
	el_set(editor, EL_CLIENTDATA, line);
	el_set(editor, EL_PROMPT, shoal_edit_prompt);
	el_set(editor, EL_EDITOR, "emacs");
	el_set(editor, EL_SIGNAL, 1);
	el_set(editor, EL_HIST, history, history_of);
	el_set(editor, EL_ADDFN, "shoal-interrupt", "Leaves the line", shoal_edit_interrupt);
	el_set(editor, EL_BIND, "^C", "shoal-interrupt", NULL);
	el_set(editor, EL_BIND, "^R", "em-inc-search-prev", NULL);
	el_set(editor, EL_BIND, "\033[1;5C", "em-next-word", NULL);
	el_set(editor, EL_BIND, "\033[1;5D", "ed-prev-word", NULL);
	el_set(editor, EL_BIND, "\033[3~", "ed-delete-next-char", NULL);
}

static inline void
shoal_history_size(History *of, int entries)
{
	HistEvent event;
	history(of, &event, H_SETSIZE, entries);
	history(of, &event, H_SETUNIQUE, 1);
}

static inline int
shoal_history_load(History *of, const char *file)
{
	HistEvent event;
	return history(of, &event, H_LOAD, file);
}

static inline int
shoal_history_save(History *of, const char *file)
{
	HistEvent event;
	return history(of, &event, H_SAVE, file);
}

static inline void
shoal_history_add(History *of, const char *text)
{
	HistEvent event;
	history(of, &event, H_ENTER, text);
}
