//! Gateways and the network's map as pages show them.

use serde::Serialize;
use sotto_core::client::{FormerGateway, NextGateway, OtherGateways, TopologyNews};

use super::ConnectionView;

/// The gateways that know us, or are to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify), tsify(missing_as_null))]
pub struct GatewaysView {
    /// The own one; nothing until one knows us.
    pub own: Option<String>,
    /// The one that is moved to.
    pub next: Option<NextGatewayView>,
    /// Those that were left and still receive, the oldest first.
    pub former: Vec<FormerGatewayView>,
}

impl GatewaysView {
    /// As the client tells it.
    #[must_use]
    pub fn new(own: Option<String>, others: &OtherGateways) -> Self {
        Self {
            own,
            next: others.next.as_ref().map(NextGatewayView::from),
            former: others.former.iter().map(FormerGatewayView::from).collect(),
        }
    }
}

/// A move under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify), tsify(missing_as_null))]
pub struct NextGatewayView {
    /// The gateway that is being tried.
    pub gateway: Option<String>,
    /// How far it is, or what stands in the way.
    pub connection: ConnectionView,
}

impl From<&NextGateway> for NextGatewayView {
    fn from(next: &NextGateway) -> Self {
        Self {
            gateway: next.gateway.map(|gateway| gateway.to_string()),
            connection: ConnectionView::from(&next.state),
        }
    }
}

/// A gateway that was left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct FormerGatewayView {
    /// Its identity key.
    pub gateway: String,
    /// When it was left, in milliseconds since the Unix epoch.
    #[cfg_attr(feature = "typescript", tsify(type = "number"))]
    pub left_at: u64,
    /// When something last came that way, to the hour, in milliseconds since the Unix epoch.
    #[cfg_attr(feature = "typescript", tsify(type = "number"))]
    pub received_at: u64,
    /// Whether it is connected.
    pub online: bool,
    /// Whether it is being asked to forget us.
    pub leaving: bool,
}

impl From<&FormerGateway> for FormerGatewayView {
    fn from(former: &FormerGateway) -> Self {
        Self {
            gateway: former.gateway.to_string(),
            left_at: former.left_at.as_millis(),
            received_at: former.received_at.as_millis(),
            online: former.online,
            leaving: former.leaving,
        }
    }
}

/// The map of the network that is in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct TopologyView {
    /// When the directory gave it, in milliseconds since the Unix epoch.
    #[cfg_attr(feature = "typescript", tsify(type = "number"))]
    pub fetched_at: u64,
    /// The directory's epoch.
    pub epoch: u32,
    /// Whether it is from disk, as the directory has not answered since the start.
    pub stored: bool,
    /// Mix nodes that can be used.
    pub mix_nodes: u32,
    /// Gateways.
    pub gateways: u32,
}

impl From<TopologyNews> for TopologyView {
    fn from(news: TopologyNews) -> Self {
        let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        Self {
            fetched_at: news.fetched_at.as_millis(),
            epoch: news.epoch,
            stored: news.stored,
            mix_nodes: count(news.mix_nodes),
            gateways: count(news.gateways),
        }
    }
}
