//! Configuration files made of others, so that most of them still parse: white space, comments, and values wrapped in others.

use terrane_fuzz::mutate::Rng;

/// Lines that a formatter may find hard, put between others.
const LINES: &[&str] = &[
    "a=1",
    "abc  =   2 # c",
    "x = [",
    "x = [1,2 , 3]",
    "x = [\n1,\n2\n]",
    "x = [{\na=1\nbcd=2\n},{\nc=3\n}]",
    "x = {\n  a=1\n bcd :  2\n \"e-f\" = 3\n (g) = 4 // h\n}",
    "x = {a=1,b=2}",
    "x = { a = { b = 1 }\n cc = 2 }",
    "x = foo({\na=1\n})",
    "x = foo(\n1,\n2...\n)",
    "x = foo(a,[\n1\n],{\nb=2\n})",
    "x = a ?\n b :\n c",
    "x = (a\n? b\n: c)",
    "x = (\na &&\n!b ||\n-c > 1\n)",
    "x = [for k,v in y : v if v!=null]",
    "x = {for k in y:k=>v...}",
    "x = { for k, v in y :\nk => v\nif v }",
    "x = <<E\n a\n  b ${ c }\nE",
    "x = <<-E\n   a %{ if b ~}\n c %{ endif }\n  E",
    "x = foo(<<E\na\nE\n, 1)",
    "x = {\na = <<E\n x\nE\nbcd = 1\n}",
    "x = \"a ${ b } %{ if c }d%{ endif }\"",
    "x = \"${a}\"",
    "x = \"${ a.b }\"",
    "x = \"${~ a ~}\"",
    "x = \"${a}${b}\"",
    "x = \"${\"${a}\"}\"",
    "x = [\"${a}\", \"${b}\"]",
    "x = \"${foo(\n a,\n b)}\"",
    "x = \"${a\n+ b}\"",
    "x = \"${[\na\n]}\"",
    "x = \"${(a)}\"",
    "x = -1",
    "x = - a",
    "x = !  a",
    "x = a - -b",
    "x = a.b.*.c[0]",
    "x = a[*].b[ 1 ]",
    "x = a [0]",
    "x = a . b",
    "x = a.0.b",
    "x = provider::a::b ( c )",
    "x = 1.5e3",
    "x = a==b?c:d",
    "x = a>=b&&c||!d",
    "x = a%b*c/d+e-f",
    "x = null",
    "b {}",
    "b { }",
    "b {\n}",
    "b {\n\n\n}",
    "b { a=1 }",
    "b \"c\"   d {\ne=1\n}",
    "b {\nc {\nd=1\n}\ne=2\n\n\nffff=3\n}",
    "b\"c\"{\n# d\n}",
    "b {\n  # d\n    # e\n a=1 # f\n\n bbb=2 # g\n}",
    "# c",
    "// c",
    "/* c */",
    "/* c\n  d */",
    "a = 1 /* b */",
    "a /* b */ = 1",
    "a = /* b */ 1",
    "/* b */ a = 1",
    "a = [ # b\n1, # c\n222, # d\n]",
    "a = [ /* b */ 1 ]",
    "variable \"v\" {\ntype=\"string\"\n}",
    "variable \"v\" { type = \"list\" }",
    "variable \"v\" {\n  type = \"map\" # c\n}",
    "variable \"v\" {\n  type = list\n}",
    "variable v {\n  type = map\n  default = \"${a}\"\n}",
    "variable \"v\" {\n  type = set\n}",
    "variable \"v\" {\n  type = object({\na=optional(string,\"x\")\nbb=list(map(any))\n})\n}",
    "variable \"v\" {\n  type = list(\"string\")\n}",
    "variable \"v\" {\n  type = \"${string}\"\n}",
    "terraform {\n required_providers {\n a = { source=\"x\", version=\"1\" }\n}\n}",
    "lifecycle {\n ignore_changes = [\"a\", b]\n}",
    "depends_on = [\"${a.b}\", \"c.d\"]",
    "provider = \"a.b\"",
    "\u{e9}\u{301}\u{301} = 1 # a",
    "\u{65e5}\u{672c} = 2",
    "x = \"\u{1f469}\u{200d}\u{1f680}\" # a",
    "xy = \"e\u{301}\" # a",
    "",
    "\n\n",
    "  ",
    "\t",
];

