# METADATA
# title: Plans what runs by itself
# description: Schedules go on running when nobody looks any more
# custom:
#   id: runs_later
#   kinds: [control, write]
#   subjects: [at, batch, cron, crontab, schtasks]
package safety.rules.runs_later

import rego.v1

hits contains {"level": "red", "reason": told("plans something that runs later by itself", forms)} if {
	forms := {form |
		some action in object.get(input, "actions", [])
		object.get(action, "kind", "") in {"control", "write"}
		object.get(action, "subject", "") in {"at", "batch", "cron", "crontab", "schtasks"}
		form := object.get(action, "form", "a schedule")
		is_string(form)
	}
	count(forms) > 0
}

# What is done, and to what, if that has a name.
told(words, names) := words if count(names) == 0

told(words, names) := sprintf("%s: %s", [words, few(names)]) if count(names) > 0

# The first three names, each cut to what a phone shows.
few(names) := concat("", [concat(", ", array.slice([quoted(substring(name, 0, 60)) | some name in names], 0, 3)), more(names)])

# A name that holds more than a plain name does stands in quotes, so that it cannot pass for a part of the sentence.
quoted(name) := name if regex.match(`^[A-Za-z0-9._/@:+~#*=-]+$`, name)

quoted(name) := sprintf("'%s'", [replace(name, "'", "")]) if not regex.match(`^[A-Za-z0-9._/@:+~#*=-]+$`, name)

more(names) := sprintf(" and %d more", [count(names) - 3]) if count(names) > 3

more(names) := "" if count(names) <= 3
