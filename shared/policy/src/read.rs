//! From texts to policies that may be trusted to decide: parsed, named, held to the rules of
//! exceptions and to the schema.
//!
//! Everything that is wrong is reported at once; nothing is half accepted.

use std::collections::{BTreeMap, BTreeSet};

use cedar_policy::{Policy, PolicyId, PolicySet, ValidationMode, ValidationWarning, Validator};
use miette::Diagnostic;
use serde_json::Value;

use crate::{
    DEFAULT, Exception, Problem, SAFETY, SCHEMA, Source,
    asked::schema,
    exception,
    limits::{MOST_BYTES, excess},
    source::{Piece, Places, pieces},
    words,
};

/// Ids that begin so are ours.
pub(crate) const RESERVED: &str = "safety-";

/// A policy that may be part of a set.
#[derive(Debug, Clone)]
pub(crate) struct Accepted {
    pub(crate) id: String,
    pub(crate) policy: Policy,
    /// The policy's structure, as Cedar writes it in JSON.
    pub(crate) json: Value,
    pub(crate) exception: Option<Exception>,
    /// The policy as it is written.
    pub(crate) text: String,
    place: Place,
}

impl Accepted {
    /// A problem, or a warning, about this policy as a whole.
    pub(crate) fn problem(&self, problem: String, remedy: Option<String>) -> Problem {
        self.place.problem(Some(self.id.clone()), problem, remedy)
    }
}

#[derive(Debug, Clone)]
struct Place {
    file: String,
    line: usize,
    column: usize,
}

impl Place {
    fn problem(&self, policy: Option<String>, problem: String, remedy: Option<String>) -> Problem {
        let Self { file, line, column } = self.clone();
        Problem { file, line, column, policy, problem, remedy }
    }
}

/// What reading found.
#[derive(Debug, Default)]
pub(crate) struct Read {
    /// The policies, in the order of files and lines.
    pub(crate) accepted: Vec<Accepted>,
    /// What is wrong. Not empty: the set is refused.
    pub(crate) problems: Vec<Problem>,
    /// What is odd.
    pub(crate) warnings: Vec<Problem>,
}

/// Reads a set: safety, the shipped defaults unless replaced, and the given files.
pub(crate) fn read(sources: &[Source]) -> Read {
    read_beside(SAFETY, DEFAULT, sources)
}

/// As [`read`], beside other texts than the shipped ones: tests break those to see it noticed.
pub(crate) fn read_beside(safety: &str, default: &str, sources: &[Source]) -> Read {
    let mut read = Read::default();
    let safety = Source::new("safety.cedar", safety);
    let default = Source::new("default.cedar", default);
    let mut given: Vec<&Source> = Vec::new();
    for source in sources {
        match source.file_name() {
            "safety.cedar" => {
                read.same(source, SAFETY, "delete the file; put your policies in another");
            }
            "schema.cedarschema" => read.same(source, SCHEMA, "delete the file"),
            _ => given.push(source),
        }
    }
    if let Some(source) = too_large(&given) {
        let place = Place { file: source.name.clone(), line: 1, column: 1 };
        let problem = "the set has more than 1 MiB of text up to the end of this file".to_owned();
        let remedy = "write what is alike as one policy with a list".to_owned();
        read.problems.push(place.problem(None, problem, Some(remedy)));
        return read;
    }
    read.file(&safety, true);
    if !given.iter().any(|source| source.file_name() == "default.cedar") {
        read.file(&default, false);
    }
    for source in given {
        read.file(source, false);
    }
    read.repeats();
    read.validate();
    read.problems.sort();
    read.problems.dedup();
    read.warnings.sort();
    read.warnings.dedup();
    read
}

/// The first file with which a set is larger than it may be.
fn too_large<'a>(given: &[&'a Source]) -> Option<&'a Source> {
    let mut bytes: usize = 0;
    given.iter().copied().find(|source| {
        bytes = bytes.saturating_add(source.text.len());
        bytes > MOST_BYTES
    })
}

