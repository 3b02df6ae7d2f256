//! Patterns of `*` and `?`, matched in linear time and compared as languages.
//!
//! Matching runs all alternatives side by side in a bit set, so no pattern makes it slow.
//! Besides matching, a pattern can be asked whether it covers another (every text that the other
//! matches) and whether the two overlap (some text that both match).

/// How a text becomes a pattern.
///
/// Variables exist only in documents of version 2012-10-17, where `${*}`, `${?}` and `${$}` stand
/// for the characters themselves.
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html>.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Syntax {
    /// `*` and `?` are wildcards rather than characters.
    pub wildcards: bool,
    /// `${…}` is a variable rather than text.
    pub variables: bool,
}

impl Syntax {
    /// Wildcards, no variables: the patterns of configuration.
    pub const GLOB: Self = Self { wildcards: true, variables: false };
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token {
    /// Itself.
    Char(char),
    /// `?`: any one character.
    One,
    /// `*`: any run of characters, `:` and `/` among them.
    Any,
    /// `${…}`: whatever the request holds.
    Variable,
}

/// A pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    tokens: Vec<Token>,
}

impl Pattern {
    /// Reads a pattern.
    #[must_use]
    pub fn parse(text: &str, syntax: Syntax) -> Self {
        let mut tokens: Vec<Token> = Vec::with_capacity(text.len());
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let (token, left) = if syntax.variables && rest.starts_with("${") {
                variable(rest)
            } else {
                let left = rest.strip_prefix(first).unwrap_or_default();
                match first {
                    '*' if syntax.wildcards => (Token::Any, left),
                    '?' if syntax.wildcards => (Token::One, left),
                    other => (Token::Char(other), left),
                }
            };
            rest = left;
            // A run of stars says no more than one.
            if token != Token::Any || tokens.last() != Some(&Token::Any) {
                tokens.push(token);
            }
        }
        Self { tokens }
    }

    /// Reads a pattern of ASCII-insensitive text, such as an action.
    #[must_use]
    pub fn parse_lowercase(text: &str, syntax: Syntax) -> Self {
        Self::parse(&text.to_ascii_lowercase(), syntax)
    }

    /// Whether it matches one text only.
    #[must_use]
    pub fn is_literal(&self) -> bool {
        self.tokens.iter().all(|token| matches!(token, Token::Char(_)))
    }

    /// Whether it holds a variable.
    #[must_use]
    pub fn has_variable(&self) -> bool {
        self.tokens.contains(&Token::Variable)
    }

    /// Whether it consists of stars only and so matches everything.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.tokens == [Token::Any]
    }

    /// Whether nothing of it is fixed: it is empty or made of wildcards and variables only.
    #[must_use]
    pub fn has_no_fixed_part(&self) -> bool {
        !self.tokens.iter().any(|token| matches!(token, Token::Char(_)))
    }

    /// The fixed text before the first wildcard or variable.
    #[must_use]
    pub fn head(&self) -> String {
        self.tokens
            .iter()
            .map_while(|token| match token {
                Token::Char(char) => Some(*char),
                Token::One | Token::Any | Token::Variable => None,
            })
            .collect()
    }

    /// The parts between colons, at most `count`: the last keeps its colons.
    #[must_use]
    pub fn segments(&self, count: usize) -> Vec<Self> {
        self.tokens
            .splitn(count, |token| *token == Token::Char(':'))
            .map(|tokens| Self { tokens: tokens.to_vec() })
            .collect()
    }

    /// Whether the text is matched. A variable may stand for anything.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        // Most patterns are decided by their fixed beginning.
        let mut chars = text.chars();
        let mut tokens = self.tokens.as_slice();
        while let Some((Token::Char(wanted), rest)) = tokens.split_first() {
            if chars.next() != Some(*wanted) {
                return false;
            }
            tokens = rest;
        }
        match tokens {
            [] => chars.next().is_none(),
            [Token::Any] => true,
            _ => {
                let mut run = Run::new(tokens, Doubt::Anything);
                chars.all(|char| run.step(Token::Char(char))) && run.is_accepted()
            }
        }
    }

    /// Whether every text that `other` matches is matched here too. Where that is not plain to see
    /// the answer is no: the fail-safe one for a Deny that should close an Allow.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        if self.is_everything() || (self == other && !self.has_variable()) {
            return true;
        }
        let mut run = Run::new(&self.tokens, Doubt::Nothing);
        other.tokens.iter().all(|token| run.step(*token)) && run.is_accepted()
    }

    /// Whether some text is matched by both. A variable may stand for anything.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        if self.is_everything() || other.is_everything() {
            return true;
        }
        // A row of the table says which ends of `other` can be reached together with a given start
        // of `self`; both only grow, so one pass is enough.
        let mut row = vec![false; other.tokens.len().saturating_add(1)];
        if let Some(start) = row.first_mut() {
            *start = true;
        }
        swallow(&mut row, &other.tokens, false);
        for token in &self.tokens {
            let many = is_many(*token);
            let mut next = if many { row.clone() } else { vec![false; row.len()] };
            for ((reached, theirs), at) in row.iter().zip(&other.tokens).zip(0_usize..) {
                if *reached && !many {
                    if is_many(*theirs)
                        && let Some(slot) = next.get_mut(at)
                    {
                        *slot = true;
                    }
                    if agree(*token, *theirs)
                        && let Some(slot) = next.get_mut(at.saturating_add(1))
                    {
                        *slot = true;
                    }
                }
            }
            swallow(&mut next, &other.tokens, many);
            row = next;
        }
        row.last().copied().unwrap_or_default()
    }
}

