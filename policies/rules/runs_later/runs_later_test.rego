package safety.rules.runs_later_test

import rego.v1

import data.safety.rules.runs_later

planned(kind, subject) := found if {
	found := runs_later.hits with input as {"actions": [{"kind": kind, "subject": subject, "form": subject, "targets": [], "traits": []}]}
}

test_a_schedule_is_red if {
	planned("control", "crontab") == {{"level": "red", "reason": "plans something that runs later by itself: crontab"}}
}

test_looking_at_schedules_plans_nothing if {
	count(planned("read", "crontab")) == 0
}

test_other_programs_plan_nothing if {
	count(planned("control", "systemctl")) == 0
}

test_an_odd_input_is_no_error if {
	found := runs_later.hits with input as {"actions": [{}, {"kind": "control", "subject": "cron", "form": 7}]}
	is_set(found)
}
