# SPDX-License-Identifier: BSD-2-Clause
#
# Writes etc/phrases/LANGUAGE.txt as the lists of words.c, all languages in one list for each
# section, and with -v output=date_words as those of date_words.c. The sections are the rows
# of the tables in etc/phrases/README.md, which also describes the files.
# usage: awk -f data_file.awk -f phrases.awk etc/phrases/README.md etc/phrases/*.txt

BEGIN {
	# lists of whole words, kept apart by the order in which people write numbers
	kind["date-return"] = kind["date-until"] = kind["date-range"] = "ordered"
	# lists of whole words
	kind["date-from"] = kind["date-ordinal"] = kind["date-of"] = kind["date-time"] = "words"
	# parts of words, in languages written without blanks
	kind["date-return-part"] = kind["date-until-ending"] = kind["date-until-after"] = "parts"
	kind["year-mark"] = kind["month-mark"] = kind["day-mark"] = "parts"
	kind["months"] = "months"
	# a list of phrases, several to a line
	kind["statement"] = "vocabulary"
	kind["statement-other"] = "vocabulary"
	kind["statement-left"] = "vocabulary"
	kind["statement-title"] = "vocabulary"
	kind["misspelt"] = "vocabulary"
	split("unknown day-first month-first", orders, " ")
	for (i = 1; i <= 3; i++)
		is_order[orders[i]] = 1
	enum_of["unknown"] = "ORDER_UNKNOWN"
	enum_of["day-first"] = "ORDER_DAY_FIRST"
	enum_of["month-first"] = "ORDER_MONTH_FIRST"
	word_bytes = 40 # of a word that date_text.c looks up
}

# --- README.md: the sections --------------------------------------------------------

