//! The kinds of frames, in one table: tag, who sends it, when, what its body names, and how long it
//! may be. `protocol.md` section 11 has the same table, and a test compares them.

use crate::model::limits::{
    FRAME_CATALOG, FRAME_CHUNK, FRAME_CONTROL, FRAME_DELIVERED, FRAME_GREETING, FRAME_HEADER,
    FRAME_RECORD,
};
use std::fmt;

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $tag:literal, $from:ident, $when:ident, $names:ident, $max:ident;)*) => {
        /// What a frame is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Kind {
            $($(#[$doc])* $name = $tag,)*
        }

        impl Kind {
            /// All kinds, in the order of their tags.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The kind with this tag.
            pub const fn from_tag(tag: u8) -> Option<Self> {
                match tag {
                    $($tag => Some(Self::$name),)*
                    _ => None,
                }
            }

            /// The byte that stands for it.
            pub const fn tag(self) -> u8 {
                match self {
                    $(Self::$name => $tag,)*
                }
            }

            /// Its name in the protocol.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)*
                }
            }

            /// Who sends it.
            pub const fn sent_by(self) -> SentBy {
                match self {
                    $(Self::$name => SentBy::$from,)*
                }
            }

            const fn when(self) -> When {
                match self {
                    $(Self::$name => When::$when,)*
                }
            }

            /// What the first field of its body is.
            pub const fn names(self) -> Names {
                match self {
                    $(Self::$name => Names::$names,)*
                }
            }

            /// The most bytes of kind and body.
            pub const fn max_length(self) -> usize {
                match self {
                    $(Self::$name => $max,)*
                }
            }
        }
    };
}

