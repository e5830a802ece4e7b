//! Stops and restarts at set times: faults by flag.

use std::str::FromStr;
use std::time::Duration;

/// A node and a time since the start of the mixnet: `3` (at once) or `3@20` (after 20 seconds).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeAt {
    /// The directory's number of the node.
    pub node: u32,
    /// After how long.
    pub after: Duration,
}

impl FromStr for NodeAt {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (node, seconds) = text.split_once('@').unwrap_or((text, "0"));
        let number = |text: &str| text.parse::<u32>();
        match (number(node), number(seconds)) {
            (Ok(node), Ok(seconds)) => Ok(Self {
                node,
                after: Duration::from_secs(seconds.into()),
            }),
            _ => Err("expected a node's number, or number@seconds".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_is_named_with_or_without_a_time() {
        let at = |node, seconds| NodeAt {
            node,
            after: Duration::from_secs(seconds),
        };
        assert_eq!("3".parse(), Ok(at(3, 0)));
        assert_eq!("12@90".parse(), Ok(at(12, 90)));
        for bad in ["", "@", "x", "3@", "3@-1", "3@1@2", "3@1.5"] {
            assert!(bad.parse::<NodeAt>().is_err(), "{bad}");
        }
    }
}