impl Read {
    /// A copy of what is compiled in: harmless if it is the same, deceptive if it is not.
    fn same(&mut self, source: &Source, compiled: &str, remedy: &str) {
        if lines(&source.text) != lines(compiled) {
            let place = Place { file: source.name.clone(), line: 1, column: 1 };
            let problem = "differs from the one that is compiled in, and would have no effect";
            self.problems.push(place.problem(None, problem.to_owned(), Some(remedy.to_owned())));
        }
    }

    fn file(&mut self, source: &Source, ours: bool) {
        let places = Places::of(&source.text);
        self.hidden_characters(source, &places);
        let pieces = pieces(&source.text);
        let count = pieces.len();
        let before = self.problems.len();
        for piece in pieces {
            self.policy(source, &places, piece, ours);
        }
        if self.problems.len() == before {
            self.whole(source, count);
        }
    }

    /// Whether Cedar sees as many policies in the whole text as we took out of it. Otherwise one
    /// was passed over, and nobody would know.
    fn whole(&mut self, source: &Source, count: usize) {
        let seen = source.text.parse::<PolicySet>();
        if seen.is_ok_and(|set| set.policies().count() == count && set.templates().count() == 0) {
            return;
        }
        let place = Place { file: source.name.clone(), line: 1, column: 1 };
        self.problems.push(place.problem(
            None,
            format!("{count} policies were read, and Cedar reads the text otherwise"),
            Some("look for comments and strings that end where they do not seem to".to_owned()),
        ));
    }

    /// Characters that make a text read differently from what it says.
    /// Source: <https://trojansource.codes>.
    fn hidden_characters(&mut self, source: &Source, places: &Places<'_>) {
        for (at, character) in source.text.char_indices().filter(|(_, c)| hides(*c)) {
            let (line, column) = places.place(at);
            let place = Place { file: source.name.clone(), line, column };
            let code = u32::from(character);
            self.problems.push(place.problem(
                None,
                format!("the invisible character U+{code:04X} makes the text read differently"),
                Some("delete it; inside a string write it as `\\u{…}`".to_owned()),
            ));
        }
    }

    fn policy(&mut self, source: &Source, places: &Places<'_>, piece: Piece<'_>, ours: bool) {
        let at = |offset: usize| {
            let (line, column) = places.place(piece.start.saturating_add(offset));
            Place { file: source.name.clone(), line, column }
        };
        if let Some(excess) = excess(piece.text) {
            let problem = at(excess.at).problem(None, excess.problem, Some(excess.remedy.into()));
            self.problems.push(problem);
            return;
        }
        let policy = match Policy::parse(None, piece.text) {
            Ok(policy) => policy,
            Err(errors) => {
                self.problems.extend(errors.iter().map(|error| {
                    let place = at(offset(error).unwrap_or(0));
                    place.problem(None, explained(error), help(error))
                }));
                return;
            }
        };
        let whole = at(0);
        let id = match policy.annotation("id") {
            Some(id) if is_id(id) => id.to_owned(),
            Some(id) => {
                self.problems.push(whole.problem(
                    None,
                    format!("`@id(\"{}\")` is not a name", id.escape_debug()),
                    Some("use up to 100 letters, digits, `-`, `_` and `.`".to_owned()),
                ));
                return;
            }
            None => {
                self.problems.push(whole.problem(
                    None,
                    "has no `@id`, so no decision could name it".to_owned(),
                    Some("add `@id(\"a-name-of-its-own\")` before it".to_owned()),
                ));
                return;
            }
        };
        if id.starts_with(RESERVED) && !ours {
            self.problems.push(whole.problem(
                Some(id),
                format!("ids that begin with `{RESERVED}` belong to the program"),
                Some("give it another id".to_owned()),
            ));
            return;
        }
        let json = match policy.to_json() {
            Ok(json) => json,
            Err(error) => {
                self.problems.push(whole.problem(Some(id), error.to_string(), None));
                return;
            }
        };
        let exception = exception::read(&id, &policy, &json).unwrap_or_else(|mistakes| {
            self.problems.extend(mistakes.into_iter().map(|mistake| {
                whole.problem(Some(id.clone()), mistake.problem, Some(mistake.remedy))
            }));
            None
        });
        for unknown in words::unknown(&json) {
            let problem = format!("`{}` is never `{}`", unknown.attribute, unknown.word);
            if unknown.known.is_empty() {
                let remedy = "this build knows no such name".to_owned();
                self.warnings.push(whole.problem(Some(id.clone()), problem, Some(remedy)));
            } else {
                let remedy = format!("it is one of {}", unknown.known.join(", "));
                self.problems.push(whole.problem(Some(id.clone()), problem, Some(remedy)));
            }
        }
        let text = piece.text.to_owned();
        self.accepted.push(Accepted { id, policy, json, exception, text, place: whole });
    }