FILENAME ~ /\.md$/ {
	if (/^## /)
		heading = $0
	if (heading != "## Syntax" && match($0, /^\| `[a-z-]+` \|/)) {
		name = substr($0, 4, RLENGTH - 6)
		sections[++section_count] = name
		is_section[name] = 1
		if (!(name in kind))
			kind[name] = "phrases"
	}
	next
}

# --- the languages ------------------------------------------------------------------

FNR == 1 {
	finish_file()
	file = FILENAME
	language = base_name(FILENAME, ".txt")
	if (language !~ /^[a-z][a-z][a-z]?(-[A-Z][a-z][a-z][a-z])?(-[A-Z][A-Z])?$/ && \
	    language != "common")
		fault("a language's file is named by its BCP 47 tag, as de.txt or sr-Latn.txt")
	section = ""
	date_order = ""
	has_name = month_first = spelling_count = 0
}

{ check_line($0) }

/^(#|$)/ { next }

/^\[.*\]$/ { begin_section(substr($0, 2, length($0) - 2)); next }

section == "" { read_key(); next }

kind[section] == "vocabulary" { add_vocabulary($0); next }

{ add_phrase(unquoted($0)) }

function begin_section(name) {
	section = name
	if (!(name in is_section))
		fault("unknown section \"" name "\"")
	else if ((language, name) in line_of)
		fault("section [" name "] is there already, in line " line_of[language, name])
	if (date_order == "")
		fault("\"date-order\" is missing before the first section")
	line_of[language, name] = FNR
}

function read_key(    key, value) {
	key = value = $0
	sub(/ *=.*/, "", key)
	sub(/^[^=]*= */, "", value)
	if ($0 !~ /^[a-z-]+ *= [^ ]/)
		fault("neither \"key = value\" nor a section nor a comment")
	else if ((language, key) in line_of)
		fault("\"" key "\" is there already")
	else if (key == "language")
		has_name = 1
	else if (key == "date-order" && value in is_order)
		date_order = value
	else if (key == "also-written")
		read_spellings(value)
	else if (key == "month-before-day" && value ~ /^(yes|no)$/)
		month_first = value == "yes"
	else if (key ~ /^(date-order|month-before-day)$/)
		fault("unknown " key " \"" value "\"")
	else
		fault("unknown key \"" key "\"")
	line_of[language, key] = FNR
}

# "ß ss, ä ae ö oe": two ways to write a phrase without letters that a keyboard or a program lacks.
function read_spellings(value,    i, n) {
	spelling_count = split(value, spellings, /, */)
	for (i = 1; i <= spelling_count; i++) {
		n = split(spellings[i], pairs, " ")
		if (n % 2 != 0 || spellings[i] !~ /^[^ ]/)
			fault("also-written: a letter, what is written instead, and so on")
	}
}

# The phrase written in the i-th other way.
function respelled(text, i,    n, j) {
	n = split(spellings[i], pairs, " ")
	for (j = 1; j < n; j += 2)
		gsub(pairs[j], pairs[j + 1], text)
	return text
}

# A phrase in double quotes keeps the blanks at its ends.
function unquoted(text) {
	if (text ~ /^".*"$/ && length(text) > 1)
		text = substr(text, 2, length(text) - 2)
	else if (text ~ /^[\["]/ || text ~ /^ /)
		fault("a phrase that begins with a blank, \"[\" or a quotation mark needs quotes")
	if (text ~ /"/)
		fault("quotation mark in a phrase")
	if (text ~ /^ *$/)
		fault("empty phrase")
	if (text ~ /[A-Z]/)
		fault("capital letter: phrases are compared with text in small letters")
	return text
}

function add_vocabulary(line,    i, n) {
	n = split(line, entries, /, */)
	for (i = 1; i <= n; i++) {
		if (entries[i] ~ /[*]./ || entries[i] ~ /[ -~][*]/)
			fault("a star may only end a word in letters that are not Latin")
		add_phrase(unquoted(entries[i]))
	}
}

function add_phrase(text,    key, i) {
	key = language SUBSEP section SUBSEP text
	if (kind[section] == "months") {
		add_month(text)
		return
	}
	if (key in line_of)
		fault("\"" text "\" is there already, in line " line_of[key])
	line_of[key] = FNR
	add_spelled(text)
	for (i = 1; i <= spelling_count; i++)
		add_spelled(respelled(text, i))
}

function add_spelled(text) {
	if (kind[section] ~ /^(phrases|parts|vocabulary)$/)
		add_to_list(section, text)
	else
		add_word(section, text)
}

# Several languages may share a word; it is written once.
function add_to_list(list, text) {
	if ((list, text) in is_listed)
		return
	is_listed[list, text] = 1
	phrases[list, ++phrase_count[list]] = text
}

function add_word(section, text) {
	if (text ~ / /)
		fault("a blank in [" section "], whose lines are single words")
	if (length(text) > word_bytes)
		fault("word of more than " word_bytes " bytes")
	add_to_list(kind[section] == "ordered" ? section SUBSEP date_order : section, text)
	if (section == "date-until" && text ~ /[.\/]/)
		add_to_list("joined", text)
}

function add_month(text,    words, n, i, month) {
	month = ++month_count[language]
	for (i = 1; i <= spelling_count; i++)
		text = text " " respelled(text, i)
	n = split(text, words, " ")
	for (i = 1; i <= n; i++) {
		if (length(words[i]) > word_bytes)
			fault("word of more than " word_bytes " bytes")
		add_to_list("month" SUBSEP month, words[i])
		if (month_first)
			add_to_list("month-first", words[i])
	}
}

function finish_file() {
	if (language == "")
		return
	if (!has_name)
		fault_at(file ":1", "\"language\" is missing")
	if (date_order == "" && section == "")
		fault_at(file ":1", "\"date-order\" is missing before the first section")
	if ((language, "months") in line_of && month_count[language] != 12)
		fault_at(file ":" line_of[language, "months"],
		         "[months] has " month_count[language] + 0 " lines, not 12")
}

# --- writing ------------------------------------------------------------------------

END {
	finish_file()
	stop_on_faults()
	if (output == "date_words")
		write_dates()
	else
		write_words()
}

function c_name(section) {
	gsub(/-/, "_", section)
	return section
}

function write_list(name, list,    n) {
	printf "const char *const %s[] = {\n", name
	for (n = 1; n <= phrase_count[list]; n++)
		printf "\t%s,\n", c_string(phrases[list, n])
	printf "\tNULL,\n};\n"
}

function write_words(    i) {
	for (i = 1; i <= section_count; i++)
		if (kind[sections[i]] ~ /^(phrases|vocabulary)$/)
			write_list("words_" c_name(sections[i]), sections[i])
}

# " one two ": a blank on both sides of every word
function joined(list,    n, text) {
	text = " "
	for (n = 1; n <= phrase_count[list]; n++)
		text = text phrases[list, n] " "
	return c_string(text)
}

function write_ordered(name, section,    i) {
	printf "const struct date_words %s[] = {\n", name
	for (i = 1; i <= 3; i++)
		if (phrase_count[section, orders[i]] > 0)
			printf "\t{%s, %s},\n", enum_of[orders[i]], joined(section SUBSEP orders[i])
	printf "\t{ORDER_UNKNOWN, NULL},\n};\n"
}

function write_dates(    i, name) {
	for (i = 1; i <= section_count; i++) {
		name = "date_words_" c_name(sections[i])
		sub(/words_date_/, "words_", name)
		if (kind[sections[i]] == "ordered")
			write_ordered(name, sections[i])
		else if (kind[sections[i]] == "words")
			printf "const char %s[] = %s;\n", name, joined(sections[i])
		else if (kind[sections[i]] == "parts")
			write_list(name, sections[i])
	}
	printf "const char *const date_words_month[12] = {\n"
	for (i = 1; i <= 12; i++)
		printf "\t%s,\n", joined("month" SUBSEP i)
	printf "};\nconst char date_words_month_first[] = %s;\n", joined("month-first")
	write_list("date_words_joined", "joined")
}
