use super::*;
use crate::source::SourceMap;

const TEXT: &str =
    "locals {\n\ta = 1\n}\nresource \"x\" \"y\" {\n  foo = bar # é\n  list = [\n    1,\n  ]\n}\n";

fn map() -> SourceMap {
    let mut map = SourceMap::default();
    let _file = map.add("main.tf", TEXT);
    map
}

fn at(map: &SourceMap, part: &str) -> Span {
    let start = u32::try_from(TEXT.find(part).unwrap()).unwrap();
    let (file, _) = map.iter().next().unwrap();
    Span::new(file, start, start + u32::try_from(part.len()).unwrap())
}

/// What a provider says of a place is not said once more by the engine in the same words; other words, other places and errors stay.
#[test]
fn echoes_are_dropped() {
    let map = map();
    let (bar, list) = (at(&map, "bar"), at(&map, "list"));
    let own = |text: &str, place| Diagnostic {
        code: Some("T0001"),
        context: Some(place),
        ..Diagnostic::warning(Headline::foreign("Old"), text)
    };
    let mut all = Diagnostics::new();
    all.extend([
        own("use new", bar),
        own("use new", list),
        own("use another", bar),
        Diagnostic {
            severity: Severity::Error,
            ..own("use new", bar)
        },
        Diagnostic::warning(Headline::foreign("Deprecated"), "use new").at(bar),
    ]);
    all.drop_echoes();
    let left: Vec<_> = all.iter().map(|one| (one.code, &*one.detail)).collect();
    let ours = Some("T0001");
    assert_eq!(
        left,
        [
            (ours, "use new"),
            (ours, "use another"),
            (ours, "use new"),
            (None, "use new")
        ]
    );
}

