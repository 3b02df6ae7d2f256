//! `template.yaml` as data: the short forms of `CloudFormation`'s functions written out.

use serde_json::{Map, Value};
use serde_yaml_ng::Value as Yaml;

use crate::{Problem, Result, stack::text, workspace};

/// The template, or a version of it that a test has damaged.
#[derive(Debug, Clone, PartialEq)]
pub struct Template {
    /// The whole document.
    pub document: Value,
}

impl Template {
    /// The workspace's own template.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read() -> Result<Self> {
        Self::parse(&workspace::read("template.yaml")?)
    }

    /// Reads a template.
    ///
    /// # Errors
    /// When it is not YAML.
    pub fn parse(yaml: &str) -> Result<Self> {
        let document: Yaml = serde_yaml_ng::from_str(yaml)
            .map_err(|source| Problem::Yaml { what: "the template".to_owned(), source })?;
        Ok(Self { document: written_out(document) })
    }

    /// The resources by logical id.
    #[must_use]
    pub fn resources(&self) -> Vec<Resource<'_>> {
        let resources = self.document.pointer("/Resources").and_then(Value::as_object);
        let resources = resources.into_iter().flatten();
        resources.map(|(name, body)| Resource { name, body }).collect()
    }

    /// The resources of one type.
    #[must_use]
    pub fn of_type(&self, kind: &str) -> Vec<Resource<'_>> {
        self.resources().into_iter().filter(|resource| resource.kind() == kind).collect()
    }

    /// A resource by its logical id.
    #[must_use]
    pub fn resource(&self, name: &str) -> Option<Resource<'_>> {
        self.resources().into_iter().find(|resource| resource.name == name)
    }

    /// The parameters by name.
    #[must_use]
    pub fn parameters(&self) -> Vec<(&str, &Value)> {
        let parameters = self.document.pointer("/Parameters").and_then(Value::as_object);
        parameters.into_iter().flatten().map(|(name, body)| (name.as_str(), body)).collect()
    }

    /// The Lambda functions, each with the id of the control that its binary answers.
    #[must_use]
    pub fn functions(&self) -> Vec<(String, Resource<'_>)> {
        let functions = self.of_type("AWS::Serverless::Function").into_iter();
        functions
            .map(|function| (text(function.body, "/Metadata/BuildProperties/Binary"), function))
            .collect()
    }
}

/// One resource of a template.
#[derive(Debug, Clone, Copy)]
pub struct Resource<'a> {
    /// Its logical id.
    pub name: &'a str,
    /// Everything about it.
    pub body: &'a Value,
}

impl<'a> Resource<'a> {
    /// Its type, `AWS::SQS::Queue`.
    #[must_use]
    pub fn kind(&self) -> &'a str {
        self.at("/Type").as_str().unwrap_or_default()
    }

    /// What stands at a JSON pointer within it; null where nothing does.
    #[must_use]
    pub fn at(&self, pointer: &str) -> &'a Value {
        self.body.pointer(pointer).unwrap_or(&Value::Null)
    }

    /// One of its properties; null where it is not set.
    #[must_use]
    pub fn property(&self, name: &str) -> &'a Value {
        self.at("/Properties").get(name).unwrap_or(&Value::Null)
    }

    /// The condition under which there is one.
    #[must_use]
    pub fn condition(&self) -> Option<&'a str> {
        self.at("/Condition").as_str()
    }

    /// The statements of its policy document.
    #[must_use]
    pub fn statements(&self) -> Vec<&'a Value> {
        let document = ["/Properties/PolicyDocument/Statement", "/Properties/KeyPolicy/Statement"];
        let statements = document.iter().filter_map(|path| self.at(path).as_array());
        statements.flatten().collect()
    }
}

/// One value or a list of them, as a list.
#[must_use]
pub fn list(value: &Value) -> Vec<&Value> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(items) => items.iter().collect(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => vec![value],
    }
}

/// The texts among one value or a list of them.
#[must_use]
pub fn texts(value: &Value) -> Vec<&str> {
    list(value).into_iter().filter_map(Value::as_str).collect()
}

/// The logical id that a `Ref` or `Fn::GetAtt` names.
#[must_use]
pub fn referred(value: &Value) -> Option<&str> {
    let attribute = value.pointer("/Fn::GetAtt/0").and_then(Value::as_str);
    value.get("Ref").and_then(Value::as_str).or(attribute)
}

fn written_out(yaml: Yaml) -> Value {
    match yaml {
        Yaml::Null => Value::Null,
        Yaml::Bool(truth) => truth.into(),
        Yaml::Number(number) => number
            .as_i64()
            .map(Value::from)
            .or_else(|| number.as_f64().map(Value::from))
            .unwrap_or_default(),
        Yaml::String(text) => text.into(),
        Yaml::Sequence(items) => items.into_iter().map(written_out).collect(),
        Yaml::Mapping(members) => members
            .into_iter()
            .map(|(key, value)| {
                let key = written_out(key);
                let key = key.as_str().map_or_else(|| key.to_string(), str::to_owned);
                (key, written_out(value))
            })
            .collect::<Map<String, Value>>()
            .into(),
        Yaml::Tagged(tagged) => {
            let tag = tagged.tag.to_string();
            let name = tag.trim_start_matches('!');
            let value = written_out(tagged.value);
            let (name, value) = match (name, value) {
                ("Ref" | "Condition", value) => (name.to_owned(), value),
                ("GetAtt", Value::String(path)) => {
                    let (id, attribute) = path.split_once('.').unwrap_or((path.as_str(), ""));
                    ("Fn::GetAtt".to_owned(), vec![id, attribute].into())
                }
                (other, value) => (format!("Fn::{other}"), value),
            };
            Value::Object(Map::from_iter([(name, value)]))
        }
    }
}
