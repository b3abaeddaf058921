//! An exception with its frames, as every language's reader finds it.

use std::ops::Range;

/// One exception with its frames.
#[derive(Debug)]
pub(super) struct Block {
    /// Its first line: the header, or the exception, or the first frame where there is no header.
    pub(super) begins: usize,
    /// The frames, the nearest to the exception first.
    pub(super) frames: Vec<Frame>,
    /// The lines of the exception and, where the frames follow them, of its message.
    pub(super) exception: Range<usize>,
    /// 0 outside of Python's groups, 1 for a group itself, 2 for its exceptions, and so on.
    pub(super) depth: usize,
    pub(super) link: Link,
    pub(super) origin: Origin,
}

impl Block {
    /// The line after its last one.
    pub(super) fn ends(&self) -> usize {
        let frames = self.frames.iter().map(|frame| frame.lines.end).max();
        self.exception.end.max(frames.unwrap_or_default())
    }
}

/// Lines of one call.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) lines: Range<usize>,
    /// Of the program, and not of a library or of the language.
    pub(super) is_own: bool,
}

/// How a block belongs to the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Link {
    /// It begins a report of its own.
    Apart,
    /// The one before is its cause, as Python prints chains.
    CauseBefore,
    /// It is the cause of the one before: `Caused by:`.
    Cause,
}

/// Where an exception was raised, the most informative first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Origin {
    /// By the program.
    Program,
    /// In a thread beside it, which does not end the program.
    Thread,
    /// By a launcher: only that its child failed.
    Launcher,
    /// While the program ended, or where it only warned.
    AtExit,
}
