//! A test must not hang.

use std::future::Future;
use std::time::Duration;

/// Fails a test that hangs; on a busy machine much may take long.
pub(crate) async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), what).await.expect("it hangs")
}
