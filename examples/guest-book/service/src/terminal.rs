//! What the owner types and reads.

use std::io::BufRead;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// What the owner can type.
pub(crate) const HELP: &str = "answer NUMBER TEXT   answer an entry\nlist                 the latest entries\nquit                 end";

/// What the owner wants.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// Answer an entry.
    Answer(u64, String),
    /// See what is in the book.
    List,
    /// See what can be typed.
    Help,
    /// End.
    Quit,
    /// Nothing.
    Nothing,
}

impl Command {
    /// Reads a line; what is no command asks for help.
    pub(crate) fn parse(line: &str) -> Self {
        let (command, rest) = split(line);
        match command {
            "" => Self::Nothing,
            "list" => Self::List,
            "quit" => Self::Quit,
            "answer" => answer(rest).unwrap_or(Self::Help),
            _ => Self::Help,
        }
    }
}

fn answer(rest: &str) -> Option<Command> {
    let (number, text) = split(rest);
    let number = number.trim_start_matches('#').parse().ok()?;
    (!text.is_empty()).then(|| Command::Answer(number, text.to_owned()))
}

fn split(line: &str) -> (&str, &str) {
    let line = line.trim();
    let (first, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    (first, rest.trim())
}

/// The lines that are typed, until there are no more. A thread waits for them: nothing else can be waited for
/// on all systems.
pub(crate) fn lines() -> UnboundedReceiver<String> {
    let (sender, receiver) = unbounded_channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    receiver
}

/// A stranger's text for a terminal: in one line, and without the characters that steer it.
pub(crate) fn tame(text: &str) -> String {
    let tame = |c: char| match c {
        '\n' | '\t' => ' ',
        _ if c.is_control() || is_direction(c) => '\u{fffd}',
        _ => c,
    };
    text.chars().map(tame).collect()
}

/// Changes the direction of what follows.
const fn is_direction(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_read_and_what_is_none_asks_for_help() {
        let table = [
            (
                "answer 3 Thank you",
                Command::Answer(3, "Thank you".to_owned()),
            ),
            (
                " answer  #3  Thank  you ",
                Command::Answer(3, "Thank  you".to_owned()),
            ),
            ("list", Command::List),
            ("quit\r", Command::Quit),
            ("", Command::Nothing),
            ("answer 3", Command::Help),
            ("answer x hello", Command::Help),
            ("hello", Command::Help),
        ];
        for (line, command) in table {
            assert_eq!(Command::parse(line), command, "{line}");
        }
    }

    #[test]
    fn a_strangers_text_does_not_steer_the_terminal() {
        let tamed = tame("a\u{1b}[2Jb\nc\u{202e}d\u{9b}e\r");
        assert_eq!(tamed, "a\u{fffd}[2Jb c\u{fffd}d\u{fffd}e\u{fffd}");
    }
}
