//! The entries, on disk.

use rusqlite::{Connection, OptionalExtension, Result, Row, params};
use sotto_core::client::MessageId;
use sotto_core::message::SenderTag;
use std::path::Path;

/// What was written in the book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// 1 for the first.
    pub(crate) number: u64,
    /// How its writer can be answered; nothing if they gave no way.
    pub(crate) visitor: Option<Visitor>,
    /// What they wrote.
    pub(crate) text: String,
    /// When it came, in milliseconds since 1970.
    pub(crate) written_at: u64,
    /// What the owner answered.
    pub(crate) answer: Option<String>,
}

/// Somebody who wrote: all that is known of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Visitor {
    /// Stands for the ways back that came along.
    pub(crate) tag: SenderTag,
    /// Whether they write as Sotto peers do, or with nothing around it.
    pub(crate) is_sotto: bool,
}

/// The book.
pub(crate) struct Book(Connection);

const SCHEMA: &str = "
    pragma journal_mode = wal;
    pragma synchronous = full;
    create table if not exists entry (
        number integer primary key,
        message blob not null unique,
        tag blob,
        is_sotto integer not null,
        text text not null,
        written_at integer not null,
        answer text,
        -- Whether the answer is in the outbox.
        told integer not null default 0
    ) strict;";

const COLUMNS: &str = "number, tag, is_sotto, text, written_at, answer";

impl Book {
    /// Opens the book, or begins it.
    pub(crate) fn open(file: &Path) -> Result<Self> {
        let connection = Connection::open(file)?;
        connection.execute_batch(SCHEMA)?;
        Ok(Self(connection))
    }

    /// Writes an entry, which is on disk when this returns. The same message twice is one entry: it comes
    /// again if we are killed before it is taken out of the inbox.
    pub(crate) fn add(
        &self,
        message: MessageId,
        visitor: Option<Visitor>,
        text: &str,
        now: u64,
    ) -> Result<Entry> {
        let tag = visitor.map(|visitor| visitor.tag.0);
        let is_sotto = visitor.is_some_and(|visitor| visitor.is_sotto);
        self.0.execute(
            "insert or ignore into entry (message, tag, is_sotto, text, written_at)
             values (?1, ?2, ?3, ?4, ?5)",
            params![message.0, tag, is_sotto, text, now],
        )?;
        let select = format!("select {COLUMNS} from entry where message = ?1");
        self.0.query_row(&select, [message.0], read)
    }

    /// Writes the owner's answer under an entry, in place of a former one. Nothing if there is no such entry.
    pub(crate) fn answer(&self, number: u64, answer: &str) -> Result<Option<Entry>> {
        let update =
            format!("update entry set answer = ?2, told = 0 where number = ?1 returning {COLUMNS}");
        let entry = self.0.query_row(&update, params![number, answer], read);
        entry.optional()
    }

    /// The answer of this entry is in the outbox.
    pub(crate) fn told(&self, number: u64) -> Result<()> {
        let update = "update entry set told = 1 where number = ?1";
        self.0.execute(update, [number]).map(|_| ())
    }

    /// The entries whose answers did not get into the outbox, as we were killed before.
    pub(crate) fn untold(&self) -> Result<Vec<Entry>> {
        self.select(
            "where answer is not null and not told order by number",
            u32::MAX,
        )
    }

    /// The newest entries, the newest first.
    pub(crate) fn latest(&self, most: u32) -> Result<Vec<Entry>> {
        self.select("order by number desc", most)
    }

    fn select(&self, which: &str, most: u32) -> Result<Vec<Entry>> {
        let select = format!("select {COLUMNS} from entry {which} limit ?1");
        let mut statement = self.0.prepare(&select)?;
        statement.query_map([most], read)?.collect()
    }
}

fn read(row: &Row<'_>) -> Result<Entry> {
    let is_sotto = row.get("is_sotto")?;
    let tag: Option<[u8; 16]> = row.get("tag")?;
    Ok(Entry {
        number: row.get("number")?,
        visitor: tag.map(|tag| Visitor {
            tag: SenderTag(tag),
            is_sotto,
        }),
        text: row.get("text")?,
        written_at: row.get("written_at")?,
        answer: row.get("answer")?,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    const VISITOR: Visitor = Visitor {
        tag: SenderTag([7; 16]),
        is_sotto: true,
    };

    fn id(number: u8) -> MessageId {
        MessageId([number; 16])
    }

    #[test]
    fn entries_and_answers_are_there_when_the_book_is_opened_again() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("book.sqlite");
        let book = Book::open(&file).unwrap();
        let first = book.add(id(1), Some(VISITOR), "hello", 5).unwrap();
        let second = book.add(id(2), None, "no way back", 6).unwrap();
        let answered = book.answer(first.number, "welcome").unwrap().unwrap();
        drop(book);
        let book = Book::open(&file).unwrap();
        assert_eq!(book.latest(9).unwrap(), [second, answered.clone()]);
        assert_eq!(answered.visitor, Some(VISITOR));
        assert_eq!(answered.answer.as_deref(), Some("welcome"));
        assert_eq!((answered.number, answered.written_at), (1, 5));
    }

    #[test]
    fn a_message_that_comes_again_is_the_same_entry() {
        let folder = tempfile::tempdir().unwrap();
        let book = Book::open(&folder.path().join("book.sqlite")).unwrap();
        let first = book.add(id(1), Some(VISITOR), "hello", 5).unwrap();
        let again = book.add(id(1), Some(VISITOR), "hello", 9).unwrap();
        assert_eq!(first, again);
        assert_eq!(book.latest(9).unwrap().len(), 1);
    }

    #[test]
    fn an_answer_is_untold_until_it_is_in_the_outbox_and_again_when_it_changes() {
        let folder = tempfile::tempdir().unwrap();
        let book = Book::open(&folder.path().join("book.sqlite")).unwrap();
        let number = book.add(id(1), Some(VISITOR), "hello", 5).unwrap().number;
        assert_eq!(book.untold().unwrap(), []);
        book.answer(number, "welcome").unwrap();
        assert_eq!(book.untold().unwrap().len(), 1);
        book.told(number).unwrap();
        assert_eq!(book.untold().unwrap(), []);
        book.answer(number, "welcome!").unwrap();
        assert_eq!(book.untold().unwrap().len(), 1);
        assert_eq!(book.answer(number + 1, "nobody").unwrap(), None);
    }
}