    /// Two policies of one id would make one explanation of two decisions.
    fn repeats(&mut self) {
        let mut first: BTreeMap<&str, &Place> = BTreeMap::new();
        for accepted in &self.accepted {
            if let Some(Place { file, line, .. }) = first.get(accepted.id.as_str()) {
                self.problems.push(accepted.problem(
                    format!("its id stands at {file}:{line} already"),
                    Some("give every policy an id of its own".to_owned()),
                ));
            } else {
                first.insert(&accepted.id, &accepted.place);
            }
        }
    }

    /// Holds every policy to the schema, strictly.
    fn validate(&mut self) {
        let schema = match schema() {
            Ok(schema) => schema,
            Err(problem) => {
                let place = Place { file: "schema.cedarschema".to_owned(), line: 1, column: 1 };
                self.problems.push(place.problem(None, problem, None));
                return;
            }
        };
        let validator = Validator::new(schema.clone());
        for index in 0..self.accepted.len() {
            let Some(accepted) = self.accepted.get(index).cloned() else { continue };
            // One at a time, so that a repeated id does not keep a policy from being checked.
            let set = match PolicySet::from_policies([accepted.named()]) {
                Ok(set) => set,
                Err(error) => {
                    self.problems.push(accepted.problem(error.to_string(), None));
                    continue;
                }
            };
            let result = validator.validate(&set, ValidationMode::Strict);
            // Cedar says a mistake once for each action that it is a mistake for, in no order; the
            // first by its words will do.
            let mut mistakes: Vec<Problem> =
                result.validation_errors().map(|error| accepted.inside(error)).collect();
            mistakes.sort();
            mistakes.dedup_by_key(|mistake| (mistake.line, mistake.column));
            self.problems.append(&mut mistakes);
            for warning in result.validation_warnings() {
                let problem = accepted.inside(warning);
                if hidden(warning) {
                    self.problems.push(problem);
                } else {
                    self.warnings.push(problem);
                }
            }
        }
    }
}

/// Warnings about text that reads differently from what it says: for us an error.
fn hidden(warning: &ValidationWarning) -> bool {
    matches!(
        warning,
        ValidationWarning::BidiCharsInString(_) | ValidationWarning::BidiCharsInIdentifier(_)
    )
}

impl Accepted {
    /// The policy under its own id.
    pub(crate) fn named(&self) -> Policy {
        self.policy.new_id(PolicyId::new(&self.id))
    }

    /// A problem at a place that Cedar points to within this policy.
    fn inside(&self, diagnostic: &dyn Diagnostic) -> Problem {
        let (line, column) =
            offset(diagnostic).map_or((1, 1), |offset| Places::of(&self.text).place(offset));
        let column = if line == 1 {
            self.place.column.saturating_add(column).saturating_sub(1)
        } else {
            column
        };
        let line = self.place.line.saturating_add(line).saturating_sub(1);
        let at = Place { file: self.place.file.clone(), line, column };
        // Cedar names the policy in its texts; so do we, before them.
        let lead = format!("for policy `{}`, ", self.id);
        let problem = diagnostic.to_string().replace(&lead, "");
        let remedy = help(diagnostic).map(|help| help.replace(&lead, ""));
        at.problem(Some(self.id.clone()), problem, remedy)
    }
}

