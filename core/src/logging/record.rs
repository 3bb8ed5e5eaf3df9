//! From an event's fields to one line of text.

use std::fmt::{self, Debug, Write};

use tracing::Event;
use tracing::field::{Field, Visit};

/// Bytes of a message; the end of a longer one is left out.
const MESSAGE: usize = 4_000;

/// An event's fields as they come.
#[derive(Default)]
pub(super) struct Fields {
    cookie_id: Option<String>,
    sentence: Line,
    particulars: Line,
}

impl Fields {
    /// The account that an event is about, and its message: the sentence, then the particulars.
    pub(super) fn of(event: &Event<'_>) -> (Option<String>, String) {
        let mut fields = Self::default();
        event.record(&mut fields);
        let Line(mut message) = fields.sentence;
        message.push_str(&fields.particulars.0);
        cut(&mut message);
        (fields.cookie_id, message)
    }

    fn note(&mut self, name: &str, value: fmt::Arguments<'_>) {
        // Writing into a string does not fail; a value that does not want to be written is left as far as it came.
        let _ = match name {
            "message" => self.sentence.write_fmt(value),
            name => write!(self.particulars, " {name}={value}"),
        };
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "cookie_id" {
            self.cookie_id = Some(value.to_owned());
        }
        self.note(field.name(), format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.note(field.name(), format_args!("{value:?}"));
    }
}

/// Text that stays one line: what a buyer or the service wrote can look like no other record.
#[derive(Default)]
struct Line(String);

impl Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for letter in text.chars() {
            if self.0.len() > MESSAGE {
                return Ok(());
            }
            match letter.is_control() {
                true => self.0.extend(letter.escape_default()),
                false => self.0.push(letter),
            }
        }
        Ok(())
    }
}

fn cut(message: &mut String) {
    if message.len() <= MESSAGE {
        return;
    }
    let end = (0..=MESSAGE - '…'.len_utf8()).rev().find(|&end| message.is_char_boundary(end)).unwrap_or(0);
    message.truncate(end);
    message.push('…');
}
