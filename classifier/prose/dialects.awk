# SPDX-License-Identifier: BSD-2-Clause
#
# Writes etc/dialects/*.dialect as the table of classifier/prose/dialects.c, in the order in
# which the dialects are tried. etc/dialects/README.md describes the files and the order.
# With -v output=dialect_order it writes instead which sections are in a stated order: a row of '0'
# and '1' for each, '1' where it is stated that it comes before the section of that column.
# usage: awk -f ../text/data_file.awk -f dialects.awk FILE...

BEGIN {
	split("open recipient close before after rank place action", words, " ")
	for (i in words)
		is_key[words[i]] = 1
	split("open recipient close", lists, " ")
	rank_of["strong"] = 1
	rank_of["normal"] = 2
	rank_of["weak"] = 3
	place_of["after"] = "PROSE_BEHIND"
	place_of["paragraph"] = "PROSE_PARAGRAPH"
	place_of["before"] = "PROSE_BEFORE"
	action_of["failed"] = "REPORT_ACTION_FAILED"
	action_of["delayed"] = "REPORT_ACTION_DELAYED"
	action_of["delivered"] = "REPORT_ACTION_DELIVERED"
}

# --- reading ------------------------------------------------------------------------

FNR == 1 {
	file = base_name(FILENAME, ".dialect")
	if (file !~ /^[a-z0-9]+(-[a-z0-9]+)*$/)
		fault("a dialect's file is named in small letters, digits and hyphens")
	section = file ":" # what stands before the first section
	files[++file_count] = file
	path_of[file] = FILENAME
}

{ check_line($0) }