/// What a value may be put into; `@` is the value.
const WRAPS: &[&str] = &[
    "\"${@}\"",
    "\"${ @ }\"",
    "(@)",
    "(\n@\n)",
    "[@]",
    "[\n@\n]",
    "[@,\n@]",
    "{ a = @ }",
    "{\na = @\nbcd = @\n}",
    "{ (@) = @ }",
    "foo(@)",
    "foo(@...)",
    "foo(@,\n@)",
    "foo({\na = @\n})",
    "foo([\n@\n])",
    "@ ? @ : @",
    "(@ ?\n@ :\n@)",
    "-@",
    "!@",
    "@ + @",
    "@-@",
    "@ == @ && @",
    "[for x in @ : x]",
    "[for x in [@] :\nx]",
    "{ for k, v in { a = @ } : k => @... if @ }",
    "\"a${@}b\"",
    "\"%{ if @ }a%{ else }b%{ endif }\"",
    "\"%{ for x in @ ~} ${@}%{ endfor }\"",
    "<<E\n  ${@}\nE\n",
    "<<-E\n  a\n    ${@}\n  E\n",
    "[<<E\n${@}\nE\n, 1]",
    "@.a",
    "@[0]",
    "@[\n0\n]",
    "@.*.b",
    "@[*].c",
    "@[@]",
    "\"${@\n}\"",
    "\"${\n@}\"",
    "\"${@}${@}\"",
    "@ /* c */",
    "/* c */ @",
    "[ # c\n@ # d\n]",
    "{\n# c\na = @ # d\n}",
    "{\na = @, # d\nbb : @\n}",
    "jsonencode({\n\"a\" = [@]\n})",
    "a::b(@)",
    "! ! @",
    "- @",
    "{}",
    "[]",
    "foo()",
    "[[@]]",
    "[[\n@\n]]",
    "[{\na = @\n}]",
    "{ a = [\n@\n] }",
    "((@))",
    "merge({\na = @\n}, @)",
];

/// A file made of some sources.
pub(crate) fn vary(rng: &mut Rng, sources: &[String]) -> String {
    let mut lines: Vec<String> = Vec::new();
    for _ in 0..=rng.below(2) {
        let source = rng.pick(sources).map_or("", String::as_str);
        let items = items(source);
        let from = rng.below(items.len());
        for item in items.iter().skip(from).take(1 + rng.below(3)) {
            lines.extend(item.lines().map(str::to_owned));
        }
    }
    lines.truncate(80);
    for _ in 0..rng.below(6) {
        change(rng, &mut lines);
    }
    let mut text = lines.join("\n") + "\n";
    if rng.below(3) == 0 {
        text = spaces(rng, &text);
    }
    match rng.below(24) {
        0 => text = text.replace('\n', "\r\n"),
        1 => text.insert(0, '\u{feff}'),
        2 => drop(text.pop()),
        3 => text.push_str(
            ["\n\n", "   ", "\t\n", "# end"]
                .get(rng.below(4))
                .unwrap_or(&""),
        ),
        4 => text = text.replace("  ", "\t"),
        5 => text = text.replacen('\n', "\r\n", 1 + rng.below(5)),
        _ => {}
    }
    text
}

/// Top-level items with the comments between them.
fn items(source: &str) -> Vec<String> {
    let mut items = Vec::new();
    let mut item = String::new();
    for line in source.split_inclusive('\n') {
        item.push_str(line);
        if line.starts_with('}') || (line.trim().is_empty() && item.trim().is_empty()) {
            items.push(std::mem::take(&mut item));
        }
    }
    items.push(item);
    items
}

fn change(rng: &mut Rng, lines: &mut Vec<String>) {
    let at = rng.below(lines.len() + 1);
    match rng.below(10) {
        0..=2 => {
            let line = rng.pick(LINES).copied().unwrap_or("");
            lines.splice(at..at, line.split('\n').map(str::to_owned));
        }
        3..=5 => {
            if let Some((name, value)) = lines.get(at).and_then(|line| line.split_once('=')) {
                let wrap = rng.pick(WRAPS).copied().unwrap_or("@");
                let wrapped = wrap.replace('@', value.trim());
                let line = format!(
                    "{name}={}{wrapped}",
                    if rng.below(2) == 0 { " " } else { "" }
                );
                lines.splice(
                    at..=at,
                    line.split('\n').map(str::to_owned).collect::<Vec<_>>(),
                );
            }
        }
        6 => {
            if let Some(line) = lines.get_mut(at) {
                let comment = [" # c", "// c", "   /* c */", " #", "\t# \u{e9}"];
                line.push_str(comment.get(rng.below(5)).unwrap_or(&""));
            }
        }
        7 => {
            if at < lines.len() {
                let line = lines.remove(at);
                let to = rng.below(lines.len() + 1);
                lines.insert(to, line);
            }
        }
        8 => {
            if at < lines.len() {
                if rng.below(2) == 0 {
                    lines.remove(at);
                } else {
                    let line = lines[at].clone();
                    lines.insert(at, line);
                }
            }
        }
        _ => {
            // Two lines become one.
            if at + 1 < lines.len() {
                let next = lines.remove(at + 1);
                lines[at].push_str(&next);
            }
        }
    }
}

/// Other white space and comments between characters.
fn spaces(rng: &mut Rng, text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    for c in text.chars() {
        match c {
            ' ' if rng.below(3) == 0 => {
                let spaces = ["", "  ", "\t", "    ", " /* x */ "];
                out.push_str(spaces.get(rng.below(5)).unwrap_or(&""));
            }
            '\n' if rng.below(20) == 0 => out.push_str("\n\n"),
            '\n' if rng.below(30) == 0 => out.push_str(" # y\n"),
            '{' | '(' | '[' | ',' if rng.below(20) == 0 => {
                out.push(c);
                out.push_str(
                    ["\n", " ", "# z\n", "/* z */"]
                        .get(rng.below(4))
                        .unwrap_or(&""),
                );
            }
            '=' | '.' | ':' | '+' | '?' | '}' | ')' | ']' if rng.below(12) == 0 => {
                out.extend([' ', c]);
            }
            c => out.push(c),
        }
    }
    out
}
