//! The origin of a site: the browser's word on whose page it is.

use std::fmt;

/// The longest origin accepted, in bytes: a host name has at most 253.
pub(super) const MAX_ORIGIN_BYTES: usize = 300;

/// The origin of a web page in a secure context, as the browser writes it: `https://host[:port]`, or
/// `http://` with the name or the number of this computer.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin(String);

/// A text is no origin of a secure context.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a page of a secure context")]
pub struct NotASite;

impl Origin {
    /// Reads an origin as a browser serialises it. Nothing is mended: what a browser would write
    /// in another way did not come from one.
    ///
    /// # Errors
    /// [`NotASite`].
    pub fn parse(text: &str) -> Result<Self, NotASite> {
        let (scheme, rest) = text.split_once("://").ok_or(NotASite)?;
        let (host, port) = split_port(rest).ok_or(NotASite)?;
        let secure = match scheme {
            "https" => true,
            "http" => is_this_computer(host),
            _ => false,
        };
        let fits = text.len() <= MAX_ORIGIN_BYTES && is_host(host) && port.is_none_or(is_port);
        (secure && fits)
            .then(|| Self(text.to_owned()))
            .ok_or(NotASite)
    }

    /// As the browser writes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a page with this address is of this origin.
    #[must_use]
    pub fn covers(&self, url: &str) -> bool {
        let rest = url.strip_prefix(&self.0);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#']))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Host and port; a port is only told if it is not the scheme's own.
fn split_port(rest: &str) -> Option<(&str, Option<&str>)> {
    let end = match rest.strip_prefix('[') {
        Some(literal) => literal.find(']')?.checked_add(2)?,
        None => rest.find(':').unwrap_or(rest.len()),
    };
    let (host, port) = rest.split_at_checked(end)?;
    match port {
        "" => Some((host, None)),
        port => Some((host, Some(port.strip_prefix(':')?))),
    }
}

fn is_host(host: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-._".contains(c);
    let literal = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c) || c == ':';
    match host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
    {
        Some(number) => !number.is_empty() && number.chars().all(literal),
        None => !host.is_empty() && host.chars().all(plain),
    }
}

fn is_port(port: &str) -> bool {
    let number: Option<u16> = port.parse().ok();
    number.is_some_and(|number| number > 0 && number.to_string() == port)
}

/// The hosts that browsers count as secure without TLS.
fn is_this_computer(host: &str) -> bool {
    matches!(host, "localhost" | "127.0.0.1" | "[::1]") || host.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_of_secure_contexts_are_read() {
        for origin in [
            "https://example.org",
            "https://example.org:8443",
            "https://xn--bcher-kva.example",
            "https://192.0.2.1",
            "https://[2001:db8::1]:1",
            "http://localhost",
            "http://localhost:3000",
            "http://a.localhost:3000",
            "http://127.0.0.1:8080",
            "http://[::1]:8080",
        ] {
            assert_eq!(Origin::parse(origin).unwrap().as_str(), origin);
        }
    }

    #[test]
    fn what_is_no_origin_of_a_secure_context_is_refused() {
        for text in [
            "",
            "null",
            "https://",
            "https://example.org/",
            "https://example.org/path",
            "https://user@example.org",
            "https://EXAMPLE.org",
            "https://bücher.example",
            "https://example.org:",
            "https://example.org:0",
            "https://example.org:080",
            "https://example.org:65536",
            "https://[::1",
            "https://[::1]x",
            "https://[]",
            "https://a b",
            "http://example.org",
            "http://localhost.example.org",
            "http://127.0.0.1.example.org",
            "ftp://localhost",
            "file://",
            "chrome-extension://abcdef",
            "moz-extension://abcdef",
            "blob:https://example.org",
            "data://example.org",
        ] {
            assert_eq!(Origin::parse(text), Err(NotASite), "{text}");
        }
        let long = format!("https://{}.example", "a".repeat(MAX_ORIGIN_BYTES));
        assert_eq!(Origin::parse(&long), Err(NotASite));
    }

    #[test]
    fn only_pages_under_the_same_origin_are_covered() {
        let origin = Origin::parse("https://example.org").unwrap();
        for url in [
            "https://example.org",
            "https://example.org/a?b#c",
            "https://example.org?x",
        ] {
            assert!(origin.covers(url), "{url}");
        }
        for url in [
            "",
            "https://example.org.evil.example/",
            "https://example.org:8443/",
            "https://example.org@evil.example/",
            "http://example.org/",
            "about:blank",
        ] {
            assert!(!origin.covers(url), "{url}");
        }
    }
}
