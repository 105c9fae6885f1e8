//! The report as one page that needs nothing else: no network, no files beside it.

use super::by_problem;
use super::lines::{Line, lines};
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Value, context};
use serde::Serialize;
use terrane_ops::drift::Class;
use terrane_ops::drift::report::{Difference, HIDDEN, Object, Report, Stranger};

const PAGE: &str = include_str!("page.html");
const LETTER: &str = include_str!("letter.html");

/// An object, with what is shown of it.
#[derive(Serialize)]
struct Entry<'a> {
    #[serde(flatten)]
    object: &'a Object,
    /// Texts in which one can search, in lower case.
    text: String,
    open: bool,
    differences: Vec<Shown<'a>>,
}

#[derive(Serialize)]
struct Shown<'a> {
    attribute: &'a str,
    class: &'a str,
    why: &'a str,
    lines: Vec<Line>,
}

/// An object that is not managed.
#[derive(Serialize)]
struct Unmanaged<'a> {
    type_name: &'a str,
    name: &'a str,
    identity: String,
    new: bool,
    since: &'a str,
    text: String,
}

/// Types that could not be listed.
#[derive(Serialize)]
struct Unlisted<'a> {
    problem: &'a str,
    types: String,
}

/// The page.
pub(crate) fn page(report: &Report) -> String {
    rendered(PAGE, report, Class::Harmless, 0)
}

/// The report as mail programs show it: no script, and styles where they are used. `least`: what is below this class is only counted. So many entries are
/// left out of the report.
pub(crate) fn letter(report: &Report, least: Class, left_out: usize) -> String {
    rendered(LETTER, report, least, left_out)
}

fn rendered(template: &str, report: &Report, least: Class, left_out: usize) -> String {
    let counting = |object: &&Object| Class::named(object.class) >= Some(least);
    let objects = report.drifted.iter().filter(counting);
    let mut entries: Vec<Entry<'_>> = objects.map(entry).collect();
    // The worst first, and what is new before what is known.
    entries.sort_by_key(|entry| {
        (
            std::cmp::Reverse(Class::named(entry.object.class)),
            !entry.object.new,
        )
    });
    let strangers: Vec<Unmanaged<'_>> = report.unmanaged.iter().map(unmanaged).collect();
    let unlisted: Vec<Unlisted<'_>> = by_problem(report)
        .into_iter()
        .map(|(problem, types)| Unlisted {
            problem,
            types: types.join(", "),
        })
        .collect();
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment
        .render_str(
            template,
            context! {
                report => Value::from(Serde(report)),
                entries => Value::from(Serde(&entries)),
                strangers => Value::from(Serde(&strangers)),
                unlisted => Value::from(Serde(&unlisted)),
                left_out => left_out,
            },
        )
        .expect("the templates are parts of this program, and fit its report")
}

fn unmanaged(one: &Stranger) -> Unmanaged<'_> {
    let identity = one.identity.to_string();
    let text = format!("{} {} {identity}", one.type_name, one.name).to_lowercase();
    Unmanaged {
        type_name: &one.type_name,
        name: &one.name,
        identity,
        new: one.new,
        since: &one.since,
        text,
    }
}

fn entry(object: &Object) -> Entry<'_> {
    let id = object.id.as_deref().unwrap_or_default();
    let names = object.differences.iter().map(|one| one.attribute.as_str());
    let text: Vec<&str> = [object.address.as_str(), id]
        .into_iter()
        .chain(names)
        .collect();
    Entry {
        object,
        text: text.join(" ").to_lowercase(),
        open: Class::named(object.class) > Some(Class::Harmless),
        differences: object.differences.iter().map(shown).collect(),
    }
}

fn shown(one: &Difference) -> Shown<'_> {
    let lines = if one.sensitive {
        vec![Line {
            sign: " ",
            text: HIDDEN.to_owned(),
        }]
    } else {
        lines(&one.before, &one.after)
    };
    Shown {
        attribute: &one.attribute,
        class: one.class,
        why: one.why,
        lines,
    }
}

#[cfg(test)]
mod tests {
    use super::{letter, page};
    use terrane_ops::drift::Class;
    use terrane_ops::drift::report::{Difference, Object, Report};

    fn report(before: &str, after: &str) -> Report {
        let mut report = Report {
            workspace: "<default>".to_owned(),
            complete: true,
            drifted: vec![Object {
                address: "x_thing.a[\"<b>\"]".to_owned(),
                deposed: None,
                type_name: "x_thing".to_owned(),
                provider: "p".to_owned(),
                id: Some("i-1".to_owned()),
                class: "security",
                new: true,
                since: "2026-01-01T00:00:00Z".to_owned(),
                differences: vec![Difference {
                    attribute: "policy".to_owned(),
                    class: "security",
                    why: "security depends on this attribute",
                    configurable: true,
                    sensitive: false,
                    before: before.into(),
                    after: after.into(),
                }],
            }],
            ..Report::default()
        };
        report.count();
        report
    }

    #[test]
    fn nothing_of_the_report_is_taken_for_markup() {
        let page = page(&report("<script>alert(1)</script>", "\"'</pre><b>"));
        assert!(!page.contains("<script>alert"), "{page}");
        assert!(page.contains("&lt;script&gt;alert"), "{page}");
        assert!(!page.contains("</pre><b>"), "{page}");
        assert!(page.contains("x_thing.a[&quot;&lt;b&gt;&quot;]"), "{page}");
        // It needs nothing from elsewhere.
        assert!(!page.contains("http://") && !page.contains("https://"));
    }

    /// No script, no style that a mail program would drop, and only what counts.
    #[test]
    fn letters_are_for_mail_programs() {
        let report = report("<script>alert(1)</script>", "\"'</td><b>");
        let text = letter(&report, Class::Changed, 7);
        for expected in [
            "x_thing.a[&quot;&lt;b&gt;&quot;]",
            "&lt;script&gt;alert",
            "7 more entries are left out",
        ] {
            assert!(text.contains(expected), "{expected}: {text}");
        }
        for wrong in ["<script", "<style", "var(--", "</td><b>", "http"] {
            assert!(!text.contains(wrong), "{wrong}: {text}");
        }
        let text = letter(&report, Class::Gone, 0);
        assert!(
            !text.contains("x_thing") && !text.contains("left out"),
            "{text}"
        );
    }
}
