//! The program as a person or a script meets it.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod common;

use common::program::{Running, sotto};
use common::{World, small};
use std::process::Output;
use tokio::process::Command;

const SOMEBODY: &str = "4jRYfQm8L9Bsns7WyLPPno8R4P4sU5VaztfVVX3xodg4.4jRYfQm8L9Bsns7WyLPPno8R4P4sU5VaztfVVX3xodg4@4jRYfQm8L9Bsns7WyLPPno8R4P4sU5VaztfVVX3xodg4";

async fn output(mut command: Command) -> Output {
    tokio::time::timeout(common::LIMIT, command.output())
        .await
        .unwrap()
        .unwrap()
}

#[tokio::test]
async fn one_prints_its_address_another_sends_and_a_third_echoes() {
    let world = World::new(small()).await;
    let folder = tempfile::tempdir().unwrap();
    let directory = world.mixnet.directory_url();
    let (bob, echo) = (folder.path().join("bob"), folder.path().join("echo"));

    let printed = output(sotto(directory, &bob, &["address"])).await;
    assert!(printed.status.success(), "{printed:?}");
    let address = String::from_utf8(printed.stdout).unwrap().trim().to_owned();

    let mut echo = Running::start(sotto(directory, &echo, &["--json", "echo"]));
    let echo_address = echo.next("address").await["address"]
        .as_str()
        .unwrap()
        .to_owned();
    let request = format!("{address}\nhello");
    let alice = folder.path().join("alice");
    let sent = output(sotto(directory, &alice, &["send", &echo_address, &request])).await;
    assert!(sent.status.success(), "{sent:?}");
    assert!(String::from_utf8_lossy(&sent.stderr).contains("at the recipient's gateway"));

    let heard = output(sotto(directory, &bob, &["listen", "--count", "1"])).await;
    assert!(heard.status.success(), "{heard:?}");
    let heard = String::from_utf8(heard.stdout).unwrap();
    assert_eq!(heard.lines().last(), Some("hello"));
    world.end().await;
}

#[tokio::test]
async fn what_is_signed_is_shown_as_words_with_its_sender_and_comes_back_signed() {
    let world = World::new(small()).await;
    let folder = tempfile::tempdir().unwrap();
    let directory = world.mixnet.directory_url();
    let (alice, echo) = (folder.path().join("alice"), folder.path().join("echo"));
    let text = |output: Output| String::from_utf8(output.stdout).unwrap().trim().to_owned();

    let mut echo = Running::start(sotto(directory, &echo, &["--json", "echo"]));
    let to = echo.next("address").await["address"].clone();
    let to = to.as_str().unwrap();
    // The first message waits for the first address.
    let sent = output(sotto(directory, &alice, &["send", "--signed", to, "hello"])).await;
    assert!(sent.status.success(), "{sent:?}");
    let from = text(output(sotto(directory, &alice, &["address"])).await);
    let heard = echo.next("message").await;
    assert_eq!(
        (&heard["text"], &heard["signedBy"]),
        (&"hello".into(), &from.into())
    );

    let mut listening = sotto(directory, &alice, &["--json", "listen"]);
    listening.kill_on_drop(true);
    let back = Running::start(listening).next("message").await;
    assert_eq!(
        (&back["text"], &back["signedBy"]),
        (&"hello".into(), &to.into())
    );
    world.end().await;
}

#[tokio::test]
async fn a_file_is_sent_with_its_name() {
    let world = World::new(small()).await;
    let folder = tempfile::tempdir().unwrap();
    let directory = world.mixnet.directory_url();
    let (alice, bob) = (folder.path().join("alice"), folder.path().join("bob"));
    let path = folder.path().join("a file.bin");
    std::fs::write(&path, [1, 2, 255]).unwrap();

    let mut bob = Running::start(sotto(directory, &bob, &["--json", "listen"]));
    let to = bob.next("address").await["address"].clone();
    let file = path.to_str().unwrap();
    let arguments = ["send", "--signed", to.as_str().unwrap(), "--file", file];
    let sent = output(sotto(directory, &alice, &arguments)).await;
    assert!(sent.status.success(), "{sent:?}");
    let heard = bob.next("message").await;
    assert_eq!(heard["file"]["name"], "a file.bin");
    assert_eq!(
        (&heard["size"], &heard["base64"]),
        (&3.into(), &"AQL/".into())
    );
    world.end().await;
}