#[test]
fn shows_the_line_and_underlines_the_subject() {
    let map = map();
    let mut diagnostic = Diagnostic::error(
        Headline::foreign("Invalid reference"),
        "A reference is needed here, not a bare word.",
    )
    .at(at(&map, "bar"))
    .about("x.y[\"a\"]")
    .related(at(&map, "a = 1"), "first set here")
    .hint("write x.bar");
    diagnostic
        .values
        .push(("each.key".into(), "is \"a\"".into()));
    diagnostic.function = Some("upper(str)".into());
    let expect = "\
Error: Invalid reference

  with x.y[\"a\"],
  on main.tf line 5, in resource \"x\" \"y\":
   5:   foo = bar # é
              ^^^
    ├────────────────
    │ while calling upper(str)
    │ each.key is \"a\"
  see main.tf line 2, in locals (first set here):
   2: \ta = 1
      \t^^^^^

A reference is needed
here, not a bare word.

Hint: write x.bar
";
    assert_eq!(render(&map, &diagnostic, Style::Plain, 24), expect);
    let boxed = render(&map, &diagnostic, Style::Boxed, 0);
    assert!(
        boxed.starts_with("╷\n│ Error: Invalid reference\n│\n│   with"),
        "{boxed}"
    );
    assert!(boxed.ends_with("│ Hint: write x.bar\n╵\n"), "{boxed}");
    let color = render(&map, &diagnostic, Style::Color, 0);
    assert!(color.contains("\u{1b}[31m│\u{1b}[0m"), "{color}");
    assert!(color.contains("foo = \u{1b}[4mbar\u{1b}[0m # é"), "{color}");
}

#[test]
fn several_lines_and_empty_ranges() {
    let map = map();
    let text = render(
        &map,
        &Diagnostic::warning(Headline::foreign("W"), "").at(at(&map, "[\n    1,\n  ]")),
        Style::Plain,
        0,
    );
    let expect = "Warning: W\n\n  on main.tf line 6, in resource \"x\" \"y\":\n   6:   list = [\n               ^\n   7:     1,\n          ^^\n   8:   ]\n        ^\n";
    assert_eq!(text, expect);
    let mut empty = at(&map, "foo");
    empty.end = empty.start;
    let text = render(
        &map,
        &Diagnostic::error(Headline::foreign("E"), "").at(empty),
        Style::Plain,
        0,
    );
    assert!(
        text.ends_with("   5:   foo = bar # é\n        ^\n"),
        "{text}"
    );
    let end = Span::new(
        empty.file,
        u32::try_from(TEXT.len()).unwrap(),
        u32::try_from(TEXT.len()).unwrap(),
    );
    assert!(
        render(
            &map,
            &Diagnostic::error(Headline::foreign("E"), "").at(end),
            Style::Plain,
            0
        )
        .starts_with("Error: E\n\n  on main.tf line 10:\n")
    );
}

/// What the source or a value holds cannot steer the terminal.
#[test]
fn control_characters_are_replaced() {
    let mut map = SourceMap::default();
    let file = map.add("a\u{1b}[2J.tf", "x = \"\u{1b}[31m\"\n");
    let text = render(
        &map,
        &Diagnostic::error(Headline::foreign("E\u{1b}"), "d\u{7}").at(Span::new(file, 4, 11)),
        Style::Plain,
        0,
    );
    assert!(!text.contains(['\u{1b}', '\u{7}']), "{text:?}");
}

/// A line of a megabyte is shown around the subject only.
#[test]
fn long_lines_are_cut() {
    let mut map = SourceMap::default();
    let file = map.add(
        "a.tf",
        format!("x = \"{}\" é {}", "a".repeat(1_000_000), "é".repeat(1000)),
    );
    let text = render(
        &map,
        &Diagnostic::error(Headline::foreign("E"), "").at(Span::new(file, 1_000_000, 1_000_003)),
        Style::Plain,
        0,
    );
    assert!(text.len() < 1000, "{}", text.len());
    assert!(text.contains("^^^"));
}

#[test]
fn snippets_are_those_of_the_peers() {
    let map = map();
    let found = snippet(
        &map,
        &Diagnostic::error(Headline::foreign("E"), "").at(at(&map, "bar")),
    )
    .unwrap();
    let expect = Snippet {
        context: Some("resource \"x\" \"y\"".into()),
        code: "  foo = bar # é".into(),
        start_line: 5,
        highlight_start: 8,
        highlight_end: 11,
    };
    assert_eq!(found, expect);
    // A block's own name is not inside it.
    let found = snippet(
        &map,
        &Diagnostic::error(Headline::foreign("E"), "").at(at(&map, "resource")),
    )
    .unwrap();
    assert_eq!(found.context, None);
    let found = snippet(
        &map,
        &Diagnostic::error(Headline::foreign("E"), "").at(at(&map, "\"y\"")),
    )
    .unwrap();
    assert_eq!(found.context.as_deref(), Some("resource \"x\" \"y\""));
    let diagnostic = Diagnostic::error(Headline::foreign("E"), "")
        .at(at(&map, "1,"))
        .within(at(&map, "[\n    1,\n  ]"));
    let found = snippet(&map, &diagnostic).unwrap();
    assert_eq!(
        (found.code.as_str(), found.start_line),
        ("  list = [\n    1,\n  ]", 6)
    );
    assert_eq!(
        found.code.get(found.highlight_start..found.highlight_end),
        Some("1,")
    );
}

#[test]
fn json_context_is_a_path() {
    let mut map = SourceMap::default();
    let text = r#"{"resource":{"t":{"a":[{"depends_on":["b c"]}]}}}"#;
    let file = map.add("main.tf.json", text);
    let start = u32::try_from(text.find("b c").unwrap()).unwrap();
    let found = snippet(
        &map,
        &Diagnostic::error(Headline::foreign("E"), "").at(Span::new(file, start, start + 3)),
    )
    .unwrap();
    assert_eq!(found.context.as_deref(), Some("resource.t.a[0].depends_on"));
}