/// Reads `${…}` at the start of the text. One that is not closed is plain text.
fn variable(text: &str) -> (Token, &str) {
    let body = text.strip_prefix("${").and_then(|inside| inside.split_once('}'));
    match body {
        Some(("*", left)) => (Token::Char('*'), left),
        Some(("?", left)) => (Token::Char('?'), left),
        Some(("$", left)) => (Token::Char('$'), left),
        Some((_, left)) => (Token::Variable, left),
        None => (Token::Char('$'), text.strip_prefix('$').unwrap_or_default()),
    }
}

const fn is_many(token: Token) -> bool {
    matches!(token, Token::Any | Token::Variable)
}

/// Whether two single-character tokens can stand for the same character.
fn agree(ours: Token, theirs: Token) -> bool {
    match (ours, theirs) {
        (Token::Char(a), Token::Char(b)) => a == b,
        (Token::Char(_) | Token::One, Token::Char(_) | Token::One) => true,
        (Token::Any | Token::Variable, _) | (_, Token::Any | Token::Variable) => false,
    }
}

/// Spreads what is reached along tokens that may stand for nothing, or, where the other side is in
/// the middle of a star, along any token.
fn swallow(row: &mut [bool], tokens: &[Token], all: bool) {
    let mut carry = false;
    for (slot, token) in row.iter_mut().zip(tokens.iter().map(Some).chain([None])) {
        *slot = *slot || carry;
        carry = *slot && token.is_some_and(|token| all || is_many(*token));
    }
}

/// How a variable in the pattern is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Doubt {
    /// It may stand for any text.
    Anything,
    /// Nothing is sure to be matched by it.
    Nothing,
}

/// All alternatives of a match, side by side: bit `i` is set when the first `i` tokens have matched
/// what was read so far.
struct Run<'p> {
    tokens: &'p [Token],
    states: Vec<u64>,
    doubt: Doubt,
}

impl<'p> Run<'p> {
    fn new(tokens: &'p [Token], doubt: Doubt) -> Self {
        let words = tokens.len().div_euclid(64).saturating_add(1);
        let mut run = Self { tokens, states: vec![0; words], doubt };
        if let Some(first) = run.states.first_mut() {
            *first = 1;
        }
        run.spread();
        run
    }

    fn stays(&self, token: Token) -> bool {
        match token {
            Token::Any => true,
            Token::Variable => self.doubt == Doubt::Anything,
            Token::Char(_) | Token::One => false,
        }
    }

    /// A star may match nothing: what reaches it reaches beyond it.
    fn spread(&mut self) {
        let mut carry = false;
        let mut tokens = self.tokens.iter();
        for word in &mut self.states {
            for bit in 0..64_u32 {
                let mask = 1_u64.wrapping_shl(bit);
                if carry {
                    *word |= mask;
                }
                let Some(token) = tokens.next() else { return };
                carry = *word & mask != 0
                    && match token {
                        Token::Any => true,
                        Token::Variable => self.doubt == Doubt::Anything,
                        Token::Char(_) | Token::One => false,
                    };
            }
        }
    }

    /// Reads one token of the other side; says whether any alternative is left.
    fn step(&mut self, read: Token) -> bool {
        let mut carry = 0_u64;
        let mut alive = 0_u64;
        let mut chunks = self.tokens.chunks(64);
        let mut next = Vec::with_capacity(self.states.len());
        for word in &self.states {
            let mut moves = 0_u64;
            let mut stays = 0_u64;
            if *word != 0 {
                for (token, bit) in chunks.next().unwrap_or_default().iter().zip(0_u32..) {
                    let mask = 1_u64.wrapping_shl(bit);
                    if *word & mask == 0 {
                        continue;
                    }
                    if self.stays(*token) {
                        stays |= mask;
                    } else if agree(*token, read) {
                        moves |= mask;
                    }
                    // A `?` of the other side may be a character that ours is not.
                    if read == Token::One && matches!(token, Token::Char(_)) {
                        moves &= !mask;
                    }
                }
            } else {
                chunks.next();
            }
            let word = stays | moves.wrapping_shl(1) | carry;
            carry = moves.wrapping_shr(63);
            alive |= word;
            next.push(word);
        }
        self.states = next;
        self.spread();
        alive != 0
    }

