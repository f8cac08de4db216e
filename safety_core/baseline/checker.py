"""All rules, on one file after the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from safety_core.baseline.credentials import credentials
from safety_core.baseline.found import Found
from safety_core.baseline.jobs import Form, form_of, is_manifest, settings_of
from safety_core.baseline.mentions import Mentions
from safety_core.baseline.rule import Exemption, Rule
from safety_core.match.matcher import Matcher
from safety_core.model.path_glob import any_of


class Checker:
    """Rules that hold on one day.

    Args:
        matcher: finds what has the form of a secret.
        titles: what its patterns are called, by id.
        today: YYYY-MM-DD; exemptions end.
    """

    def __init__(self, rules: Iterable[Rule], matcher: Matcher, titles: Mapping[str, str], today: str) -> None:
        self._rules = tuple(rules)
        self._matcher = matcher
        self._titles = titles
        self._today = today
        self._readers = [rule for rule in self._rules if rule.reads]
        self._mentions = {rule.id: Mentions(rule) for rule in self._readers}
        self._gone = [(rule, any_of(rule.files)) for rule in self._rules if rule.files]
        self._anywhere = any(not rule.paths and not rule.jobs for rule in self._readers)
        self._paths = any_of({glob for rule in self._readers for glob in rule.paths})
        self._jobs = any(rule.jobs for rule in self._readers)

    def wants(self, path: str) -> bool:
        """Say whether any rule needs the text of this file."""
        return self._anywhere or bool(self._paths.fullmatch(path)) or (self._jobs and form_of(path) is not None)

    def of_path(self, path: str) -> list[Found]:
        """Return what the name of a file alone is found for."""
        rules = [rule for rule, files in self._gone if files.fullmatch(path)]
        return [found for rule in rules for found in self._kept(path, rule, [Found(rule, 0, 0)])]

    def of_text(self, path: str, text: str) -> list[Found]:
        """Return what a file's text is found for, by place.

        Raises:
            UnscannableError: nobody could look through it.
        """
        form = form_of(path)
        if form is Form.MANIFEST and not is_manifest(text):
            form = None
        rules = [rule for rule in self._readers if self._looks(rule, path, form)]
        kept = [found for rule in rules for found in self._kept(path, rule, self._found(rule, form, text))]
        return sorted(_once(kept), key=lambda found: (found.start, found.end))

    def _looks(self, rule: Rule, path: str, form: Form | None) -> bool:
        if rule.jobs and form is not None:
            return True
        return rule.names(path) if rule.paths else not rule.jobs

    def _found(self, rule: Rule, form: Form | None, text: str) -> Iterator[Found]:
        for start, end in self._mentions[rule.id].spans(text):
            yield Found(rule, start, end)
        if rule.finds:
            yield from credentials(rule, settings_of(form or Form.LINES, text), self._matcher.spans(text), self._titles)

    def _kept(self, path: str, rule: Rule, all_found: Iterable[Found]) -> Iterator[Found]:
        """Yield what no exemption lets be, and say of one that is over that it was there."""
        exemption = next((each for each in rule.exemptions if each.covers(path)), None)
        if exemption is None:
            yield from all_found
        elif exemption.is_over(self._today):
            for found in all_found:
                yield Found(rule, found.start, found.end, found.key, _over(exemption, found.what))


def _once(all_found: Iterable[Found]) -> Iterator[Found]:
    """Yield each credential by the first rule that finds it."""
    taken: list[tuple[int, int, str]] = []
    for found in all_found:
        if found.rule.finds:
            if any(start < found.end and found.start < end and rule != found.rule.id for start, end, rule in taken):
                continue
            taken.append((found.start, found.end, found.rule.id))
        yield found


def _over(exemption: Exemption, what: str) -> str:
    over = f"the exemption at {exemption.place} ended on {exemption.until}"
    return f"{what}; {over}" if what else over
