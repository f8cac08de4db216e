# METADATA
# title: Takes a secret apart
# description: A call that gives a stored secret to what cuts or compares texts, or writes it into a file, could show it piece by piece; no scanner knows a piece
# custom:
#   id: takes_secret_apart
package safety.rules.takes_secret_apart

import rego.v1

# What shows a part of a text, another order of it, or whether it is like another one.
apart := {
	"[", "awk", "bc", "bun", "cmp", "column", "comm", "csplit", "cut", "dc", "dd", "deno", "diff", "ed", "egrep", "ex", "expand",
	"expr", "factor", "fgrep", "fmt", "fold", "gawk", "ggrep", "grep", "gsed", "hd", "head", "hexdump", "join", "jq", "look", "lua", "mawk",
	"mlr", "nl", "node", "od", "paste", "perl", "php", "pr", "python", "python3", "read", "rev", "rg", "ripgrep", "ruby", "sed", "shuf",
	"sort", "split", "strings", "substring", "tac", "tail", "tclsh", "test", "tr", "uniq", "wc", "xxd", "yq",
}

hits contains {"level": "red", "reason": sprintf("could show a stored secret piece by piece: %s", [concat(", ", names)])} if {
	count(object.get(input, "refs", [])) > 0
	names := {name |
		some action in object.get(input, "actions", [])
		name := object.get(action, "subject", "")
		name in apart
	}
	count(names) > 0
}

hits contains {"level": "red", "reason": "could write a stored secret into a file, out of which any command can read it"} if {
	count(object.get(input, "refs", [])) > 0
	some action in object.get(input, "actions", [])
	object.get(action, "kind", "") == "write"
	object.get(action, "subject", "") in {"redirection", "tee"}
}
