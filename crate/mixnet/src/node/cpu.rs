//! Curve arithmetic off the reactor.

use std::sync::Arc;
use tokio::sync::Semaphore;

/// Runs computations on the runtime's blocking threads, no more at a time than there are
/// processors, so that sockets and timers are served while packets are unwrapped.
#[derive(Clone, Debug)]
pub(crate) struct Cpu(Arc<Semaphore>);

impl Cpu {
    pub(crate) fn new() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Self(Arc::new(Semaphore::new(processors)))
    }

    /// The result of `work`, or `None` if the runtime is shutting down.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let permit = self.0.acquire().await.ok()?;
        let result = tokio::task::spawn_blocking(work).await.ok();
        drop(permit);
        result
    }
}
