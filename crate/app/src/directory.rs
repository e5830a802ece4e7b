//! The directory's address, as a person may type it.

use std::{fmt, str::FromStr};

use crate::limit::MAX_DIRECTORY_BYTES;

/// The base address of a directory (nym-api): `http` or `https`, ending with a slash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryUrl(String);

/// Why a text is no directory address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DirectoryUrlError {
    /// Longer than [`MAX_DIRECTORY_BYTES`].
    #[error("The directory's address is too long. Give at most {MAX_DIRECTORY_BYTES} characters.")]
    TooLong,
    /// Neither `http://` nor `https://`.
    #[error("The directory's address must start with https:// (or http:// for 127.0.0.1).")]
    Scheme,
    /// No host, a bad port, a user name, spaces or other characters that do not belong there.
    #[error("The directory's address is not well-formed. It looks like https://host/path/.")]
    Malformed,
    /// A query or a fragment, which the paths of the directory could not be appended to.
    #[error("The directory's address must end with a path: remove everything from `?` or `#` on.")]
    Query,
    /// Without TLS anybody on the way could hand out a network of their own nodes.
    #[error(
        "Use https:// for this directory. http:// is only allowed for 127.0.0.1, as anybody on \
         the way could answer in the directory's place."
    )]
    NotSecure,
}

impl DirectoryUrl {
    /// The directory of the local mixnet (`cargo xtask demo`, `sotto-mixnet run`).
    #[must_use]
    pub fn local() -> Self {
        Self("http://127.0.0.1:17080/".to_owned())
    }

    /// The address as a text, always ending with a slash.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address of one of the directory's resources, from its relative path.
    #[must_use]
    pub fn join(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }
}

impl fmt::Display for DirectoryUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for DirectoryUrl {
    type Err = DirectoryUrlError;

    fn from_str(text: &str) -> Result<Self, DirectoryUrlError> {
        let text = text.trim();
        if text.len() > MAX_DIRECTORY_BYTES {
            return Err(DirectoryUrlError::TooLong);
        }
        let (secure, rest) = split_scheme(text).ok_or(DirectoryUrlError::Scheme)?;
        if rest.contains(['?', '#']) {
            return Err(DirectoryUrlError::Query);
        }
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let host = host(authority).ok_or(DirectoryUrlError::Malformed)?;
        if !path.chars().all(is_path_char) {
            return Err(DirectoryUrlError::Malformed);
        }
        if !secure && host != "127.0.0.1" {
            return Err(DirectoryUrlError::NotSecure);
        }
        Ok(Self(normalised(secure, authority, path)))
    }
}

fn split_scheme(text: &str) -> Option<(bool, &str)> {
    let (scheme, rest) = text.split_once("://")?;
    match scheme.to_ascii_lowercase().as_str() {
        "https" => Some((true, rest)),
        "http" => Some((false, rest)),
        _ => None,
    }
}

/// The host of `host` or `host:port`; a user name, an empty host or an impossible port give
/// nothing.
fn host(authority: &str) -> Option<&str> {
    let (host, port) = match authority.rsplit_once(':') {
        // The colons of `[::1]` are the host's own.
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    let is_port = |port: &str| {
        port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0)
    };
    (is_host(host) && port.is_none_or(is_port)).then_some(host)
}

fn is_host(host: &str) -> bool {
    if let Some(v6) = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
    {
        return v6.parse::<std::net::Ipv6Addr>().is_ok();
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    !host.is_empty() && !host.starts_with(['.', '-']) && host.chars().all(plain)
}

/// What RFC 3986 allows in a path.
fn is_path_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || "/-._~!$&'()*+,;=:@%".contains(c)
}

fn normalised(secure: bool, authority: &str, path: &str) -> String {
    let scheme = if secure { "https" } else { "http" };
    let slash = if path.is_empty() || path.ends_with('/') {
        ""
    } else {
        "/"
    };
    format!(
        "{scheme}://{}/{path}{slash}",
        authority.to_ascii_lowercase()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_normalised_so_that_the_same_directory_is_the_same_text() {
        for (typed, kept) in [
            ("http://127.0.0.1:17080", "http://127.0.0.1:17080/"),
            (
                " https://Validator.Nymtech.net/api ",
                "https://validator.nymtech.net/api/",
            ),
            ("HTTPS://example.org/a/b/", "https://example.org/a/b/"),
            ("https://[::1]:8080", "https://[::1]:8080/"),
            ("https://[::1]", "https://[::1]/"),
            ("https://example.org:443/a", "https://example.org:443/a/"),
        ] {
            assert_eq!(
                typed.parse::<DirectoryUrl>().map(|url| url.0),
                Ok(kept.to_owned()),
                "{typed}"
            );
        }
    }

    #[test]
    fn each_bad_address_gives_its_own_error() {
        use DirectoryUrlError::{Malformed, NotSecure, Query, Scheme};
        for (typed, error) in [
            ("", Scheme),
            ("example.org", Scheme),
            ("ftp://example.org", Scheme),
            ("javascript://example.org", Scheme),
            ("https://", Malformed),
            ("https:///path", Malformed),
            ("https://user@example.org/", Malformed),
            ("https://user:password@example.org/", Malformed),
            ("https://exa mple.org/", Malformed),
            ("https://example.org:0/", Malformed),
            ("https://example.org:65536/", Malformed),
            ("https://example.org:+80/", Malformed),
            ("https://example.org:/", Malformed),
            ("https://[::1/", Malformed),
            ("https://[nonsense]/", Malformed),
            ("https://example.org/a b", Malformed),
            ("https://example.org/<script>", Malformed),
            ("https://example.org\\@evil.org/", Malformed),
            ("https://example.org/?a=1", Query),
            ("https://example.org/#a", Query),
            ("http://example.org/", NotSecure),
            ("http://127.0.0.1.example.org/", NotSecure),
            ("http://localhost:17080/", NotSecure),
        ] {
            assert_eq!(typed.parse::<DirectoryUrl>(), Err(error), "{typed}");
        }
        let long = format!("https://example.org/{}", "a".repeat(MAX_DIRECTORY_BYTES));
        assert_eq!(
            long.parse::<DirectoryUrl>(),
            Err(DirectoryUrlError::TooLong)
        );
    }

    #[test]
    fn resources_are_below_the_base_path() {
        let url: DirectoryUrl = "https://example.org/api".parse().unwrap();
        assert_eq!(
            url.join("v1/nym-nodes/rewarded-set"),
            "https://example.org/api/v1/nym-nodes/rewarded-set"
        );
    }

    #[test]
    fn the_default_directory_is_in_normal_form() {
        assert_eq!(
            DirectoryUrl::local().as_str().parse(),
            Ok(DirectoryUrl::local())
        );
    }
}
