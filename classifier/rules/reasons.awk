# SPDX-License-Identifier: BSD-2-Clause
#
# Reads etc/reasons.txt and writes, by -v output=...
#   reasons      REASON(name, CLASS, CLASS when temporary, notice, ABOUT, meaning) for reason.h
#   reason_rows  the SQL that fills bounce.bounce_reason
#   reasons_doc  the tables of doc/reasons.md as C strings, for the test that compares them
#   document     doc/reasons.md, which is given as a second file, with these tables
# usage: awk -v output=OUTPUT -f ../text/data_file.awk -f reasons.awk FILE [doc/reasons.md]

BEGIN {
	split("hard soft technical auto_reply unclassified", words, " ")
	for (i in words)
		is_class[words[i]] = 1
	split("class temporary notice meaning about sisimai kumomta ses remark", words, " ")
	for (i in words)
		is_key[words[i]] = 1
}

# --- reading ------------------------------------------------------------------------

FILENAME ~ /\.md$/ { copy_document($0); next }

{ check_line($0) }

/^(#|$)/ { next }

/^\[[a-z][a-z0-9_]*\]$/ { begin_reason(substr($0, 2, length($0) - 2)); next }

/^[a-z]+ *= / {
	key = $1
	sub(/=.*/, "", key)
	text = $0
	sub(/^[a-z]+ *= +/, "", text)
	if (!(key in is_key))
		fault("unknown key \"" key "\"")
	else if (!name)
		fault("\"" key "\" stands before the first [reason]")
	else if ((name, key) in value)
		fault("\"" key "\" is given twice")
	else
		value[name, key] = text
	next
}

{ fault("neither \"[reason]\" nor \"key = value\" nor a comment") }

function begin_reason(text) {
	name = text
	if (name in place)
		fault("[" name "] is already in line " place[name])
	names[++count] = name
	place[name] = FNR
	file = FILENAME
}

function check_reason(name,    where, class, temporary) {
	where = file ":" place[name]
	if (value[name, "temporary"] == "")
		value[name, "temporary"] = value[name, "class"]
	class = value[name, "class"]
	temporary = value[name, "temporary"]
	if (!(class in is_class) || !(temporary in is_class))
		fault_at(where, "[" name "] has no such class: " class ", " temporary)
	if (temporary == "hard")
		fault_at(where, "[" name "]: a temporary refusal is never hard")
	if (value[name, "notice"] !~ /^(|yes)$/)
		fault_at(where, "[" name "]: notice is \"yes\" or not given")
	if (value[name, "about"] !~ /^(|one|content)$/)
		fault_at(where, "[" name "]: about is \"one\", \"content\" or not given")
	if (value[name, "meaning"] == "")
		fault_at(where, "[" name "] has no meaning")
}

# --- writing ------------------------------------------------------------------------

function is_notice(name) { return value[name, "notice"] == "yes" ? "true" : "false" }

function about(name) {
	return value[name, "about"] == "" ? "ANY" : toupper(value[name, "about"])
}

function write_c(    i, n) {
	for (i = 1; i <= count; i++) {
		n = names[i]
		printf "REASON(%s, %s, %s, %s, %s,\n       %s)\n", n, toupper(value[n, "class"]),
			toupper(value[n, "temporary"]), is_notice(n), about(n),
			c_string(value[n, "meaning"])
	}
}

function sql_string(text) {
	gsub(/'/, "''", text)
	return "'" text "'"
}

# The classes belong to the operator: only a new row sets them.
function write_sql(    i, n) {
	print "-- The reasons of etc/reasons.txt.\n"
	print "INSERT INTO bounce.bounce_reason AS n"
	print "  (reason, class, class_temporary, is_notice, meaning)"
	print "VALUES"
	for (i = 1; i <= count; i++) {
		n = names[i]
		printf "  ('%s', '%s', '%s', %s,\n   %s)%s\n", n, value[n, "class"],
			value[n, "temporary"], is_notice(n), sql_string(value[n, "meaning"]),
			i < count ? "," : ""
	}
	print "ON CONFLICT (reason) DO UPDATE SET is_notice = excluded.is_notice,"
	print "  meaning = excluded.meaning;"
}

function add_line(table, text) { lines[table, ++line_count[table]] = text }

# What the reasons of a group have in common, for a heading.
function group_of(name,    class, temporary) {
	class = value[name, "class"]
	temporary = value[name, "temporary"]
	if (is_notice(name) == "true")
		return "Notices, " class
	return class == temporary ? toupper(substr(class, 1, 1)) substr(class, 2) \
		: toupper(substr(class, 1, 1)) substr(class, 2) ", " temporary " when temporary"
}

function tabulate_meanings(    i, j, group, is_done) {
	for (i = 1; i <= count; i++) {
		group = group_of(names[i])
		if (group in is_done)
			continue
		is_done[group] = 1
		add_line("meanings", "### " group)
		add_line("meanings", "")
		add_line("meanings", "| reason | meaning |")
		add_line("meanings", "|---|---|")
		for (j = i; j <= count; j++)
			if (group_of(names[j]) == group)
				add_line("meanings",
					"| `" names[j] "` | " value[names[j], "meaning"] " |")
		add_line("meanings", "")
	}
}

function or_none(text) { return text == "" ? "(none)" : text }

function tabulate_names(    i, n) {
	add_line("names", "| reason | Sisimai | KumoMTA | Amazon SES |")
	add_line("names", "|---|---|---|---|")
	for (i = 1; i <= count; i++) {
		n = names[i]
		add_line("names", "| `" n "` | " or_none(value[n, "sisimai"]) " | " \
			or_none(value[n, "kumomta"]) " | " or_none(value[n, "ses"]) " |")
	}
	add_line("names", "")
}

function tabulate_remarks(    i) {
	for (i = 1; i <= count; i++)
		if (value[names[i], "remark"] != "") {
			add_line("remarks", "- `" names[i] "`:")
			add_line("remarks", "  " value[names[i], "remark"])
		}
	add_line("remarks", "")
}

function tabulate() {
	tabulate_meanings()
	tabulate_names()
	tabulate_remarks()
}

function print_table(table,    i) {
	for (i = 1; i <= line_count[table]; i++)
		print output == "reasons_doc" ? c_string(lines[table, i]) "," : lines[table, i]
}

# A table stands between "<!-- etc/reasons.txt: NAME -->" and "<!-- end -->".
function copy_document(line) {
	if (!line_count["names"])
		finish()
	if (line ~ /^<!-- end -->$/)
		is_table = 0
	if (!is_table)
		print line
	if (line ~ /^<!-- etc\/reasons\.txt: [a-z]+ -->$/) {
		is_table = 1
		split(line, words, " ")
		print ""
		print_table(words[3])
	}
}

# After the last line of the reasons.
function finish(    i) {
	for (i = 1; i <= count; i++)
		check_reason(names[i])
	stop_on_faults()
	tabulate()
}

END {
	if (!line_count["names"])
		finish()
	if (output == "reasons")
		write_c()
	else if (output == "reason_rows")
		write_sql()
	else if (output == "reasons_doc") {
		print_table("meanings")
		print_table("names")
		print_table("remarks")
	}
}
