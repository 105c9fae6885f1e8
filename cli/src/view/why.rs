//! Causes, as a tree.

use super::paint::{BOLD, DIM, painted};
use serde_json::{Value, json};
use terrane_ops::why::Cause;

/// For people.
pub(crate) fn human(out: &mut String, cause: &Cause, color: bool) {
    out.extend(["\n", &painted(color, BOLD, &cause.text), "\n"]);
    place(out, cause, "  ", color);
    branches(out, &cause.causes, "", color);
    out.push('\n');
}

fn branches(out: &mut String, causes: &[Cause], indent: &str, color: bool) {
    for (at, cause) in causes.iter().enumerate() {
        let last = at + 1 == causes.len();
        let [branch, beside] = if last {
            ["└─ ", "   "]
        } else {
            ["├─ ", "│  "]
        };
        out.extend([indent, branch, &cause.text, "\n"]);
        let inner = format!("{indent}{beside}");
        place(out, cause, &inner, color);
        branches(out, &cause.causes, &inner, color);
    }
}

fn place(out: &mut String, cause: &Cause, indent: &str, color: bool) {
    let Some(place) = &cause.place else { return };
    let text = format!("{}:{}  {}", place.file, place.line, place.source);
    out.extend([indent, &painted(color, DIM, &text), "\n"]);
}

/// As `terrane why -json` writes it.
pub(crate) fn document(cause: &Cause) -> Value {
    let mut document = json!({
        "text": cause.text,
        "causes": cause.causes.iter().map(document).collect::<Vec<_>>(),
    });
    if let (Some(place), Some(fields)) = (&cause.place, document.as_object_mut()) {
        let place = json!({"file": place.file, "line": place.line, "source": place.source});
        fields.insert("place".to_owned(), place);
    }
    document
}
