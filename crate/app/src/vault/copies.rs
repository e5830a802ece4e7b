//! Two copies of what must not be lost.

use zeroize::Zeroizing;

use super::checksum::Unreadable;

/// What became of one copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CopyState {
    /// It is whole.
    Good,
    /// It is not there.
    Missing,
    /// It is there, and damaged.
    Damaged,
    /// It is whole, and not what was written last: a change was interrupted between the two.
    Outdated,
}

/// One copy for the disk.
pub struct NamedCopy {
    /// Under which key.
    pub name: &'static str,
    /// What.
    pub bytes: Zeroizing<Vec<u8>>,
}

super::redacted!(NamedCopy);

/// What was found in two copies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found<T> {
    /// The content.
    pub value: T,
    /// How the copies are, first and second.
    pub copies: [CopyState; 2],
}

impl<T> Found<T> {
    /// Whether both copies should be written again.
    #[must_use]
    pub fn needs_mending(&self) -> bool {
        self.copies != [CopyState::Good; 2]
    }
}

/// Why two copies give nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Lost {
    /// Neither is there. If there are no records either, this is a new installation.
    #[error("The vault's key is not there.")]
    Missing,
    /// None is whole: what is encrypted cannot be read any more. Only a backup helps.
    #[error("The vault's key is damaged, and so is its copy. Restore a backup, or start anew.")]
    Damaged,
    /// Written by a later version of this extension.
    #[error("The vault was written by a later version of Sotto. Update the extension.")]
    NewerVersion,
}

/// Reads both copies, and takes the one with the higher generation.
pub(super) fn find<T: PartialEq>(
    copies: [Option<&[u8]>; 2],
    read: fn(&[u8]) -> Result<T, Unreadable>,
    generation: fn(&T) -> u32,
) -> Result<Found<T>, Lost> {
    let [first, second] = copies.map(|copy| copy.map(read));
    let states = [state(&first), state(&second)];
    if [&first, &second]
        .iter()
        .any(|copy| matches!(copy, Some(Err(Unreadable::NewerVersion(_)))))
    {
        // An older copy beside it must not win: writing it back would undo what was changed.
        return Err(Lost::NewerVersion);
    }
    let found = |value, copies| Ok(Found { value, copies });
    match (first.and_then(Result::ok), second.and_then(Result::ok)) {
        (Some(first), Some(second)) if first == second => found(first, states),
        (Some(first), Some(second)) if generation(&second) > generation(&first) => {
            found(second, [CopyState::Outdated, CopyState::Good])
        }
        (Some(first), Some(_)) => found(first, [CopyState::Good, CopyState::Outdated]),
        (Some(value), None) | (None, Some(value)) => found(value, states),
        (None, None) if states == [CopyState::Missing; 2] => Err(Lost::Missing),
        (None, None) => Err(Lost::Damaged),
    }
}

fn state<T>(copy: &Option<Result<T, Unreadable>>) -> CopyState {
    match copy {
        None => CopyState::Missing,
        Some(Ok(_)) => CopyState::Good,
        Some(Err(_)) => CopyState::Damaged,
    }
}