/// The first byte that a diagnostic points to.
fn offset(diagnostic: &dyn Diagnostic) -> Option<usize> {
    diagnostic.labels()?.map(|label| label.offset()).min()
}

fn help(diagnostic: &dyn Diagnostic) -> Option<String> {
    diagnostic.help().map(|help| help.to_string())
}

/// What is wrong, with what the diagnostic says of the place.
fn explained(diagnostic: &dyn Diagnostic) -> String {
    let labels: BTreeSet<String> = diagnostic
        .labels()
        .into_iter()
        .flatten()
        .filter_map(|label| label.label().map(str::to_owned))
        .collect();
    let mut text = diagnostic.to_string();
    for label in labels {
        text.push_str(": ");
        text.push_str(&label);
    }
    text
}

/// Whether a character changes how its neighbours read without being seen.
fn hides(character: char) -> bool {
    matches!(character,
        '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}'
        | '\u{2066}'..='\u{2069}' | '\u{00ad}' | '\u{061c}' | '\u{180e}')
        || (character == '\u{feff}')
}

fn is_id(id: &str) -> bool {
    let first = id.chars().next().is_some_and(|first| first.is_ascii_alphanumeric());
    let rest = id.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    first && rest && id.len() <= 100
}

/// A text with line endings made alike.
pub(crate) fn lines(text: &str) -> String {
    text.replace("\r\n", "\n")
}

#[cfg(test)]
mod tests {
    use proptest::{prelude::*, sample::select};

    use super::*;

