//! Which web pages may connect: none, unless they are named.

use std::net::SocketAddr;
use std::str::FromStr;
use tokio_tungstenite::tungstenite::http::{HeaderMap, header};
use url::Url;

/// Where a web page comes from, as browsers say it: scheme, host, and port if it is not the usual.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WebOrigin(String);

/// Text that is no web origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an origin is a scheme and a host, like https://example.org or http://localhost:8080")]
pub(crate) struct NoOrigin;

impl FromStr for WebOrigin {
    type Err = NoOrigin;

    fn from_str(text: &str) -> Result<Self, NoOrigin> {
        let url: Url = text.parse().map_err(|_| NoOrigin)?;
        let host = url.host_str().filter(|host| !host.is_empty());
        let host = host.ok_or(NoOrigin)?;
        let more = matches!(url.path(), "" | "/") && url.query().is_none();
        let whole = more && url.fragment().is_none() && url.username().is_empty();
        let port = url
            .port()
            .map_or_else(String::new, |port| format!(":{port}"));
        let origin = format!("{}://{host}{port}", url.scheme());
        whole.then_some(Self(origin)).ok_or(NoOrigin)
    }
}

/// The origins that the server itself would have. None if other computers reach it: there, names
/// and addresses can be somebody else's.
pub(crate) fn own(at: SocketAddr) -> Vec<WebOrigin> {
    let port = at.port();
    let origins = [format!("http://{at}"), format!("http://localhost:{port}")];
    let origins = origins.into_iter().filter(|_| at.ip().is_loopback());
    origins.filter_map(|origin| origin.parse().ok()).collect()
}

/// The web page that asks to be connected and may not, by its origin. Programs that are no
/// browsers name none, and a browser never leaves it out.
pub(crate) fn refused(headers: &HeaderMap, allowed: &[WebOrigin]) -> Option<String> {
    let origins = headers.get_all(header::ORIGIN).iter();
    let mut origins = origins.map(|origin| String::from_utf8_lossy(origin.as_bytes()).into_owned());
    origins.find(|origin| !allowed.iter().any(|allowed| allowed.0 == *origin))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(origins: &[&str]) -> HeaderMap {
        let values = origins.iter().map(|origin| origin.parse().unwrap());
        values.map(|value| (header::ORIGIN, value)).collect()
    }

    #[test]
    fn a_page_connects_only_if_its_whole_origin_is_allowed() {
        let allowed: Vec<WebOrigin> = ["https://example.org", "http://localhost:8080"]
            .map(|origin| origin.parse().unwrap())
            .to_vec();
        let cases: [(&[&str], bool); 12] = [
            (&[], true),
            (&["https://example.org"], true),
            (&["http://localhost:8080"], true),
            (&["http://example.org"], false),
            (&["https://example.org:8443"], false),
            (&["https://example.org.evil.example"], false),
            (&["https://evil.example"], false),
            (&["http://localhost"], false),
            (&["null"], false),
            (&[""], false),
            (&["https://example.org", "https://evil.example"], false),
            (&["https://evil.example", "https://example.org"], false),
        ];
        for (origins, admitted) in cases {
            let refused = refused(&headers(origins), &allowed);
            assert_eq!(refused.is_none(), admitted, "{origins:?}");
        }
        assert!(refused(&headers(&["https://example.org"]), &[]).is_some());
    }

    #[test]
    fn the_servers_own_origins_are_on_this_computer() {
        let own = |at: &str| {
            let own = own(at.parse().unwrap()).into_iter();
            own.map(|origin| origin.0).collect::<Vec<_>>()
        };
        assert_eq!(
            own("127.0.0.1:1977"),
            ["http://127.0.0.1:1977", "http://localhost:1977"]
        );
        assert_eq!(
            own("[::1]:1977"),
            ["http://[::1]:1977", "http://localhost:1977"]
        );
        assert!(own("0.0.0.0:1977").is_empty() && own("192.168.0.2:1977").is_empty());
    }

    #[test]
    fn an_origin_is_read_as_browsers_write_it() {
        let cases = [
            ("https://Example.ORG", Some("https://example.org")),
            ("https://example.org/", Some("https://example.org")),
            ("https://example.org:443", Some("https://example.org")),
            ("http://[::1]:8080", Some("http://[::1]:8080")),
            (
                "chrome-extension://abcdef",
                Some("chrome-extension://abcdef"),
            ),
            ("null", None),
            ("*", None),
            ("example.org", None),
            ("file:///", None),
            ("https://example.org/page", None),
            ("https://me@example.org", None),
            ("https://example.org/?q", None),
            ("https://example.org/#f", None),
        ];
        for (text, origin) in cases {
            let read = text.parse::<WebOrigin>().ok();
            assert_eq!(read.map(|read| read.0).as_deref(), origin, "{text}");
        }
    }
}