kinds! {
    /// Who one is, and what one understands.
    Hello = 0x01, Either, Greeting, Nothing, FRAME_GREETING;
    /// That one is who one said.
    Proof = 0x02, Either, Greeting, Nothing, FRAME_GREETING;
    /// Why the conversation ends here.
    Goodbye = 0x03, Either, Always, Nothing, FRAME_GREETING;
    /// Asks whether the other is there.
    Ping = 0x04, Either, Open, Nothing, FRAME_CONTROL;
    /// That one is there.
    Pong = 0x05, Either, Open, Nothing, FRAME_CONTROL;
    /// Why a request is not answered as asked.
    Failure = 0x06, Either, Open, Answer, FRAME_CONTROL;
    /// Asks to send a stream.
    SendAsk = 0x10, Sender, Open, Request, FRAME_CONTROL;
    /// Lets a stream be announced.
    SendGrant = 0x11, Receiver, Open, Answer, FRAME_CONTROL;
    /// Announces a stream.
    StreamHeader = 0x12, Sender, Open, Stream, FRAME_HEADER;
    /// A chunk on the channel.
    StreamChunk = 0x13, Sender, Open, Stream, FRAME_CHUNK;
    /// A record.
    StreamRecord = 0x14, Sender, Open, Stream, FRAME_RECORD;
    /// Lets the data come.
    StreamAccept = 0x15, Receiver, Open, Stream, FRAME_CONTROL;
    /// That a segment verified, which moves the window.
    SegmentVerified = 0x16, Receiver, Open, Stream, FRAME_CONTROL;
    /// Chunks that a record covers and that did not come.
    ChunksMissing = 0x17, Receiver, Open, Stream, FRAME_CONTROL;
    /// That files are durable, signed.
    StreamDelivered = 0x18, Receiver, Open, Stream, FRAME_DELIVERED;
    /// That a stream ends here: declined, cancelled, failed.
    StreamEnd = 0x19, Either, Open, Stream, FRAME_CONTROL;
    /// Has a stream begin again, without what is here.
    StreamAgain = 0x1a, Receiver, Open, Stream, FRAME_CATALOG;
    /// Asks for lanes.
    LanesAsk = 0x20, Dialler, Open, Request, FRAME_CONTROL;
    /// Lets lanes be dialled.
    LanesGrant = 0x21, Listener, Open, Answer, FRAME_CONTROL;
    /// Asks an index for an account.
    Join = 0x30, Dialler, Open, Request, FRAME_CONTROL;
    /// Asks an index for a session, by password.
    Login = 0x31, Dialler, Open, Request, FRAME_CONTROL;
    /// Goes on with a session.
    Resume = 0x32, Dialler, Open, Request, FRAME_CONTROL;
    /// Grants a session.
    SessionGrant = 0x33, Listener, Open, Answer, FRAME_CONTROL;
    /// Ends a session.
    Logout = 0x34, Dialler, Open, Request, FRAME_CONTROL;
    /// That what was asked is done.
    Done = 0x35, Listener, Open, Answer, FRAME_CONTROL;
    /// Changes the password.
    PasswordChange = 0x36, Dialler, Open, Request, FRAME_CONTROL;
    /// Moves the account to the identity of this conversation.
    Rotate = 0x37, Dialler, Open, Request, FRAME_CONTROL;
    /// Changes the contact line.
    ContactChange = 0x38, Dialler, Open, Request, FRAME_CONTROL;
    /// Asks what the index knows of one's own account.
    AccountAsk = 0x39, Dialler, Open, Request, FRAME_CONTROL;
    /// What the index knows of one's own account.
    Account = 0x3a, Listener, Open, Answer, FRAME_CONTROL;
    /// Asks for the keys of a person.
    KeysAsk = 0x40, Dialler, Open, Request, FRAME_CONTROL;
    /// The keys of a person.
    Keys = 0x41, Listener, Open, Answer, FRAME_CONTROL;
    /// Asks for entries of the key directory.
    ChainAsk = 0x42, Dialler, Open, Request, FRAME_CONTROL;
    /// Entries of the key directory.
    ChainPart = 0x43, Listener, Open, Answer, FRAME_CONTROL;
    /// That one is online, and at which port.
    Online = 0x48, Dialler, Open, Request, FRAME_CONTROL;
    /// For how long one counts as online.
    OnlineGrant = 0x49, Listener, Open, Answer, FRAME_CONTROL;
    /// Asks for people.
    PeopleAsk = 0x4a, Dialler, Open, Request, FRAME_CONTROL;
    /// People, and whether they are online.
    People = 0x4b, Listener, Open, Answer, FRAME_CONTROL;
    /// Asks to be told of changes among the people, or not any more.
    Watch = 0x4c, Dialler, Open, Request, FRAME_CONTROL;
    /// Asks that a person is told that one wants to reach them.
    Reach = 0x4d, Dialler, Open, Request, FRAME_CONTROL;
    /// Tells what changed among the people, and who wants to reach one.
    News = 0x4e, Listener, Open, Request, FRAME_CONTROL;
    /// That news were taken.
    Noted = 0x4f, Dialler, Open, Answer, FRAME_CONTROL;
    /// Makes a share, or changes its name, keywords or audience.
    ShareChange = 0x50, Dialler, Open, Request, FRAME_CONTROL;
    /// Publishes a share no longer.
    ShareEnd = 0x51, Dialler, Open, Request, FRAME_CONTROL;
    /// Asks what the index has of one's own shares.
    SharesAsk = 0x52, Dialler, Open, Request, FRAME_CONTROL;
    /// One's own shares.
    Shares = 0x53, Listener, Open, Answer, FRAME_CONTROL;
    /// Publishes a difference of a share, or a part of it.
    Publish = 0x54, Dialler, Open, Request, FRAME_CATALOG;
    /// Searches the catalog.
    Search = 0x58, Dialler, Open, Request, FRAME_CONTROL;
    /// What a search found.
    Results = 0x59, Listener, Open, Answer, FRAME_CATALOG;
    /// Asks for the entries of a person.
    Browse = 0x5a, Dialler, Open, Request, FRAME_CONTROL;
    /// Entries of a person.
    Listing = 0x5b, Listener, Open, Answer, FRAME_CATALOG;
    /// Asks who has a content.
    Locate = 0x5c, Dialler, Open, Request, FRAME_CONTROL;
    /// Who has a content.
    Located = 0x5d, Listener, Open, Answer, FRAME_CATALOG;
    /// Asks to be sent a stream of entries of a share.
    GetAsk = 0x60, Receiver, Open, Request, FRAME_CATALOG;
    /// Says what the stream will carry.
    GetGrant = 0x61, Sender, Open, Answer, FRAME_CONTROL;
    /// Tells how far one knows the key directory, and asks for the same.
    HeadAsk = 0x62, Dialler, Open, Request, FRAME_CONTROL;
    /// Tells it in return.
    HeadTold = 0x63, Listener, Open, Answer, FRAME_CONTROL;
    /// Asks for more entries in a stream that is not granted yet.
    GetMore = 0x64, Receiver, Open, Stream, FRAME_CATALOG;
    /// Asks for the leaves of a content.
    LeavesAsk = 0x65, Dialler, Open, Request, FRAME_CONTROL;
    /// Leaves of a content.
    LeavesTold = 0x66, Listener, Open, Answer, FRAME_CATALOG;
    /// Tells who asked for a stream how many are served first.
    GetWait = 0x67, Sender, Open, Stream, FRAME_CONTROL;
}

/// Who sends a kind of frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SentBy {
    /// Both sides.
    Either,
    /// The side that dialled the channel.
    Dialler,
    /// The side that was dialled.
    Listener,
    /// The side from which the files of a stream come.
    Sender,
    /// The side to which the files of a stream go.
    Receiver,
}

/// What the first field of a body is, by which a frame finds its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Names {
    /// None: the frame is for the conversation itself.
    Nothing,
    /// The id of the request that it is.
    Request,
    /// The id of the request that it answers.
    Answer,
    /// The stream that it belongs to.
    Stream,
}

/// Whether both sides have proven who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Not yet.
    Greeting,
    /// They have.
    Open,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum When {
    Greeting,
    Open,
    Always,
}

impl Kind {
    /// Whether frames of this kind come in this phase.
    pub const fn is_allowed_in(self, phase: Phase) -> bool {
        matches!(
            (self.when(), phase),
            (When::Always, _) | (When::Greeting, Phase::Greeting) | (When::Open, Phase::Open)
        )
    }
}

impl Phase {
    /// The most bytes of kind and body that any frame has in this phase.
    pub const fn max_length(self) -> usize {
        match self {
            Self::Greeting => FRAME_GREETING,
            Self::Open => FRAME_DELIVERED,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