    fn is_accepted(&self) -> bool {
        let end = self.tokens.len();
        let bit = u32::try_from(end.rem_euclid(64)).unwrap_or_default();
        self.states.get(end.div_euclid(64)).is_some_and(|word| word & 1_u64.wrapping_shl(bit) != 0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn glob(text: &str) -> Pattern {
        Pattern::parse(text, Syntax::GLOB)
    }

    /// The textbook definition, exponential and plain.
    fn slow(pattern: &[char], text: &[char]) -> bool {
        match (pattern.split_first(), text.split_first()) {
            (None, None) => true,
            (Some((&'*', rest)), _) => {
                slow(rest, text) || (!text.is_empty() && slow(pattern, &text[1..]))
            }
            (Some((&'?', rest)), Some((_, left))) => slow(rest, left),
            (Some((p, rest)), Some((t, left))) => p == t && slow(rest, left),
            (None, Some(_)) | (Some(_), None) => false,
        }
    }

    #[test]
    fn stars_cross_colons_and_slashes() {
        assert!(glob("arn:aws:iam::*:role/x").matches("arn:aws:iam::1/2:3:role/x"));
        assert!(!glob("a?c").matches("ac"));
        assert!(glob("*").matches("") && glob("").matches("") && !glob("").matches("a"));
    }

    #[test]
    fn variables_and_escapes_exist_only_where_the_version_has_them() {
        let new = Syntax { wildcards: true, variables: true };
        assert!(Pattern::parse("vpc-${*}", new).is_literal());
        assert!(Pattern::parse("vpc-${*}", new).matches("vpc-*"));
        assert!(Pattern::parse("${aws:username}", new).has_variable());
        assert!(Pattern::parse("home/${aws:username}/x", new).matches("home/anna/x"));
        let old = Syntax { wildcards: false, variables: false };
        assert!(Pattern::parse("${aws:username}", old).matches("${aws:username}"));
        assert!(Pattern::parse("${open", new).is_literal());
    }

    #[test]
    fn covering_is_inclusion_and_never_guessed() {
        for (wide, narrow) in [
            ("*", "a?*"),
            ("s3:*", "s3:get*"),
            ("arn:*:bucket/*", "arn:aws:s3:::bucket/*"),
            ("a?", "ab"),
        ] {
            assert!(glob(wide).covers(&glob(narrow)), "{wide} {narrow}");
            assert!(!glob(narrow).covers(&glob(wide)), "{narrow} {wide}");
        }
        assert!(!glob("ab").covers(&glob("a?")));
        let variable =
            Pattern::parse("${aws:username}", Syntax { wildcards: true, variables: true });
        assert!(!variable.covers(&glob("anna")) && glob("*").covers(&variable));
    }

    #[test]
    fn a_wildcard_bomb_is_matched_in_linear_time() {
        let pattern = glob(&"a*?".repeat(300));
        let text = "a".repeat(4_000);
        assert!(pattern.matches(&text));
        assert!(!glob(&format!("{}b", "*a?".repeat(300))).matches(&text));
    }

    proptest! {
        #[test]
        fn matches_what_the_definition_matches(pattern in "[ab*?]{0,9}", text in "[ab]{0,9}") {
            let (p, t): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
            prop_assert_eq!(glob(&pattern).matches(&text), slow(&p, &t));
        }

        #[test]
        fn long_patterns_match_across_words(head in "[ab]{60,70}", text in "[ab]{0,9}", tail in "[ab]{60,70}") {
            let star = format!("{head}*{tail}");
            let whole = format!("{head}{text}{tail}");
            prop_assert!(glob(&star).matches(&whole));
            let longer = whole.clone() + "c";
            prop_assert!(!glob(&star).matches(&longer));
            prop_assert!(glob(&star).covers(&glob(&whole)));
        }

        #[test]
        fn covering_means_matching_all_that_the_other_matches(
            wide in "[ab*?]{0,6}", narrow in "[ab*?]{0,6}", text in "[ab]{0,7}",
        ) {
            if glob(&wide).covers(&glob(&narrow)) && glob(&narrow).matches(&text) {
                prop_assert!(glob(&wide).matches(&text));
            }
        }

        #[test]
        fn two_patterns_that_match_one_text_overlap(
            one in "[ab*?]{0,6}", other in "[ab*?]{0,6}", text in "[ab]{0,7}",
        ) {
            if glob(&one).matches(&text) && glob(&other).matches(&text) {
                prop_assert!(glob(&one).overlaps(&glob(&other)));
            }
            if glob(&other).is_literal() {
                prop_assert_eq!(glob(&one).overlaps(&glob(&other)), glob(&one).matches(&other));
            }
        }
    }
}
