//! JSON for people: what fits on a line stands on one.

use serde_json::Value;

/// The value in lines of at most `width` characters, texts that are longer by themselves aside.
pub(super) fn pretty(value: &Value, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    put(&mut lines, "", value, "", 0, width);
    lines
}

/// Writes `head`, the value and `tail`, indented by `depth` levels.
fn put(lines: &mut Vec<String>, head: &str, value: &Value, tail: &str, depth: usize, width: usize) {
    let indent = "  ".repeat(depth);
    let whole = format!("{indent}{head}{}{tail}", flat(value));
    let opens = match value {
        Value::Object(members) if !members.is_empty() => Some(('{', '}')),
        Value::Array(items) if !items.is_empty() => Some(('[', ']')),
        Value::Object(_)
        | Value::Array(_)
        | Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_) => None,
    };
    let fits = whole.chars().count() <= width;
    let Some((open, close)) = opens.filter(|_| !fits) else {
        lines.push(whole);
        return;
    };
    lines.push(format!("{indent}{head}{open}"));
    let deeper = depth.saturating_add(1);
    let comma = |index: usize, count: usize| if index.saturating_add(1) < count { "," } else { "" };
    match value {
        Value::Object(members) => {
            for (index, (name, member)) in members.iter().enumerate() {
                let head = format!("{}: ", Value::from(name.as_str()));
                put(lines, &head, member, comma(index, members.len()), deeper, width);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                put(lines, "", item, comma(index, items.len()), deeper, width);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    lines.push(format!("{indent}{close}{tail}"));
}

/// The value on one line, with blanks after colons and commas.
fn flat(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let members: Vec<String> = members
                .iter()
                .map(|(name, member)| format!("{}: {}", Value::from(name.as_str()), flat(member)))
                .collect();
            format!("{{{}}}", members.join(", "))
        }
        Value::Array(items) => {
            format!("[{}]", items.iter().map(flat).collect::<Vec<_>>().join(", "))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_fits_stands_on_one_line_and_the_rest_is_broken_from_outside() {
        let value = json!({"Bucket": "b", "Grants": [{"A": 1, "B": [2, 3]}, {"A": null}], "E": {}});
        assert_eq!(pretty(&value, 99).len(), 1);
        assert_eq!(
            pretty(&value, 26),
            [
                "{",
                r#"  "Bucket": "b","#,
                r#"  "Grants": ["#,
                r#"    {"A": 1, "B": [2, 3]},"#,
                r#"    {"A": null}"#,
                "  ],",
                r#"  "E": {}"#,
                "}"
            ]
        );
    }

    #[test]
    fn lines_together_are_the_same_json() {
        let value = json!({"a\n\"": [[], [1, {"b": "x".repeat(50)}], true], "c": null});
        for width in [0, 10, 40, 200] {
            let text = pretty(&value, width).join("\n");
            assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value, "{width}");
        }
    }
}
