//! Where results go: text for people, JSON lines for programs.

use std::io::{self, Write};

use events::Event;

use super::{
    block,
    judge::Judgement,
    line::{Line, Place},
};
use crate::{output::note, progress::Progress, text};

/// One form of output.
pub(super) trait Sink {
    /// What was said of an event, before anything is done about it.
    fn judged(
        &mut self,
        place: Place<'_>,
        event: &Event,
        judgements: &[Judgement],
        progress: &Progress,
    ) -> io::Result<()>;

    /// The same, when what was to be done is done. Offline it follows at once.
    fn settled(
        &mut self,
        place: Place<'_>,
        event: &Event,
        judgements: &[Judgement],
        progress: &Progress,
    ) -> io::Result<()>;

    /// Text that is no record.
    fn malformed(&mut self, place: Place<'_>, reason: &str, progress: &Progress) -> io::Result<()>;

    /// The end of the run, with what is worth knowing then.
    fn end(&mut self, closing: &str, notes: &[String]) -> io::Result<()>;
}

/// For programs: one line for each record and control.
pub(super) struct Json<W: Write> {
    pub(super) out: W,
    /// What was written must be told before the next write.
    pub(super) watched: bool,
}

impl<W: Write> Json<W> {
    fn line(&mut self, line: &Line<'_>) -> io::Result<()> {
        serde_json::to_writer(&mut self.out, line)?;
        self.out.write_all(b"\n")?;
        if self.watched { self.out.flush() } else { Ok(()) }
    }
}

impl<W: Write> Sink for Json<W> {
    fn judged(&mut self, _: Place<'_>, _: &Event, _: &[Judgement], _: &Progress) -> io::Result<()> {
        Ok(())
    }

    fn settled(
        &mut self,
        place: Place<'_>,
        event: &Event,
        judgements: &[Judgement],
        _: &Progress,
    ) -> io::Result<()> {
        if judgements.is_empty() {
            return self.line(&Line::not_covered(place, event));
        }
        judgements
            .iter()
            .try_for_each(|judgement| self.line(&Line::judged(place, event, judgement)))
    }

    fn malformed(&mut self, place: Place<'_>, reason: &str, _: &Progress) -> io::Result<()> {
        self.line(&Line::malformed(place, reason))
    }

    fn end(&mut self, _: &str, notes: &[String]) -> io::Result<()> {
        self.out.flush()?;
        for text in notes {
            note(text);
        }
        Ok(())
    }
}

/// For people: one block for each event that somebody asks about, and a summary.
pub(super) struct Text<'a, W: Write> {
    pub(super) out: W,
    /// Somebody watches, so that nothing may wait in a buffer.
    pub(super) watched: bool,
    pub(super) writer: block::Writer<'a>,
}

impl<W: Write> Text<'_, W> {
    fn put(&mut self, text: &str, progress: &Progress) -> io::Result<()> {
        if text.is_empty() {
            return Ok(());
        }
        if !self.watched {
            return self.out.write_all(text.as_bytes());
        }
        progress.aside(|| {
            self.out.write_all(text.as_bytes())?;
            self.out.flush()
        })
    }
}

impl<W: Write> Sink for Text<'_, W> {
    fn judged(
        &mut self,
        place: Place<'_>,
        event: &Event,
        judgements: &[Judgement],
        progress: &Progress,
    ) -> io::Result<()> {
        if judgements.is_empty() {
            return Ok(());
        }
        let text = self.writer.event(place, event, judgements);
        self.put(&text, progress)
    }

    fn settled(
        &mut self,
        _: Place<'_>,
        _: &Event,
        judgements: &[Judgement],
        progress: &Progress,
    ) -> io::Result<()> {
        let text = self.writer.outcomes(judgements);
        self.put(&text, progress)
    }

    fn malformed(&mut self, place: Place<'_>, reason: &str, progress: &Progress) -> io::Result<()> {
        let text = self.writer.malformed(place, reason);
        self.put(&text, progress)
    }

    fn end(&mut self, closing: &str, notes: &[String]) -> io::Result<()> {
        self.out.write_all(closing.as_bytes())?;
        for text in notes {
            writeln!(self.out, "{}", text::exact(text))?;
        }
        self.out.flush()
    }
}
