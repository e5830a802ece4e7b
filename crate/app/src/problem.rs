//! The core's problems, as pages see them.

use sotto_core::client::{self, ConnectionState, FailReason, Problem, Step};

use crate::page::{ConnectionStep, ConnectionView, DeliveryProblem, ErrorView, Fault};
use crate::text::sentence;

impl ConnectionView {
    /// What is shown before the client has said anything.
    pub(crate) fn starting() -> Self {
        Self::Connecting {
            step: ConnectionStep::Directory,
        }
    }
}

impl From<&ConnectionState> for ConnectionView {
    fn from(state: &ConnectionState) -> Self {
        match state {
            ConnectionState::Connecting { step } => Self::Connecting {
                step: (*step).into(),
            },
            ConnectionState::Online { gateway, problem } => Self::Online {
                gateway: gateway.to_string(),
                problem: problem.as_ref().map(ErrorView::from),
            },
            ConnectionState::Offline { problem, retry_at } => Self::Offline {
                problem: ErrorView::from(problem),
                retry_at: Some(retry_at.as_millis()),
            },
        }
    }
}

impl From<Step> for ConnectionStep {
    fn from(step: Step) -> Self {
        match step {
            Step::Directory => Self::Directory,
            Step::Choosing | Step::Gateway => Self::Gateway,
            Step::Registering => Self::Registering,
            Step::Authenticating => Self::Authenticating,
        }
    }
}

impl From<&Problem> for ErrorView {
    fn from(problem: &Problem) -> Self {
        Self {
            code: problem.code().to_owned(),
            fault: problem.fault().into(),
            message: sentence(problem),
        }
    }
}

impl From<client::Fault> for Fault {
    fn from(fault: client::Fault) -> Self {
        match fault {
            client::Fault::Caller => Self::You,
            client::Fault::Peer => Self::Peer,
            client::Fault::Gateway => Self::Gateway,
            client::Fault::Directory => Self::Directory,
            client::Fault::Storage => Self::Storage,
        }
    }
}

impl From<FailReason> for DeliveryProblem {
    fn from(reason: FailReason) -> Self {
        let (code, message) = match reason {
            FailReason::Expired => (
                "message.expired",
                "This message did not reach the recipient's gateway in time. Check the address, \
                 and try again.",
            ),
            FailReason::Cancelled => ("message.cancelled", "You took this message back."),
            FailReason::NoSurbs => (
                "message.no-surbs",
                "The anonymous sender gave no more reply blocks. Try again when they have written \
                 again.",
            ),
        };
        Self {
            code: code.to_owned(),
            message: message.to_owned(),
            can_retry: true,
        }
    }
}
