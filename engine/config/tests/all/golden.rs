//! Messages about small configurations, word for word. Nearly all were checked for validity against `terraform validate` 1.11.4; where the
//! two differ it is on purpose (stricter already here, or a rule that only OpenTofu has). `TERRANE_BLESS=1` writes them anew.

/// Cases: `=== name`, the files, a line `---`, the messages.
const CASES: &str = include_str!("golden.txt");

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the expected texts are written to where they are read from"
)]
fn messages_are_as_they_were() {
    let mut wrong = Vec::new();
    let mut count = 0;
    let mut blessed = String::new();
    for case in CASES.split("\n=== ").filter(|case| !case.trim().is_empty()) {
        let (name, rest) = case.split_once('\n').expect("a name line");
        let (input, want) = rest.split_once("\n---\n").expect("a separator");
        let got = crate::support::messages(input);
        count += 1;
        blessed.extend([
            "\n=== ",
            name,
            "\n",
            input,
            "\n---\n",
            got.trim(),
            if got.trim().is_empty() { "" } else { "\n" },
        ]);
        if got.trim() != want.trim() {
            wrong.push(format!(
                "=== {name}\n{input}\n--- want\n{want}\n--- got\n{got}"
            ));
        }
    }
    if std::env::var_os("TERRANE_BLESS").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/all/golden.txt");
        std::fs::write(path, blessed).unwrap();
        return;
    }
    assert!(count > 600, "only {count} cases were found");
    assert!(
        wrong.is_empty(),
        "{} differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
