//! Pieces of XML.

/// An element with a message and a text.
pub(crate) fn element(name: &str, message: &str, text: &str) -> String {
    format!(
        "<{name} message=\"{}\">{}</{name}>",
        attribute(message),
        data(text)
    )
}

/// Text as the value of an attribute.
pub(crate) fn attribute(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars().map(allowed) {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&#34;"),
            '\'' => out.push_str("&#39;"),
            '\n' => out.push_str("&#xA;"),
            '\r' => out.push_str("&#xD;"),
            '\t' => out.push_str("&#x9;"),
            char => out.push(char),
        }
    }
    out
}

/// Text as character data, which is taken as it is.
pub(crate) fn data(text: &str) -> String {
    let text: String = text.chars().map(allowed).collect();
    format!("<![CDATA[{}]]>", text.replace("]]>", "]]]]><![CDATA[>"))
}

/// XML has no way to write most control characters.
fn allowed(char: char) -> char {
    match char {
        '\t' | '\n' | '\r' => char,
        '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => '\u{fffd}',
        char => char,
    }
}

#[cfg(test)]
mod tests {
    use super::{attribute, data};

    #[test]
    fn attributes_are_escaped() {
        assert_eq!(
            attribute("a<b> & \"c\"\n\u{1b}"),
            "a&lt;b&gt; &amp; &#34;c&#34;&#xA;\u{fffd}"
        );
    }

    #[test]
    fn character_data_can_hold_its_own_end() {
        assert_eq!(data("a]]>b"), "<![CDATA[a]]]]><![CDATA[>b]]>");
    }
}
