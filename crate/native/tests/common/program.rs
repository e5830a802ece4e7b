//! The program `sotto`, started by tests.

use super::LIMIT;
use serde_json::Value;
use std::path::Path;
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

pub fn sotto(directory: &str, state: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sotto"));
    command
        .args(["--directory", directory, "--state"])
        .arg(state)
        .args(arguments);
    command
        .kill_on_drop(true)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// A running program that prints JSON.
pub struct Running {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Running {
    pub fn start(mut command: Command) -> Self {
        let mut child = command.stderr(Stdio::null()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    pub async fn next(&mut self, event: &str) -> Value {
        loop {
            let line = timeout(LIMIT, self.lines.next_line()).await;
            let value: Value = serde_json::from_str(&line.unwrap().unwrap().unwrap()).unwrap();
            if value["event"] == event {
                return value;
            }
        }
    }

    /// Asks the program to end, as whoever started it does: how it ended.
    pub async fn terminate(mut self) -> Option<i32> {
        let id = self.child.id().unwrap().to_string();
        let asked = Command::new("kill").arg(id).status().await.unwrap();
        assert!(asked.success());
        let ended = timeout(LIMIT, self.child.wait()).await;
        ended.unwrap().unwrap().code()
    }

    /// Ends the program as a crash would.
    pub async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }
}
