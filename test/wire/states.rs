//! Every kind has an outcome in every state, and a good conversation meets no refusal.

use waxwing::wire::{
    ChannelState, Code, Kind, Names, Outcome, Phase, ReceiverState, Role, SenderState, SentBy,
};

const ROLES: [Role; 2] = [Role::Dialler, Role::Listener];
const UNEXPECTED: Outcome = Outcome::Refuse(Code::Unexpected);

#[test]
fn the_channel_takes_just_the_kinds_of_its_phase() {
    for (state, role, kind) in channel_cells() {
        let phase = if state == ChannelState::Open { Phase::Open } else { Phase::Greeting };
        if !kind.is_allowed_in(phase) {
            assert_eq!(state.outcome(role, kind), UNEXPECTED, "{state:?} {role:?} {kind}");
        }
    }
}

#[test]
fn before_the_proofs_one_kind_and_goodbye_are_taken() {
    let awaited =
        [(ChannelState::AwaitHello, Kind::Hello), (ChannelState::AwaitProof, Kind::Proof)];
    for ((state, awaited), role) in awaited.into_iter().zip(ROLES.into_iter().cycle()) {
        for kind in Kind::ALL {
            let is_taken = state.outcome(role, *kind) == Outcome::Accept;
            assert_eq!(is_taken, *kind == awaited || *kind == Kind::Goodbye, "{state:?} {kind}");
        }
    }
}

#[test]
fn an_open_channel_sorts_by_what_a_frame_names() {
    for role in ROLES {
        for kind in Kind::ALL.iter().filter(|kind| kind.is_allowed_in(Phase::Open)) {
            let by_the_wrong_side = matches!(
                (kind.sent_by(), role),
                (SentBy::Dialler, Role::Dialler) | (SentBy::Listener, Role::Listener)
            );
            let expected = match kind.names() {
                _ if by_the_wrong_side => UNEXPECTED,
                Names::Nothing | Names::Request => Outcome::Accept,
                Names::Answer => Outcome::Answer,
                Names::Stream => Outcome::Stream,
            };
            assert_eq!(ChannelState::Open.outcome(role, *kind), expected, "{role:?} {kind}");
        }
    }
}

#[test]
fn a_stream_takes_nothing_from_the_side_that_does_not_send_it() {
    for kind in Kind::ALL {
        if kind.sent_by() == SentBy::Sender {
            refused(SenderState::ALL.map(|state| state.outcome(*kind)), *kind);
        }
        if kind.sent_by() == SentBy::Receiver {
            refused(ReceiverState::ALL.map(|state| state.outcome(*kind)), *kind);
        }
    }
}

#[test]
fn what_concerns_no_stream_has_no_place_in_one() {
    let begins_one = |kind: Kind| matches!(kind, Kind::SendAsk | Kind::GetAsk);
    let of_the_channel = |kind: &&Kind| {
        let is_of_heads = matches!(**kind, Kind::HeadAsk | Kind::HeadTold);
        let is_of_leaves = matches!(**kind, Kind::LeavesAsk | Kind::LeavesTold);
        let is_of_others = is_of_heads || is_of_leaves || is_of_the_index(**kind);
        kind.names() == Names::Nothing || begins_one(**kind) || is_of_others
    };
    for kind in Kind::ALL.iter().filter(of_the_channel) {
        refused(SenderState::ALL.map(|state| state.outcome(*kind)), *kind);
        refused(ReceiverState::ALL.map(|state| state.outcome(*kind)), *kind);
    }
}

#[test]
fn an_index_is_asked_by_who_dialled_it_and_asks_only_about_news() {
    for kind in Kind::ALL.iter().filter(|kind| is_of_the_index(**kind)) {
        let [to_dialler, to_listener] = ROLES.map(|role| ChannelState::Open.outcome(role, *kind));
        let expected = match (kind, kind.names()) {
            (Kind::News, _) => (Outcome::Accept, UNEXPECTED),
            (Kind::Noted, _) => (UNEXPECTED, Outcome::Answer),
            (_, Names::Request) => (UNEXPECTED, Outcome::Accept),
            _ => (Outcome::Answer, UNEXPECTED),
        };
        assert_eq!((to_dialler, to_listener), expected, "{kind}");
    }
}

