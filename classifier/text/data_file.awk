# SPDX-License-Identifier: BSD-2-Clause
#
# What the generators of etc/dialects and etc/phrases share: checks that every line of a
# data file must pass, errors as "file:line: text", C strings. Runs under LC_ALL=C, so that
# a character is a byte in every awk. The main program reads; nothing here does.

# Reports a fault of the current line. Reading goes on: all faults are shown at once.
function fault(text) { fault_at(FILENAME ":" FNR, text) }

function fault_at(place, text) {
	printf "%s: %s\n", place, text | "cat >&2"
	faults++
}

# Ends the program if something was wrong: what is checked next would only repeat it.
function stop_on_faults() {
	if (faults == 0)
		return
	close("cat >&2")
	exit 1
}

# One byte for every character; what is not UTF-8 (RFC 3629) stays as it is.
function narrowed(text) {
	gsub(/[\302-\337][\200-\277]/, "x", text)
	gsub(/\340[\240-\277][\200-\277]/, "x", text)
	gsub(/[\341-\354\356\357][\200-\277][\200-\277]/, "x", text)
	gsub(/\355[\200-\237][\200-\277]/, "x", text)
	gsub(/\360[\220-\277][\200-\277][\200-\277]/, "x", text)
	gsub(/[\361-\363][\200-\277][\200-\277][\200-\277]/, "x", text)
	gsub(/\364[\200-\217][\200-\277][\200-\277]/, "x", text)
	return text
}

function check_line(line,    text) {
	text = narrowed(line)
	if (text ~ /[\200-\377]/)
		fault("invalid UTF-8")
	if (length(text) > 100)
		fault("line over 100 columns")
	if (text ~ /[\001-\037\177]/)
		fault("tab or control character")
	if (text ~ / $/)
		fault("blank at the end of the line")
}

# "etc/phrases/de.txt", ".txt" -> "de"
function base_name(path, suffix) {
	sub(/^.*\//, "", path)
	return substr(path, 1, length(path) - length(suffix))
}

# A C string literal; "?" is escaped because of trigraphs.
function c_string(text,    out, i, c) {
	out = ""
	for (i = 1; i <= length(text); i++) {
		c = substr(text, i, 1)
		out = out (c ~ /["?\\]/ ? "\\" : "") c
	}
	return "\"" out "\""
}
