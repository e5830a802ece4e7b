//! Who asks: the browser's own word about the sender of a request, never the page's.

use crate::site::Origin;

/// What the browser says about the page that sent a message (`MessageSender`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sender {
    /// `sender.url`: the address of the page or frame. Empty if the browser gave none.
    pub url: String,
    /// `sender.origin`: the origin of the page or frame. `null` for one without, as in a sandbox.
    pub origin: Option<String>,
    /// `sender.frameId`: 0 for a page of its own, and something else for one inside another.
    pub frame: Option<u32>,
    /// `sender.tab.id`: the tab that the page is in.
    pub tab: Option<i32>,
}

/// The classes of senders. Each has its own closed list of requests
/// ([`crate::page::RequestKind::is_allowed_for`]).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SenderClass {
    /// A page of this extension: popup, settings.
    ExtensionPage,
    /// The content script of a web page of this origin. Its requests are another list
    /// ([`crate::site::SiteRequest`]).
    Site(Origin),
    /// Anything else: a frame inside a page, another extension, an unknown sender.
    Other,
}

/// The origin of this extension's own pages, such as `chrome-extension://abcdef`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExtensionOrigin(String);

/// The address the host gave for the extension itself is not one of an extension.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the address of a browser extension")]
pub struct NotAnExtension(String);

const EXTENSION_SCHEMES: [&str; 2] = ["chrome-extension", "moz-extension"];

impl ExtensionOrigin {
    /// The origin of any page of the extension, from that page's address.
    ///
    /// # Errors
    /// [`NotAnExtension`] for another scheme: a web site's origin must never count as our own.
    pub fn from_url(url: &str) -> Result<Self, NotAnExtension> {
        match origin(url) {
            Some((scheme, host)) if EXTENSION_SCHEMES.contains(&scheme) => {
                Ok(Self(format!("{scheme}://{host}")))
            }
            _ => Err(NotAnExtension(url.to_owned())),
        }
    }

    /// Whether it is the page of this extension that puts the questions of sites to the user.
    #[must_use]
    pub fn is_approval_page(&self, sender: &Sender) -> bool {
        let rest = sender.url.strip_prefix(self.0.as_str());
        rest.is_some_and(|rest| rest.starts_with("/approve/"))
    }

    /// The class of `sender`.
    #[must_use]
    pub fn classify(&self, sender: &Sender) -> SenderClass {
        match Self::from_url(&sender.url) {
            Ok(sender) if sender == *self => SenderClass::ExtensionPage,
            _ => site(sender).map_or(SenderClass::Other, SenderClass::Site),
        }
    }
}

/// The origin of a page of its own in a secure context. Address and origin have to agree: a page in
/// a sandbox has an address and no origin.
fn site(sender: &Sender) -> Option<Origin> {
    let origin = Origin::parse(sender.origin.as_deref()?).ok()?;
    (sender.frame == Some(0) && origin.covers(&sender.url)).then_some(origin)
}

/// Scheme and host of an address with a non-empty host, without ports and users, which extension
/// pages never have.
fn origin(url: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = url.split_once("://")?;
    let host = rest.split(['/', '?', '#']).next().unwrap_or("");
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    (!host.is_empty() && host.chars().all(plain)).then_some((scheme, host))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(own: &str, sender: &str) -> SenderClass {
        ExtensionOrigin::from_url(own).unwrap().classify(&Sender {
            url: sender.to_owned(),
            ..Sender::default()
        })
    }

    #[test]
    fn only_a_page_of_the_same_extension_is_an_extension_page() {
        let own = "chrome-extension://abcdef/background/sw.js";
        assert_eq!(
            class(own, "chrome-extension://abcdef/popup/popup.html"),
            SenderClass::ExtensionPage
        );
        assert_eq!(
            class(own, "chrome-extension://abcdef?x#y"),
            SenderClass::ExtensionPage
        );
        for other in [
            "",
            "about:blank",
            "https://abcdef/popup/popup.html",
            "https://example.org/chrome-extension://abcdef/",
            "chrome-extension://abcdefg/popup.html",
            "chrome-extension://abcdef.example.org/popup.html",
            "chrome-extension://abcdef@example.org/",
            "chrome-extension://example.org\\chrome-extension://abcdef/",
            "chrome-extension:///popup.html",
            "moz-extension://abcdef/popup.html",
            "blob:chrome-extension://abcdef/1",
            "data:text/html,chrome-extension://abcdef/",
        ] {
            assert_eq!(class(own, other), SenderClass::Other, "{other}");
        }
    }

    #[test]
    fn firefox_pages_are_recognised_by_their_uuid() {
        let own = "moz-extension://0d8f-4b/_generated_background_page.html";
        assert_eq!(
            class(own, "moz-extension://0d8f-4b/popup.html"),
            SenderClass::ExtensionPage
        );
        assert_eq!(
            class(own, "moz-extension://0d8f-4c/popup.html"),
            SenderClass::Other
        );
    }

    fn site(url: &str, origin: Option<&str>, frame: Option<u32>) -> SenderClass {
        let own = ExtensionOrigin::from_url("chrome-extension://abcdef/sw.js").unwrap();
        own.classify(&Sender {
            url: url.to_owned(),
            origin: origin.map(str::to_owned),
            frame,
            tab: Some(1),
        })
    }

    #[test]
    fn a_page_of_its_own_in_a_secure_context_is_a_site() {
        let origin = Origin::parse("https://example.org").unwrap();
        let class = site(
            "https://example.org/a",
            Some("https://example.org"),
            Some(0),
        );
        assert_eq!(class, SenderClass::Site(origin));
    }

    #[test]
    fn a_frame_a_sandbox_an_insecure_page_and_one_without_the_browsers_word_are_no_sites() {
        let (url, origin) = ("https://example.org/a", Some("https://example.org"));
        for (url, origin, frame) in [
            (url, origin, Some(7)),
            (url, origin, None),
            (url, None, Some(0)),
            (url, Some("null"), Some(0)),
            (url, Some("https://evil.example"), Some(0)),
            ("about:blank", origin, Some(0)),
            ("http://example.org/a", Some("http://example.org"), Some(0)),
            ("", Some(""), Some(0)),
        ] {
            assert_eq!(
                site(url, origin, frame),
                SenderClass::Other,
                "{url} {origin:?} {frame:?}"
            );
        }
    }

    #[test]
    fn an_origin_does_not_make_a_page_one_of_the_extension() {
        let class = site(
            "https://example.org/",
            Some("chrome-extension://abcdef"),
            Some(0),
        );
        assert_eq!(class, SenderClass::Other);
    }

    #[test]
    fn a_host_that_gives_a_web_address_for_the_extension_is_refused() {
        for url in [
            "https://example.org/",
            "http://127.0.0.1:8000/",
            "",
            "chrome-extension://",
        ] {
            assert!(ExtensionOrigin::from_url(url).is_err(), "{url}");
        }
    }
}