#[test]
fn a_whole_stream_meets_no_refusal() {
    use {ReceiverState as R, SenderState as S};
    let sender_hears = [
        (S::Asked, Kind::SendGrant),
        (S::Waiting, Kind::StreamEnd),
        (S::Wanted, Kind::GetMore),
        (S::Announced, Kind::SegmentVerified),
        (S::Announced, Kind::StreamAccept),
        (S::Announced, Kind::StreamAgain),
        (S::Running, Kind::LanesGrant),
        (S::Running, Kind::SegmentVerified),
        (S::Running, Kind::ChunksMissing),
        (S::Finished, Kind::ChunksMissing),
        (S::Finished, Kind::SegmentVerified),
        (S::Finished, Kind::StreamDelivered),
    ];
    for (state, kind) in sender_hears {
        assert_eq!(state.outcome(kind), Outcome::Accept, "{state:?} {kind}");
    }
    let receiver_hears = [
        (R::Asked, Kind::GetWait),
        (R::Asked, Kind::GetGrant),
        (R::Granted, Kind::StreamHeader),
        (R::Manifest, Kind::StreamChunk),
        (R::Manifest, Kind::StreamRecord),
        (R::Running, Kind::LanesAsk),
        (R::Running, Kind::StreamChunk),
        (R::Running, Kind::StreamRecord),
    ];
    for (state, kind) in receiver_hears {
        assert_eq!(state.outcome(kind), Outcome::Accept, "{state:?} {kind}");
    }
    for late in [Kind::StreamChunk, Kind::StreamRecord, Kind::StreamEnd] {
        assert_eq!(R::Delivered.outcome(late), Outcome::Ignore, "{late}");
    }
}

#[test]
fn a_stream_out_of_order_is_refused() {
    use {ReceiverState as R, SenderState as S};
    let receiver = [
        (R::Granted, Kind::GetWait),
        (R::Granted, Kind::StreamChunk),
        (R::Granted, Kind::StreamRecord),
        (R::Manifest, Kind::StreamHeader),
        (R::Deciding, Kind::StreamChunk),
        (R::Deciding, Kind::StreamRecord),
        (R::Running, Kind::StreamHeader),
    ];
    for (state, kind) in receiver {
        assert_eq!(state.outcome(kind), UNEXPECTED, "{state:?} {kind}");
    }
    let sender = [
        (S::Asked, Kind::StreamAccept),
        (S::Asked, Kind::GetMore),
        (S::Announced, Kind::GetMore),
        (S::Announced, Kind::StreamDelivered),
        (S::Announced, Kind::SendGrant),
        (S::Running, Kind::StreamAccept),
        (S::Running, Kind::StreamAgain),
        (S::Running, Kind::StreamDelivered),
        (S::Finished, Kind::StreamAccept),
    ];
    for (state, kind) in sender {
        assert_eq!(state.outcome(kind), UNEXPECTED, "{state:?} {kind}");
    }
}

#[test]
fn no_state_refuses_with_a_code_other_than_two() {
    let channel = channel_cells().map(|(state, role, kind)| state.outcome(role, kind));
    let of_streams = Kind::ALL.iter().flat_map(|kind| {
        let sender = SenderState::ALL.map(|state| state.outcome(*kind));
        let receiver = ReceiverState::ALL.map(|state| state.outcome(*kind));
        [sender.to_vec(), receiver.to_vec()].concat()
    });
    for outcome in channel.chain(of_streams) {
        if let Outcome::Refuse(code) = outcome {
            assert!([Code::Unexpected, Code::NoLanes].contains(&code), "{code:?}");
        }
    }
}

fn is_of_the_index(kind: Kind) -> bool {
    (Kind::Join.tag()..Kind::GetAsk.tag()).contains(&kind.tag())
}

fn refused<const N: usize>(outcomes: [Outcome; N], kind: Kind) {
    assert_eq!(outcomes, [UNEXPECTED; N], "{kind}");
}

fn channel_cells() -> impl Iterator<Item = (ChannelState, Role, Kind)> {
    let sides = ROLES.into_iter().flat_map(|role| ChannelState::ALL.map(|state| (state, role)));
    sides.flat_map(|(state, role)| Kind::ALL.iter().map(move |kind| (state, role, *kind)))
}
