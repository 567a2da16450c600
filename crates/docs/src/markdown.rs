//! Text that is no markup, put where markup is read: VitePress reads Markdown, HTML and templates.

/// Text inside an HTML element.
pub fn html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '{' => escaped.push_str("&#123;"),
            '}' => escaped.push_str("&#125;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// A sentence of Markdown in which only code spans, emphasis and links are markup.
pub fn prose(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (at, piece) in text.split('`').enumerate() {
        if at % 2 == 1 {
            out.push_str(&format!("`{piece}`"));
        } else {
            out.push_str(&html(piece));
        }
    }
    out
}

/// A text inside a cell of a table.
pub fn cell(text: &str) -> String {
    prose(text).replace('|', "\\|")
}

/// A code span inside a cell of a table.
pub fn code_cell(text: &str) -> String {
    format!("<code v-pre>{}</code>", html(text).replace('|', "&#124;"))
}

/// Front matter of a page.
pub fn front(title: &str, description: &str) -> String {
    let quote = |text: &str| serde_json::Value::from(text).to_string();
    format!("---\ntitle: {}\ndescription: {}\n---\n\n", quote(title), quote(description))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_markup_is_text() {
        assert_eq!(html("<b> & {{ x }}"), "&lt;b&gt; &amp; &#123;&#123; x &#125;&#125;");
        assert_eq!(prose("a < b, `a < {{b}}`"), "a &lt; b, `a < {{b}}`");
        assert_eq!(code_cell("SET [NX|XX]"), "<code v-pre>SET [NX&#124;XX]</code>");
    }
}
