package safety.rules.changes_agent_test

import rego.v1

import data.safety.rules.changes_agent

after(kind, path) := found if {
	found := changes_agent.hits with input as {"actions": [{"kind": kind, "targets": [{"kind": "path", "value": path, "zone": "workspace"}], "traits": []}]}
}

test_its_own_instructions_are_red if {
	after("write", "/workspace/SOUL.md") == {{"level": "red", "reason": "changes what tells an agent how to behave: /workspace/SOUL.md"}}
}

test_so_are_its_settings_and_deleting_them if {
	every path in ["/workspace/Agents.md", "/workspace/.claude/settings.json", "~/.openclaw/openclaw.json", "/workspace/.mcp.json"] {
		count(after("destroy", path)) == 1
	}
}

test_its_memory_is_a_lesser_matter if {
	after("write", "/workspace/MEMORY.md") == {{"level": "yellow", "reason": "changes what an agent remembers: /workspace/MEMORY.md"}}
}

test_other_files_and_reading_are_not_meant if {
	count(after("write", "/workspace/soul.txt")) == 0
	count(after("read", "/workspace/SOUL.md")) == 0
}

test_an_odd_input_is_no_error if {
	found := changes_agent.hits with input as {"actions": [{}, {"kind": "write", "targets": [{"value": 7}], "words": 7, "traits": [7]}]}
	is_set(found)
}
