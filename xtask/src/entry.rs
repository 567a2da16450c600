//! Reading `index.html` as Trunk does: its `<link data-trunk>` elements say what to build.
//!
//! Understood are `rel="rust"` (with `data-bin`, and `data-type="worker"` for a Web Worker) and
//! `rel="css"`. Anything else is an error, so that the page never silently lacks a part. Trunk
//! itself builds the same file.

use crate::Outcome;

/// A `<link data-trunk>` element.
#[derive(Debug, PartialEq, Eq)]
pub enum Asset {
    /// The program that the page runs.
    App { bin: String },
    /// The program of a Web Worker, started by `<bin>_loader.js`.
    Worker { bin: String },
    /// A style sheet, by its path from the project's root.
    Css { href: String },
}

/// The parts of the page: text, and what stands in it.
#[derive(Debug, PartialEq, Eq)]
pub enum Part<'a> {
    Text(&'a str),
    Asset(Asset),
}

/// Cuts the page into text and assets, in their order.
pub fn parse(html: &str) -> Outcome<Vec<Part<'_>>> {
    let mut parts = Vec::new();
    let mut rest = html;
    while let Some(start) = rest.find("<link data-trunk") {
        parts.push(Part::Text(&rest[..start]));
        let end = rest[start..].find('>').ok_or("index.html: a <link data-trunk> is not closed")?;
        let element = &rest[start..start + end + 1];
        parts.push(Part::Asset(asset(element)?));
        rest = &rest[start + end + 1..];
    }
    parts.push(Part::Text(rest));
    Ok(parts)
}

fn asset(element: &str) -> Outcome<Asset> {
    let required = |name: &str| {
        attribute(element, name)
            .map(str::to_owned)
            .ok_or_else(|| format!("index.html: {element} needs {name}"))
    };
    match (attribute(element, "rel"), attribute(element, "data-type")) {
        (Some("css"), _) => Ok(Asset::Css { href: required("href")? }),
        (Some("rust"), None | Some("main")) => Ok(Asset::App { bin: required("data-bin")? }),
        (Some("rust"), Some("worker")) => Ok(Asset::Worker { bin: required("data-bin")? }),
        _ => Err(format!("index.html: {element} is of a kind that is not built here")),
    }
}

fn attribute<'a>(element: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = element.split_once(&format!(" {name}=\""))?;
    rest.split_once('"').map(|(value, _)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_found_in_order_with_the_text_around_them() {
        let html = r#"<head>
<link data-trunk rel="css" href="a.css" />
<link data-trunk rel="rust" data-bin="w" data-type="worker"></head>"#;
        assert_eq!(
            parse(html),
            Ok(vec![
                Part::Text("<head>\n"),
                Part::Asset(Asset::Css { href: "a.css".into() }),
                Part::Text("\n"),
                Part::Asset(Asset::Worker { bin: "w".into() }),
                Part::Text("</head>"),
            ])
        );
    }

    #[test]
    fn what_is_not_understood_is_an_error() {
        assert!(parse(r#"<link data-trunk rel="sass" href="a.scss">"#).is_err());
        assert!(parse(r#"<link data-trunk rel="rust">"#).is_err());
        assert!(parse(r#"<link data-trunk rel="css""#).is_err());
    }
}