    fn problems(name: &str, text: &str) -> Vec<String> {
        read(&[Source::new(name, text)]).problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn everything_wrong_is_named_at_once_with_its_place() {
        let text = "
@id(\"a\") permit (principal, action, resource) when { context.sevrity == \"high\" };
permit (principal, action, resource);
@id(\"b\") permit (principal, action, resource) when { context.severity == };
@id(\"a\") forbid (principal, action == Snapback::Action::\"revert\", resource)
  when { context.effective == \"yes\" };
@id(\"safety-observe\") permit (principal, action, resource);
@id(\"c\") forbid (principal, action == Snapback::Action::\"rever\", resource);
@id(\"d\") forbid (principal, action == Snapback::Action::\"revert\", resource)
  when { context.severity == \"hihg\" && principal.arn like \"*\" };
@id(\"e;\") forbid (principal, action == Snapback::Action::\"revert\", resource);
@id(\"f\") permit (principal == ?principal, action, resource);
";
        let found = problems("mine.cedar", text);
        let places: Vec<&str> = found.iter().filter_map(|one| one.split(": ").next()).collect();
        assert_eq!(
            places.join(" ").replace("mine.cedar:", ""),
            "2:54 3:1 4:74 5:1 6:10 7:1 8:39 9:1 10:40 11:1 12:31",
            "{found:#?}"
        );
        // Windows' line endings move nothing.
        let crlf = problems("mine.cedar", &text.replace('\n', "\r\n"));
        assert_eq!(crlf, found);
    }

    #[test]
    fn a_file_replaces_the_shipped_one_of_its_name_and_safety_stays() {
        let ids = |sources: &[Source]| {
            read(sources).accepted.into_iter().map(|policy| policy.id).collect::<Vec<_>>()
        };
        let shipped = ids(&[]);
        assert!(shipped.contains(&"default-tag".to_owned()));
        let mine =
            "@id(\"mine\") permit (principal, action == Snapback::Action::\"tag\", resource);";
        let replaced = ids(&[Source::new("some/folder/default.cedar", mine)]);
        assert!(!replaced.iter().any(|id| id.starts_with("default-")), "{replaced:?}");
        assert!(replaced.iter().any(|id| id == "safety-observe"));
        let added = ids(&[Source::new("mine.cedar", mine)]);
        assert_eq!(added.len(), shipped.len() + 1);
    }

    #[test]
    fn a_copy_of_what_is_compiled_in_passes_only_if_it_is_the_same() {
        let copies = [
            Source::new("policies/safety.cedar", SAFETY.replace('\n', "\r\n")),
            Source::new("policies/schema.cedarschema", SCHEMA),
            Source::new("policies/default.cedar", DEFAULT),
        ];
        assert_eq!(read(&copies).problems, []);
        let weakened = SAFETY.replace("context.breakerOpen", "false");
        assert_eq!(problems("safety.cedar", &weakened).len(), 1);
        assert_eq!(problems("x/schema.cedarschema", "namespace Snapback {}").len(), 1);
    }

    #[test]
    fn text_that_reads_differently_from_what_it_says_is_refused() {
        let comment = "// \u{202e} ;x\n@id(\"a\") permit (principal, action, resource);";
        assert!(problems("mine.cedar", comment)[0].contains("mine.cedar:1:4"));
        let escaped = "@id(\"a\") permit (principal, action, resource) when { principal.id == \"a\\u{202e}\" };";
        assert_eq!(problems("mine.cedar", escaped).len(), 1);
    }

    #[test]
    fn a_policy_that_can_never_apply_is_pointed_out() {
        let text = "@id(\"a\") permit (principal, action, resource) when { resource.kind == \"x\" && false };";
        let read = read(&[Source::new("mine.cedar", text)]);
        assert_eq!(read.problems, []);
        assert!(read.warnings[0].problem.contains("impossible"), "{:?}", read.warnings);
    }

    #[test]
    fn a_policy_behind_a_comment_is_read_however_the_line_ends() {
        for end in ["\n", "\r", "\r\n"] {
            let text = format!(
                "// c{end}@id(\"keep\") forbid (principal, action == Snapback::Action::\"revert\", resource);{end}"
            );
            let read = read(&[Source::new("mine.cedar", text)]);
            assert_eq!(read.problems, []);
            assert!(read.accepted.iter().any(|one| one.id == "keep"), "{end:?}");
        }
    }

    #[test]
    fn a_policy_that_was_passed_over_is_noticed() {
        let policy = "@id(\"a\") permit (principal, action, resource);";
        let mut read = Read::default();
        read.whole(&Source::new("mine.cedar", policy), 0);
        assert_eq!(read.problems.len(), 1);
        read.whole(&Source::new("mine.cedar", policy), 1);
        assert_eq!(read.problems.len(), 1);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn no_policy_is_ever_passed_over(
            between in prop::collection::vec(select(vec![
                "// ", "//", "\"", "\n", "\r", "\r\n", "\u{2028}", "\u{85}", "\u{c}", " ", "x", "/", ";", "\\",
            ]), 0..8),
            after in select(vec!["", "\n", "\r", "// end", "\""]),
        ) {
            let one = "@id(\"one\") permit (principal, action, resource);";
            let two = "@id(\"two\") permit (principal, action, resource);";
            let text = format!("{one}{}{two}{after}", between.concat());
            let read = read(&[Source::new("mine.cedar", text.clone())]);
            let mine: Vec<&str> = read.accepted.iter().map(|one| one.id.as_str()).filter(|id| ["one", "two"].contains(id)).collect();
            // A comment that does not end before the second policy is all that may hold it.
            let commented = text.parse::<PolicySet>().is_ok_and(|set| set.policies().count() == 1);
            prop_assert!(!read.problems.is_empty() || mine == ["one", "two"] || commented && mine == ["one"], "{:?}", text);
        }
    }

    #[test]
    fn the_examples_in_the_shipped_exceptions_are_valid() {
        let shipped = include_str!("../../../policies/exceptions.cedar");
        assert_eq!(read(&[Source::new("exceptions.cedar", shipped)]).problems, []);
        let examples: Vec<&str> =
            shipped.lines().filter_map(|line| line.strip_prefix("//   ")).collect();
        let examples = examples.join("\n");
        let read = read(&[Source::new("exceptions.cedar", examples)]);
        assert_eq!(read.problems, []);
        assert_eq!(read.accepted.iter().filter(|one| one.exception.is_some()).count(), 2);
    }
}
