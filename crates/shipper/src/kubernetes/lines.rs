//! The body of a watch, split into lines.

use http_body_util::BodyExt;
use kigen_ops::error_chain;
use kube::client::Body;

use crate::error::RequestError;

/// The longest line of a watch, in bytes; etcd keeps no object of more than 1.5 MiB.
pub const LINE_BYTES_MAX: usize = 16 << 20;

/// A watch's lines as they come.
#[derive(Debug)]
pub struct Lines {
    request: String,
    body: Body,
    buffer: Vec<u8>,
    /// How much of the buffer has been searched for an end of line.
    scanned: usize,
    /// The present line is too long: the rest of it is dropped.
    cut: bool,
}

/// A line of a watch.
#[derive(Debug, PartialEq, Eq)]
pub enum Line {
    /// As sent, without its end.
    Whole(Vec<u8>),
    /// Longer than [`LINE_BYTES_MAX`]; its beginning.
    TooLong(Vec<u8>),
}

impl Lines {
    /// The lines of the answer to `request`.
    pub(super) fn of(request: String, body: Body) -> Self {
        Self { request, body, buffer: Vec::new(), scanned: 0, cut: false }
    }

    /// The next line; `None` at the end of the watch. A line that the end cuts off is dropped: it will be sent again.
    pub async fn next(&mut self) -> Result<Option<Line>, RequestError> {
        loop {
            if let Some(line) = self.take_line() {
                return Ok(Some(line));
            }
            let Some(frame) = self.body.frame().await else {
                return Ok(None);
            };
            let frame = frame.map_err(|error| RequestError::BrokenOff {
                request: self.request.clone(),
                reason: error_chain(&error),
            })?;
            if let Ok(data) = frame.into_data() {
                self.buffer.extend_from_slice(&data);
            }
        }
    }

    fn take_line(&mut self) -> Option<Line> {
        loop {
            let Some(end) = self.buffer[self.scanned..].iter().position(|byte| *byte == b'\n') else {
                return self.take_too_long();
            };
            let rest = self.buffer.split_off(self.scanned + end + 1);
            let mut line = std::mem::replace(&mut self.buffer, rest);
            self.scanned = 0;
            line.pop();
            let was_cut = std::mem::take(&mut self.cut);
            if !was_cut && !line.trim_ascii().is_empty() {
                return Some(Line::Whole(line));
            }
        }
    }

    fn take_too_long(&mut self) -> Option<Line> {
        self.scanned = self.buffer.len();
        if self.buffer.len() <= LINE_BYTES_MAX {
            return None;
        }
        let beginning = std::mem::take(&mut self.buffer);
        self.scanned = 0;
        let was_cut = std::mem::replace(&mut self.cut, true);
        (!was_cut).then_some(Line::TooLong(beginning))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_line_that_the_end_of_the_watch_cuts_off_is_dropped() {
        let body = Body::from(b"{\"type\":1}\n\r\n{\"type\":2}\n{\"ty".to_vec());
        let mut lines = Lines::of("GET /".to_owned(), body);
        let mut received = Vec::new();
        while let Some(line) = lines.next().await.expect("it does not break") {
            received.push(line);
        }
        assert_eq!(received, [Line::Whole(b"{\"type\":1}".to_vec()), Line::Whole(b"{\"type\":2}".to_vec())]);
    }
}