#[tokio::test]
async fn what_goes_wrong_is_a_sentence_and_a_status() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let dead = "http://127.0.0.1:9/";
    let cases: [(&str, &[&str], i32, &str); 7] = [
        (
            dead,
            &["send", "nonsense", "hi"],
            2,
            "an address has three parts",
        ),
        (dead, &["send", SOMEBODY, ""], 3, "The message is empty"),
        (
            dead,
            &["send", SOMEBODY, "--file", "/does/not/exist"],
            1,
            "The message cannot be read",
        ),
        (
            dead,
            &["--timeout", "1", "send", SOMEBODY, "hi"],
            4,
            "The directory cannot be reached",
        ),
        ("127.0.0.1", &["address"], 2, "is not a web address"),
        (
            dead,
            &["--timeout", "1", "send", "--signed", SOMEBODY, "hi"],
            4,
            "There is no address yet",
        ),
        (
            dead,
            &["send", "--signed", "--anonymous", SOMEBODY, "hi"],
            2,
            "cannot be used with",
        ),
    ];
    for (directory, arguments, status, sentence) in cases {
        let output = output(sotto(directory, &state, arguments)).await;
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(status), "{arguments:?}: {text}");
        assert!(text.contains(sentence), "{arguments:?}: {text}");
    }
}

#[tokio::test]
async fn one_moves_to_another_gateway_and_is_heard_at_both_addresses() {
    let options = sotto_mixnet::Options {
        gateways: 2,
        ..small()
    };
    let world = World::new(options).await;
    let folder = tempfile::tempdir().unwrap();
    let directory = world.mixnet.directory_url();
    let (alice, bob) = (folder.path().join("alice"), folder.path().join("bob"));
    let text = |output: Output| String::from_utf8(output.stdout).unwrap().trim().to_owned();

    let old = text(output(sotto(directory, &alice, &["address"])).await);
    let gateways = text(output(sotto(directory, &alice, &["gateways"])).await);
    let gateways: Vec<_> = gateways.lines().collect();
    assert_eq!(gateways.len(), 2);
    assert!(old.ends_with(gateways[0]), "the own one first");
    let refused = output(sotto(directory, &alice, &["move", gateways[0]])).await;
    assert_eq!(refused.status.code(), Some(2), "{refused:?}");

    let new = text(output(sotto(directory, &alice, &["move", gateways[1]])).await);
    assert!(new.ends_with(gateways[1]), "{new}");
    for (to, message) in [(&old, "to the old one"), (&new, "to the new one")] {
        let sent = output(sotto(directory, &bob, &["send", to, message])).await;
        assert!(sent.status.success(), "{sent:?}");
    }
    let heard = text(output(sotto(directory, &alice, &["listen", "--count", "2"])).await);
    let mut heard: Vec<_> = heard.lines().filter(|line| line.contains("one")).collect();
    heard.sort_unstable();
    assert_eq!(heard, ["to the new one", "to the old one"]);
    world.end().await;
}

#[tokio::test]
async fn without_a_directory_the_last_topology_is_used_and_its_age_said() {
    let world = World::new(small()).await;
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("alice");
    let address = output(sotto(world.mixnet.directory_url(), &state, &["address"])).await;
    let address = String::from_utf8(address.stdout).unwrap().trim().to_owned();
    let sent = output(sotto(
        "http://127.0.0.1:9/",
        &state,
        &["send", &address, "to me"],
    ))
    .await;
    let said = String::from_utf8_lossy(&sent.stderr).into_owned();
    assert!(sent.status.success(), "{said}");
    assert!(said.contains("list of 0 minutes ago is used"), "{said}");
    world.end().await;
}
