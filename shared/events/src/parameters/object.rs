//! An object's members, with readers that take every shape CloudTrail has written them in.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use serde_json::value::RawValue;

use crate::{
    parameters::{Field, Unusable},
    raw::{self, Shape},
};

/// An object of a record, for reading its members by name.
#[derive(Debug, Clone)]
pub struct Object<'a> {
    path: Cow<'static, str>,
    members: Vec<(Cow<'a, str>, &'a RawValue)>,
}

impl<'a> Object<'a> {
    /// Finds the members of an object that stands at `path` in the record.
    ///
    /// # Errors
    /// [`Unusable::Malformed`] when it is no object.
    pub fn new(path: impl Into<Cow<'static, str>>, raw: &'a RawValue) -> Field<Self> {
        let path = path.into();
        match serde_json::from_str::<Members<'a>>(raw.get()) {
            Ok(members) => Ok(Self { path, members: members.0 }),
            Err(error) => {
                let why = if Shape::of(raw) == Shape::Object {
                    error.to_string()
                } else {
                    format!("it is {}, not an object", Shape::of(raw).in_words())
                };
                Err(Unusable::Malformed { path, why })
            }
        }
    }

    /// A member that is there and not null. Of a repeated member the last counts.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&'a RawValue> {
        let named = self.members.iter().rev().find(|(key, _)| key == name);
        raw::present(named.map(|(_, member)| *member))
    }

    /// The first of several spellings of a member that is there, with that spelling.
    #[must_use]
    pub fn get_any<'n>(&self, names: &[&'n str]) -> Option<(&'n str, &'a RawValue)> {
        names.iter().find_map(|name| self.get(name).map(|member| (*name, member)))
    }

    /// Whether the member is there at all, be it empty: subresources are marked so (`"acl": ""`,
    /// earlier `"acl": [""]`).
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Whether the member is absent, or an empty text or a list of such: it says nothing.
    #[must_use]
    pub fn is_blank(&self, name: &str) -> bool {
        let blank = |member: &RawValue| raw::string(member).is_some_and(|text| text.is_empty());
        self.get(name).is_none_or(|member| {
            blank(member)
                || raw::elements(member).is_some_and(|elements| elements.into_iter().all(blank))
        })
    }

    /// The names of all members, as written.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.members.iter().map(|(name, _)| name.as_ref())
    }

    /// A text: a string, a list of one string, or the literal of a number or boolean.
    ///
    /// # Errors
    /// [`Unusable`] when it is absent, empty or none of these.
    pub fn text(&self, name: &str) -> Field<String> {
        self.text_of(name, self.member(name)?)
    }

    /// [`Object::text`] under the first of several spellings that is there.
    ///
    /// # Errors
    /// As [`Object::text`].
    pub fn text_any(&self, names: &[&str]) -> Field<String> {
        match self.get_any(names) {
            Some((name, member)) => self.text_of(name, member),
            None => Err(self.absent(names.first().unwrap_or(&""))),
        }
    }

    /// The text of a header, which is written in any case and in exports with underscores.
    ///
    /// # Errors
    /// As [`Object::text`].
    pub fn header(&self, header: &str) -> Field<String> {
        self.text(self.spelling_of(header).unwrap_or(header))
    }

    fn spelling_of(&self, header: &str) -> Option<&str> {
        let plain = |byte: u8| if byte == b'_' { b'-' } else { byte.to_ascii_lowercase() };
        self.names().find(|name| name.bytes().map(plain).eq(header.bytes()))
    }

    fn text_of(&self, name: &str, member: &RawValue) -> Field<String> {
        let member = self.only(name, member)?;
        match raw::scalar(member) {
            Some(text) if text.is_empty() => Err(self.malformed(name, "it is empty".to_owned())),
            Some(text) => Ok(text.into_owned()),
            None => Err(self.wrong(name, member, "text")),
        }
    }

    /// A boolean, or its text.
    ///
    /// # Errors
    /// [`Unusable`] when it is absent or something else.
    pub fn flag(&self, name: &str) -> Field<bool> {
        let member = self.only(name, self.member(name)?)?;
        raw::flag(Some(member)).ok_or_else(|| self.wrong(name, member, "a boolean"))
    }

    /// A whole number, or its text.
    ///
    /// # Errors
    /// [`Unusable`] when it is absent, negative, beyond 64 bits or something else.
    pub fn number(&self, name: &str) -> Field<u64> {
        let member = self.only(name, self.member(name)?)?;
        raw::scalar(member)
            .and_then(|text| text.parse().ok())
            .ok_or_else(|| self.wrong(name, member, "a whole number"))
    }

    /// An object within.
    ///
    /// # Errors
    /// [`Unusable`] when it is absent or something else.
    pub fn object(&self, name: &str) -> Field<Object<'a>> {
        let member = self.only(name, self.member(name)?)?;
        Object::new(self.path_of(name), member)
    }

    /// The objects of a list; of XML, a list of one is written as its element, and an empty one as
    /// an empty text or object.
    ///
    /// # Errors
    /// [`Unusable`] when it is absent, or when an element is no object.
    pub fn objects(&self, name: &str) -> Field<Vec<Object<'a>>> {
        let member = self.member(name)?;
        let elements = match Shape::of(member) {
            Shape::Array => raw::elements(member).unwrap_or_default(),
            Shape::Null | Shape::Bool | Shape::Number | Shape::Text | Shape::Object => vec![member],
        };
        let blank = |element: &&RawValue| raw::string(element).is_none_or(|text| !text.is_empty());
        elements
            .into_iter()
            .filter(blank)
            .enumerate()
            .map(|(index, element)| {
                Object::new(format!("{}[{index}]", self.path_of(name)), element)
            })
            .collect()
    }

    /// A document's JSON text: as it stands where it is an object, decoded where it is a string,
    /// URL-decoded where the string is so encoded, as IAM's answers are.
    ///
    /// # Errors
    /// [`Unusable`] when it is absent, empty or neither.
    pub fn document(&self, name: &str) -> Field<String> {
        let member = self.only(name, self.member(name)?)?;
        if Shape::of(member) == Shape::Object {
            if Object::new(self.path_of(name), member)?.flag("omitted") == Ok(true) {
                return Err(Unusable::Omitted { path: self.path_of(name) });
            }
            return Ok(member.get().to_owned());
        }
        let Some(text) = raw::string(member) else {
            return Err(self.wrong(name, member, "a document"));
        };
        let trimmed = text.trim_start();
        if trimmed.is_empty() {
            return Err(self.malformed(name, "it is empty".to_owned()));
        }
        if trimmed.starts_with('%') {
            let decoded = percent_decode_str(trimmed);
            // Encoded from the first character on, white space before the document included.
            let begins = decoded.clone().find(|byte| !byte.is_ascii_whitespace());
            if matches!(begins, Some(b'{' | b'"')) {
                return match decoded.decode_utf8() {
                    Ok(decoded) => Ok(decoded.into_owned()),
                    Err(error) => Err(self.malformed(name, format!("URL-encoded, but {error}"))),
                };
            }
        }
        Ok(text.into_owned())
    }

    /// The member itself, or its one element where it is a list of one: until 2019 headers and
    /// query parameters were written so.
    fn only(&self, name: &str, member: &'a RawValue) -> Field<&'a RawValue> {
        if Shape::of(member) != Shape::Array {
            return Ok(member);
        }
        let elements = raw::elements(member).unwrap_or_default();
        match elements.as_slice() {
            [one] => Ok(one),
            [] => Err(self.absent(name)),
            more => Err(self.malformed(name, format!("{} values where one is meant", more.len()))),
        }
    }

    fn member(&self, name: &str) -> Field<&'a RawValue> {
        self.get(name).ok_or_else(|| self.absent(name))
    }

    fn path_of(&self, name: &str) -> Cow<'static, str> {
        format!("{}.{name}", self.path).into()
    }

    /// The error for a member that is not there.
    #[must_use]
    pub fn absent(&self, name: &str) -> Unusable {
        Unusable::Absent { path: self.path_of(name) }
    }

    /// The error for a member of a form that means nothing.
    #[must_use]
    pub fn malformed(&self, name: &str, why: String) -> Unusable {
        Unusable::Malformed { path: self.path_of(name), why }
    }

    fn wrong(&self, name: &str, member: &RawValue, expected: &str) -> Unusable {
        let found = Shape::of(member).in_words();
        self.malformed(name, format!("expected {expected}, found {found}"))
    }
}

/// All members in order, keys decoded.
struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> serde::Deserialize<'de> for Members<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor<'a>(std::marker::PhantomData<&'a ()>);
        impl<'de: 'a, 'a> serde::de::Visitor<'de> for Visitor<'a> {
            type Value = Members<'a>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(
                self,
                mut map: A,
            ) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(key) = map.next_key::<raw::Lossy<'a>>()? {
                    members.push((key.0, map.next_value()?));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Visitor(std::marker::PhantomData))
    }
}
