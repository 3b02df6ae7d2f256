//! A progress bar on standard error, for a terminal that waits.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// Short runs show no bar.
const PATIENCE: Duration = Duration::from_millis(700);
const TEMPLATE: &str = "{bar:30} {bytes}/{total_bytes} {bytes_per_sec} {eta}";
const TEMPLATE_WITHOUT_TOTAL: &str = "{spinner} {bytes} {bytes_per_sec}";

/// A bar that appears when a run takes long.
#[derive(Debug)]
pub struct Progress {
    wanted: bool,
    begun: Instant,
    total: Option<u64>,
    bar: Option<ProgressBar>,
}

impl Progress {
    /// A bar over so many bytes, if anybody watches. `None`: a stream of unknown length.
    #[must_use]
    pub fn new(wanted: bool, total: Option<u64>) -> Self {
        Self { wanted, begun: Instant::now(), total, bar: None }
    }

    /// Tells how far the run has come.
    pub fn at(&mut self, bytes: u64) {
        if !self.wanted {
            return;
        }
        if self.bar.is_none() && self.begun.elapsed() >= PATIENCE {
            let (bar, template) = match self.total {
                Some(total) => (ProgressBar::new(total), TEMPLATE),
                None => (ProgressBar::new_spinner(), TEMPLATE_WITHOUT_TOTAL),
            };
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style);
            }
            self.bar = Some(bar);
        }
        if let Some(bar) = &self.bar {
            bar.set_position(bytes);
        }
    }

    /// Takes the bar away while something is written to the same terminal.
    pub fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        match &self.bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    /// Removes the bar.
    pub fn end(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}
