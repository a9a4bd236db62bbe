//! What is said once both sides know each other.

use crate::stage::{identity, pair, soon};
use waxwing::link::Ending;
use waxwing::wire::{Code, Role, SendAsk, SendGrant};

#[tokio::test(start_paused = true)]
async fn two_meet_over_a_pipe_of_8_bytes_and_know_who_is_there() {
    let (alice, mut bob) = soon(pair(8)).await;
    assert_eq!(alice.conversation.proven().fingerprint(), identity("bob").fingerprint());
    assert_eq!(bob.conversation.proven().fingerprint(), identity("alice").fingerprint());
    assert_eq!(alice.conversation.role(), Role::Dialler);
    assert_eq!(bob.conversation.role(), Role::Listener);
    let ask = SendAsk { id: 0, entries: 1, data_length: 5 };
    let answer = async {
        let request = bob.incoming.next().await.unwrap();
        let ask: SendAsk = request.decode().unwrap();
        assert_eq!((ask.id, ask.data_length), (1, 5));
        request.answer(SendGrant { id: 0, challenge: [3; 32] }).unwrap();
    };
    let (granted, ()) = soon(async { tokio::join!(alice.conversation.ask(ask), answer) }).await;
    assert_eq!(granted.unwrap().challenge, [3; 32]);
    alice.conversation.end(Code::Done, "that was all");
    let ended = soon(bob.driver).await.unwrap();
    assert!(
        matches!(&ended, Ending::Theirs { code: Code::Done, text } if text.to_string() == "that was all")
    );
    let ended = soon(alice.driver).await.unwrap();
    assert!(matches!(ended, Ending::Ours { code: Code::Done, .. }));
}