/^(#|$)/ { next }

/^\[.*\]$/ { begin_section(substr($0, 2, length($0) - 2)); next }

/^[a-z]+ *= / {
	key = $1
	sub(/=.*/, "", key)
	value = $0
	sub(/^[a-z]+ *= +/, "", value)
	if (!(key in is_key))
		fault("unknown key \"" key "\"")
	else if (key ~ /^(open|recipient|close)$/)
		add_pattern(key, value)
	else if (section ~ /:$/)
		fault("\"" key "\" belongs into a section")
	else
		set_value(key, value)
	next
}

{ fault("neither \"[section]\" nor \"key = value\" nor a comment") }

function begin_section(name) {
	if (name !~ /^[a-z0-9]+(-[a-z0-9]+)*$/)
		fault("a section is named in small letters, digits and hyphens: [" name "]")
	section = file "." name
	if (section in number) {
		fault("section [" name "] is there twice")
		return
	}
	number[section] = ++count
	name_of[count] = section
	file_of[count] = file
	line_of[count] = FILENAME ":" FNR
	rank[count] = 1
	place[count] = place_of["after"]
	action[count] = action_of["failed"]
}

function add_pattern(key, pattern,    n) {
	if ((section, key, pattern) in patterns)
		fault("the same \"" key "\" twice: " pattern)
	check_pattern(key, pattern)
	n = ++pattern_count[section, key]
	patterns[section, key, n] = pattern
	patterns[section, key, pattern] = 1
}

function check_pattern(key, pattern,    rest, allowed) {
	rest = pattern
	allowed = key == "recipient" ? "auodl*" : "*"
	while (match(rest, /%/)) {
		if (index(allowed, substr(rest, RSTART + 1, 1)) == 0 || RSTART == length(rest))
			fault("bad placeholder \"" substr(rest, RSTART, 2) "\" in \"" key "\"")
		rest = substr(rest, RSTART + 2)
	}
	if (pattern ~ /(%d|\$)./)
		fault("nothing may follow \"%d\" or \"$\"")
	if (key == "recipient" && pattern !~ /%[auo]/)
		fault("\"recipient\" without an address: %a, %u or %o")
}

function set_value(key, value) {
	if (key ~ /^(before|after)$/) {
		order[++order_count] = section " " key " " value
		order_line[order_count] = FILENAME ":" FNR
		return
	}
	if ((section, key) in is_set)
		fault("\"" key "\" twice in one section")
	is_set[section, key] = 1
	if (key == "rank" && value in rank_of)
		rank[number[section]] = rank_of[value]
	else if (key == "place" && value in place_of)
		place[number[section]] = place_of[value]
	else if (key == "action" && value in action_of)
		action[number[section]] = action_of[value]
	else
		fault("unknown " key " \"" value "\"")
}

# --- checking -----------------------------------------------------------------------

END {
	stop_on_faults()
	for (i = 1; i <= count; i++)
		check_section(i)
	for (i = 1; i <= file_count; i++)
		check_file(files[i])
	stop_on_faults()
	for (i = 1; i <= order_count; i++)
		read_order(order[i], order_line[i])
	stop_on_faults()
	for (i = 1; i <= count; i++)
		for (j = 1; j <= count; j++)
			if (is_apart(i, j))
				first[i, j] = 1
	arrange()
	stop_on_faults()
	if (output == "dialect_order")
		write_order()
	else
		write_table()
}

# The section's own list, or what the file says before its first section.
function list_owner(i, key) {
	return (name_of[i], key) in pattern_count ? name_of[i] : file_of[i] ":"
}

function check_section(i,    owner, n, names, locals) {
	if (pattern_count[list_owner(i, "open"), "open"] == 0)
		fault_at(line_of[i], "section without \"open\"")
	owner = list_owner(i, "recipient")
	for (n = 1; n <= pattern_count[owner, "recipient"]; n++) {
		names += patterns[owner, "recipient", n] ~ /%a/
		locals += patterns[owner, "recipient", n] ~ /%u/
	}
	is_local[i] = locals > 0
	if (names == 0 && locals == 0)
		fault_at(line_of[i], "section without a \"recipient\" of %a or %u")
	if (names > 0 && locals > 0)
		fault_at(line_of[i], "%a and %u in one section; make two")
}

function check_file(file,    i, n) {
	for (i = 1; i <= count; i++)
		n += file_of[i] == file
	if (n == 0)
		fault_at(path_of[file] ":1", "no section")
}

# "exim" stands for all sections of exim, "exim.failed" for one.
function read_order(text, line,    word, self, i, found) {
	split(text, word, " ")
	self = number[word[1]]
	for (i = 1; i <= count; i++) {
		if (name_of[i] != word[3] && file_of[i] != word[3])
			continue
		found = 1
		if (file_of[i] == file_of[self])
			fault_at(line, "sections of one file are tried in their order there")
		else if (word[2] == "before")
			state_order(self, i, line)
		else
			state_order(i, self, line)
	}
	if (!found)
		fault_at(line, "there is no dialect \"" word[3] "\"")
}

function state_order(i, j, line) {
	if (is_apart(j, i))
		fault_at(line, "[" name_of[j] "] comes before [" name_of[i] "] by " reason)
	first[i, j] = 1
}

# Is i before j by a rule that holds for all? Local parts alone are the weakest evidence.
function is_apart(i, j) {
	reason = "its addresses"
	if (is_local[i] != is_local[j])
		return is_local[j]
	reason = "its rank"
	return rank[i] < rank[j] || (rank[i] == rank[j] && file_of[i] == file_of[j] && i < j)
}

# --- the order ----------------------------------------------------------------------

# Again and again the first, by name, of those that nothing left must come before.
function arrange(    done, i) {
	for (done = 0; done < count; done++) {
		i = next_section()
		if (i == 0) {
			name_circle()
			return
		}
		place_at[done + 1] = i
		is_placed[i] = 1
	}
}

function next_section(    i, j, best) {
	best = 0
	for (i = 1; i <= count; i++) {
		if (is_placed[i])
			continue
		for (j = 1; j <= count; j++)
			if (!is_placed[j] && (j, i) in first)
				break
		if (j > count && (best == 0 || file_of[i] < file_of[best]))
			best = i
	}
	return best
}

# From any that is left, back to one that was met before.
function name_circle(    i, j, text, met) {
	for (i = 1; i <= count && is_placed[i]; i++)
		;
	while (!(i in met)) {
		met[i] = 1
		for (j = 1; j <= count && (is_placed[j] || !((j, i) in first)); j++)
			;
		text = "[" name_of[i] "]" (text == "" ? "" : " before ") text
		i = j
	}
	fault_at(line_of[i], "a circle of \"before\" and \"after\": [" name_of[i] "] before " text)
}

# --- writing ------------------------------------------------------------------------

function write_list(i, key,    owner, n) {
	owner = list_owner(i, key)
	printf "static const char *const %s_%d[] = {\n", key, i
	for (n = 1; n <= pattern_count[owner, key]; n++)
		printf "\t%s,\n", c_string(patterns[owner, key, n])
	printf "\tNULL,\n};\n"
}

function write_table(    n, i, k) {
	for (i = 1; i <= count; i++)
		for (k = 1; k <= 3; k++)
			write_list(i, lists[k])
	printf "const struct prose_dialect prose_dialects[] = {\n"
	for (n = 1; n <= count; n++) {
		i = place_at[n]
		printf "\t{%s, %s, open_%d, recipient_%d, close_%d, %s, %s},\n",
		       c_string(file_of[i]), c_string(name_of[i]), i, i, i, place[i], action[i]
	}
	printf "};\n"
}

# What follows from "before" by way of others counts as stated.
function write_order(    n, m, k, row) {
	for (k = 1; k <= count; k++)
		for (n = 1; n <= count; n++)
			if ((n, k) in first)
				for (m = 1; m <= count; m++)
					if ((k, m) in first)
						first[n, m] = 1
	for (n = 1; n <= count; n++) {
		row = ""
		for (m = 1; m <= count; m++)
			row = row ((place_at[n], place_at[m]) in first)
		printf "\"%s\",\n", row
	}
}
