//! A coroutine: its stack of values and its stack of calls.
//!
//! No call of a script is a call in Rust. A library function that calls back leaves a
//! [`Continuation`] on the stack of calls, so that every state can be suspended, cloned and dropped.

use crate::library::Continuation;
use crate::value::{Thread, Value};

/// What a caller wants of results: so many, or all.
pub(crate) const ALL: u32 = u32::MAX;

/// What happens in a Lua caller with the results of a call, beside being put in place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum After {
    Nothing,
    /// A comparison's metamethod: the jump behind it is taken if the result is as expected.
    Compare {
        expect: bool,
        negate: bool,
    },
    /// A concatenation goes on to the left of the result.
    Concat,
}

/// Where results go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Destination {
    pub(crate) slot: u32,
    pub(crate) want: u32,
    pub(crate) after: After,
}

impl Destination {
    /// For results that a library function or a host waits for, wherever they are.
    pub(crate) const NONE: Destination = Destination { slot: 0, want: ALL, after: After::Nothing };
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FrameKind {
    Lua,
    /// A library function that waits for a call of its own; its continuation is the topmost one.
    Native,
}

/// A call in progress.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    pub(crate) kind: FrameKind,
    /// Counts as a call in C: a coroutine cannot yield across it.
    pub(crate) boundary: bool,
    pub(crate) destination: Destination,
    pub(crate) function: u32,
    pub(crate) proto: u32,
    pub(crate) base: u32,
    /// The next instruction.
    pub(crate) pc: u32,
    pub(crate) varargs: u32,
    /// How many calls were replaced by this one.
    pub(crate) tail_calls: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) enum Status {
    /// Not started, or in a yield.
    #[default]
    Suspended,
    Running,
    /// It has resumed another one.
    Normal,
    Dead,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct ThreadData {
    pub(crate) stack: Vec<Value>,
    /// The first slot above arguments, results and scratch values.
    pub(crate) top: u32,
    pub(crate) frames: Vec<Frame>,
    /// For how many frames memory is accounted; a clone's capacity may be less.
    pub(crate) frame_room: usize,
    pub(crate) continuations: Vec<Continuation>,
    /// How many frames are boundaries.
    pub(crate) boundaries: u32,
    pub(crate) status: Status,
    /// Where the values of the next resume go, once it has yielded.
    pub(crate) yielded: Option<Destination>,
    /// Who resumed it.
    pub(crate) resumer: Option<Thread>,
}

/// Slots that are always there above the base of a frame, one for every register number.
pub(crate) const FRAME_SLOTS: usize = 256;

/// What an empty thread keeps of the slots and frames that it had.
const STACK_KEPT: usize = 4096;
const FRAMES_KEPT: usize = 64;

impl ThreadData {
    pub(crate) fn new() -> ThreadData {
        ThreadData { stack: vec![Value::Nil; FRAME_SLOTS + 64], ..ThreadData::default() }
    }

    /// Empties it. It keeps the room that an ordinary script needs.
    pub(crate) fn restart(&mut self) {
        if self.stack.len() > STACK_KEPT || self.frame_room > FRAMES_KEPT {
            *self = ThreadData::new();
            return;
        }
        self.top = 0;
        self.frames.clear();
        self.continuations.clear();
        self.boundaries = 0;
        self.status = Status::Suspended;
        self.yielded = None;
        self.resumer = None;
    }

    pub(crate) fn bytes(&self) -> usize {
        size_of::<ThreadData>()
            + self.stack.len() * size_of::<Value>()
            + self.frame_room * size_of::<Frame>()
    }

    pub(crate) fn pop_frame(&mut self) -> Option<Frame> {
        let frame = self.frames.pop()?;
        self.boundaries -= u32::from(frame.boundary);
        Some(frame)
    }
}
