//! The chain of the key directory: what extends it, what is found out, and which keys are believed.

use crate::alloc::most_held_by;
use crate::keys::{DAY, NOW, sealing_key, signing_key, verifying_key};
use crate::ledger::Ledger;
use waxwing::codec::{self, Reader, Writer, closed};
use waxwing::crypto::{
    Fingerprint, SealingCertificate, Signed, SignedRotation, UnixTime, VerifyingKey,
};
use waxwing::model::UserName;
use waxwing::model::directory::{
    Agreement, Chain, ChainError, DirectoryEntry, DirectoryEvent, Documents, Head, Step,
};
use waxwing::model::limits::{DIRECTORY_ENTRIES, DIRECTORY_ENTRY_BYTES};

use DirectoryEvent::{Closed, Joined, Replaced, Rotated, Sealing};

/// Histories, and what a last step does to them.
#[test]
fn a_name_takes_the_steps_that_it_can_take() {
    let possible = [
        "al joined 1",
        "al joined 1, bo joined 2",
        "al joined 1, al sealing 1, al sealing 1",
        "al joined 1, al rotated 2, al sealing 2, al rotated 3",
        "al joined 1, al replaced 2, al rotated 3, al replaced 4",
        "al joined 1, al closed 1",
        "al joined 1, al closed 1, al joined 1",
        "al joined 1, al closed 1, al joined 2, al closed 2, al joined 2",
        "al joined 1, al rotated 2, al closed 2, al joined 2",
        "al joined 1, al rotated 2, al closed 2, al joined 3",
        "al joined 1, bo joined 2, al rotated 3, bo rotated 4",
    ];
    for history in possible {
        assert_eq!(told(history), Ok(()), "{history}");
    }
    let (twice, identity_twice) = ("a name is joined twice", "an identity is used twice");
    let nobody = "it speaks of a name that nobody has";
    let other = "it speaks of another identity than the name has";
    let impossible = [
        ("al sealing 1", nobody),
        ("al rotated 1", nobody),
        ("al replaced 1", nobody),
        ("al closed 1", nobody),
        ("al joined 1, bo rotated 2", nobody),
        ("al joined 1, al joined 1", twice),
        ("al joined 1, al joined 2", twice),
        ("al joined 1, bo joined 1", identity_twice),
        ("al joined 1, al rotated 1", identity_twice),
        ("al joined 1, al replaced 1", identity_twice),
        ("al joined 1, al rotated 2, al rotated 1", identity_twice),
        ("al joined 1, al rotated 2, al replaced 1", identity_twice),
        ("al joined 1, bo joined 2, al rotated 2", identity_twice),
        ("al joined 1, bo joined 2, al replaced 2", identity_twice),
        ("al joined 1, al sealing 2", other),
        ("al joined 1, al rotated 2, al sealing 1", other),
        ("al joined 1, al closed 2", other),
        // Who left comes back as who they were last, or as somebody new.
        ("al joined 1, al closed 1, al joined 2, al closed 2, al joined 1", identity_twice),
        ("al joined 1, al rotated 2, al closed 2, al joined 1", identity_twice),
        ("al joined 1, al replaced 2, al closed 2, al joined 1", identity_twice),
        // What was closed stays somebody's.
        ("al joined 1, al closed 1, bo joined 1", identity_twice),
        ("al joined 1, al closed 1, al closed 1", nobody),
        ("al joined 1, al closed 1, al sealing 1", nobody),
        ("al joined 1, al closed 1, al rotated 2", nobody),
        ("al joined 1, al closed 1, al replaced 2", nobody),
        ("al joined 1, al closed 1, al joined 2, al closed 1", other),
    ];
    for (history, reason) in impossible {
        let number = history.matches(',').count() as u64;
        assert_eq!(told(history), Err(ChainError::Impossible { number, reason }), "{history}");
    }
}

#[test]
fn steps_tell_what_happened_to_a_name() {
    let history = "al joined 1, bo joined 2, al sealing 1, al rotated 3, al closed 3, al joined 4";
    let chain = chain_of(history).unwrap();
    let steps: Vec<_> = chain.steps(&user("al")).collect();
    let seen: Vec<_> = steps.iter().map(|s| (s.number, s.event, s.identity, s.before)).collect();
    let expected = [
        (5, Joined, identity(4), None),
        (4, Closed, identity(3), None),
        (3, Rotated, identity(3), Some(identity(1))),
        (2, Sealing, identity(1), None),
        (0, Joined, identity(1), None),
    ];
    assert_eq!(seen, expected);
    assert_eq!(steps[0].time, UnixTime(1_800_000_005));
    assert_eq!(chain.current(&user("al")).as_ref(), steps.first());
    assert_eq!(chain.current(&user("nobody")), None);
    assert_eq!(chain.steps(&user("nobody")).count(), 0);
    for (number, owner) in [(1, "al"), (2, "bo"), (3, "al"), (4, "al")] {
        assert_eq!(chain.owner(&identity(number)), Some(&user(owner)));
    }
    assert_eq!(chain.owner(&identity(5)), None);
    let closed = chain_of("al joined 1, al closed 1").unwrap();
    assert_eq!(closed.current(&user("al")), None);
    assert_eq!(closed.owner(&identity(1)), Some(&user("al")));
}

#[test]
fn rotations_are_walked_and_nothing_else_is() {
    let numbers = |history: &str, since: u8| {
        let chain = chain_of(history).unwrap();
        let walked = chain.rotations_since(&user("al"), &identity(since));
        walked.map(|steps| steps.iter().map(|step: &Step| step.number).collect::<Vec<_>>())
    };
    let rotated =
        "al joined 1, bo joined 9, al rotated 2, al sealing 2, al rotated 3, al sealing 3";
    assert_eq!(numbers(rotated, 3), Some(vec![]));
    assert_eq!(numbers(rotated, 2), Some(vec![4]));
    assert_eq!(numbers(rotated, 1), Some(vec![2, 4]));
    assert_eq!(numbers(rotated, 9), None);
    let replaced = "al joined 1, al rotated 2, al replaced 3, al rotated 4";
    assert_eq!(numbers(replaced, 3), Some(vec![3]));
    assert_eq!(numbers(replaced, 2), None);
    assert_eq!(numbers(replaced, 1), None);
    let back = "al joined 1, al rotated 2, al closed 2, al joined 2";
    assert_eq!(numbers(back, 2), Some(vec![]));
    assert_eq!(numbers(back, 1), None);
    assert_eq!(numbers("al joined 1, al closed 1", 1), None);
}

#[test]
fn every_cut_and_every_changed_byte_is_found_out() {
    let ledger = ledger("al joined 1, bo joined 2, al rotated 3");
    for number in 0..3 {
        let entry = &ledger.entries[number];
        let before = || {
            let mut chain = Chain::default();
            chain.extend(ledger.from(0).take(number)).unwrap();
            chain
        };
        for cut in 0..entry.len() {
            let refused = before().extend([&entry[..cut]]);
            assert_eq!(refused, Err(ChainError::Malformed(codec::Error::Cut)), "{number} {cut}");
        }
        let longer = [entry, &[0][..]].concat();
        let refused = before().extend([longer.as_slice()]);
        assert_eq!(refused, Err(ChainError::Malformed(codec::Error::LeftOver(1))));
        for at in 0..entry.len() {
            for mask in [1, 0x80, 0xff] {
                let mut changed = ledger.clone();
                changed.entries[number][at] ^= mask;
                let mut chain = Chain::default();
                let extended = chain.extend(changed.from(0));
                // What can stand there as well has another hash, which the next one does not hold.
                let found = extended.is_err() || chain.compare(&ledger.head) == Agreement::Forked;
                assert!(found, "{number} {at}");
                // Number and predecessor are wrong where they stand.
                if at < 40 {
                    assert_eq!(extended, Err(ChainError::Broken(number as u64)), "{at}");
                }
            }
        }
    }
}

#[test]
fn a_name_or_an_event_that_cannot_be_is_malformed() {
    let entry = ledger("al joined 1").entries[0].clone();
    let event = 8 + 32 + 8;
    for number in [0, 6, 255] {
        let mut changed = entry.clone();
        changed[event] = number;
        let error = Chain::default().extend([changed.as_slice()]).unwrap_err();
        assert!(error.to_string().contains("an event that we do not know"), "{error}");
    }
    for (name, reason) in [("Al", "not a user name"), ("a", "not a user name"), ("a/", "not")] {
        let mut out = Writer::default();
        out.raw(&entry[..event + 1]).block(name.as_bytes()).raw(&[7; 64]);
        let error = Chain::default().extend([out.as_bytes()]).unwrap_err();
        assert!(error.to_string().contains(reason), "{name}: {error}");
    }
    let mut out = Writer::default();
    out.raw(&entry[..event + 1]).block(&[b'a'; 33]).raw(&[7; 64]);
    let error = Chain::default().extend([out.as_bytes()]).unwrap_err();
    assert!(error.to_string().contains("longer than 32"), "{error}");
}

#[test]
fn an_entry_has_its_layout_and_fits_its_limit() {
    let entry = DirectoryEntry {
        number: 5,
        previous: [1; 32],
        time: UnixTime(6),
        event: Rotated,
        user: user(&"a".repeat(32)),
        identity: identity(2),
        documents: [3; 32],
    };
    let bytes = closed::encode(&entry);
    let mut input = Reader::new(&bytes);
    assert_eq!((input.u64(), input.array()), (Ok(5), Ok([1; 32])));
    assert_eq!((input.u64(), input.u8()), (Ok(6), Ok(3)));
    assert_eq!(input.block("the name", 32), Ok("a".repeat(32).as_bytes()));
    assert_eq!((input.array(), input.array()), (Ok([2; 32]), Ok([3; 32])));
    input.finish().unwrap();
    assert_eq!(closed::decode::<DirectoryEntry>(&bytes), Ok(entry));
    assert!(bytes.len() <= DIRECTORY_ENTRY_BYTES);
    for event in DirectoryEvent::ALL {
        assert_eq!(DirectoryEvent::ALL[usize::from(event.number()) - 1], event);
    }
}

#[test]
fn a_chain_that_forgets_swaps_or_repeats_does_not_follow() {
    let ledger = ledger("al joined 1, bo joined 2, cy joined 3, al sealing 1");
    let entries = &ledger.entries;
    let refused = |order: &[usize]| {
        let mut chain = Chain::default();
        let refused = chain.extend(order.iter().map(|n| entries[*n].as_slice())).unwrap_err();
        (refused, chain.head().length)
    };
    assert_eq!(refused(&[1]), (ChainError::Broken(0), 0));
    assert_eq!(refused(&[0, 2]), (ChainError::Broken(1), 0));
    assert_eq!(refused(&[0, 2, 1]), (ChainError::Broken(1), 0));
    assert_eq!(refused(&[0, 1, 1]), (ChainError::Broken(2), 0));
    assert_eq!(refused(&[0, 1, 2, 3, 0]), (ChainError::Broken(4), 0));
    // Written anew with an entry left out or changed, it hangs together, and is another chain.
    let known = chain_of("al joined 1, bo joined 2, cy joined 3, al sealing 1").unwrap();
    let forgot = "al joined 1, cy joined 3, al sealing 1, al sealing 1";
    let swapped = "al joined 1, bo joined 8, cy joined 3, al sealing 1";
    for other in [forgot, swapped, "al joined 8, bo joined 2", "bo joined 2"] {
        assert_eq!(known.compare(&chain_of(other).unwrap().head()), Agreement::Forked, "{other}");
    }
    // What comes behind another beginning does not follow what is known.
    let mut known = chain_of("al joined 1, bo joined 2").unwrap();
    let other = self::ledger("al joined 1, bo joined 8, cy joined 3");
    assert_eq!(known.extend(other.from(2)), Err(ChainError::Broken(2)));
    assert_eq!(known.head(), chain_of("al joined 1, bo joined 2").unwrap().head());
}

#[test]
fn what_is_refused_leaves_nothing_behind() {
    let history = "al joined 1, bo joined 2, al rotated 3, al closed 3, al joined 4, cy joined 5, \
                   bo sealing 2, al sealing 4, cy replaced 6";
    let ledger = ledger(history);
    let long = chain_of(history).unwrap();
    for length in 0..ledger.entries.len() {
        let entries = || ledger.from(0).take(length);
        let (mut chain, mut same) = (Chain::default(), Chain::default());
        chain.extend(entries()).unwrap();
        same.extend(entries()).unwrap();
        let bad = [7; 9];
        let refused = chain.extend(ledger.from(length as u64).chain([&bad[..]]));
        assert!(refused.is_err());
        let unfit = ChainError::Rewritten("");
        let refused = chain.extend_if(ledger.from(length as u64), |grown| {
            assert_eq!(grown.head(), long.head());
            Err::<(), _>(unfit.clone())
        });
        assert_eq!(refused, Err(unfit));
        assert_eq!(chain.head(), same.head());
        for name in ["al", "bo", "cy"] {
            let steps = |chain: &Chain| chain.steps(&user(name)).collect::<Vec<_>>();
            assert_eq!(steps(&chain), steps(&same), "{name} {length}");
        }
        for number in 1..7 {
            assert_eq!(chain.owner(&identity(number)), same.owner(&identity(number)));
        }
        chain.extend(ledger.from(length as u64)).unwrap();
        assert_eq!(chain.head(), long.head());
        assert_eq!(chain.entries_from(0).collect::<Vec<_>>(), ledger.entries);
    }
}

#[test]
fn heads_are_compared() {
    let long = chain_of("al joined 1, bo joined 2, cy joined 3").unwrap();
    let short = chain_of("al joined 1, bo joined 2").unwrap();
    let other = chain_of("al joined 1, bo joined 7").unwrap();
    let empty = Chain::default();
    assert_eq!(long.compare(&long.head()), Agreement::Same);
    assert_eq!(long.compare(&short.head()), Agreement::Ahead);
    assert_eq!(short.compare(&long.head()), Agreement::Behind);
    assert_eq!(long.compare(&other.head()), Agreement::Forked);
    assert_eq!(other.compare(&short.head()), Agreement::Forked);
    assert_eq!(empty.head(), Head::EMPTY);
    assert_eq!(empty.compare(&Head::EMPTY), Agreement::Same);
    assert_eq!(long.compare(&Head::EMPTY), Agreement::Ahead);
    assert_eq!(empty.compare(&long.head()), Agreement::Behind);
    // Heads that nobody could have honestly.
    let strange = Head { length: 0, hash: [1; 32] };
    assert_eq!(long.compare(&strange), Agreement::Forked);
    assert_eq!(empty.compare(&strange), Agreement::Forked);
    assert_eq!(long.compare(&Head { length: 3, hash: [0; 32] }), Agreement::Forked);
    assert_eq!(long.compare(&Head { length: u64::MAX, hash: [0; 32] }), Agreement::Behind);
    // Two that were alike so far go two ways.
    let (mut one, mut two) = (short.clone(), short.clone());
    one.extend(ledger("al joined 1, bo joined 2, cy joined 3").from(2)).unwrap();
    two.extend(ledger("al joined 1, bo joined 2, cy joined 4").from(2)).unwrap();
    assert_eq!(one.compare(&two.head()), Agreement::Forked);
    assert_eq!(two.compare(&one.head()), Agreement::Forked);
}

#[test]
fn a_chain_is_kept_and_read_again() {
    let history = "al joined 1, bo joined 2, al rotated 3, bo closed 2, bo joined 2, al sealing 3";
    let (ledger, chain) = (ledger(history), chain_of(history).unwrap());
    for number in 0..8 {
        let given: Vec<_> = chain.entries_from(number).collect();
        let expected: Vec<_> = ledger.from(number).map(<[u8]>::to_vec).collect();
        assert_eq!(given, expected, "{number}");
    }
    assert_eq!(chain.entries_from(u64::MAX).count(), 0);
    let bytes = ledger.entries.concat();
    let (read, taken) = Chain::read(&bytes).unwrap();
    assert_eq!((read.head(), taken), (chain.head(), bytes.len()));
    let steps = |chain: &Chain| chain.steps(&user("al")).collect::<Vec<_>>();
    assert_eq!(steps(&read), steps(&chain));
    assert_eq!(Chain::read(&[]).unwrap().0.head(), Head::EMPTY);
    // Writing may have stopped anywhere: whole entries count.
    let mut whole = 0;
    for (number, entry) in ledger.entries.iter().enumerate() {
        for cut in 0..entry.len() {
            let (read, taken) = Chain::read(&bytes[..whole + cut]).unwrap();
            assert_eq!((read.head().length, taken), (number as u64, whole), "{cut}");
        }
        whole += entry.len();
    }
    // What was changed is not read, unless it is the last entry that says something else.
    for at in 0..whole - ledger.entries[5].len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        match Chain::read(&changed) {
            Err(_) => {}
            // A length that leads behind the end.
            Ok((read, taken)) => assert!(taken < at && read.head().length < 6, "{at}"),
        }
    }
}

#[test]
fn a_full_directory_takes_little_memory_and_no_more_entries() {
    let mut ledger = Ledger::new();
    let name = |n: usize| format!("user{:05}", n % 50_000);
    let fingerprint = |n: usize| {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&(n as u64).to_be_bytes());
        Fingerprint::from_bytes(bytes)
    };
    for n in 0..=DIRECTORY_ENTRIES {
        let event = if n < 50_000 { Joined } else { Rotated };
        ledger.write(event, &name(n), fingerprint(n), [0; 32]);
    }
    let all_but_one = ledger.entries.iter().map(Vec::as_slice).take(DIRECTORY_ENTRIES);
    let (most, chain) = most_held_by(|| {
        let mut chain = Chain::default();
        chain.extend(all_but_one).unwrap();
        chain
    });
    assert!(most < 64 << 20, "{} MiB", most >> 20);
    let mut chain = chain;
    let refused = chain.extend(ledger.from(DIRECTORY_ENTRIES as u64)).unwrap_err();
    let (number, reason) = (DIRECTORY_ENTRIES as u64, "it is longer than a directory may be");
    assert_eq!(refused, ChainError::Impossible { number, reason });
    assert_eq!(chain.steps(&user("user00007")).count(), DIRECTORY_ENTRIES.div_ceil(50_000));
}

#[test]
fn documents_are_believed_when_the_chain_stands_for_them() {
    let (mut ledger, alice) = (Ledger::new(), documents("alice", 1));
    ledger.add(Joined, "al", &alice);
    let newer = documents("alice", 2);
    ledger.add(Sealing, "al", &newer);
    let chain = extended(&ledger);
    let binding = chain.binding(&user("al"), &newer).unwrap();
    assert_eq!((binding.step.number, binding.step.event), (1, Sealing));
    assert_eq!(binding.key, verifying_key("alice-signing"));
    assert_eq!((binding.certificate.epoch, binding.user.as_str()), (2, "al"));
    assert!(binding.rotation.is_none());
    // The older ones are those of their own entry only.
    let other_hash = ChainError::Documents("the entry has another hash");
    assert_eq!(chain.binding(&user("al"), &alice).unwrap_err(), other_hash);
    let first = chain.steps(&user("al")).nth(1).unwrap();
    assert_eq!(chain.binding_at(&user("al"), &first, &alice).unwrap().certificate.epoch, 1);
    assert_eq!(chain.binding_at(&user("al"), &first, &newer).unwrap_err(), other_hash);
    let elsewhere = chain_of("al joined 1").unwrap().current(&user("al")).unwrap();
    let refused = chain.binding_at(&user("al"), &elsewhere, &newer).unwrap_err();
    assert_eq!(refused, ChainError::Unknown);
    assert_eq!(chain.binding(&user("bo"), &alice).unwrap_err(), ChainError::Unknown);
}

#[test]
fn documents_exchanged_between_two_entries_are_not_believed() {
    let (alice, bob) = (documents("alice", 1), documents("bob", 1));
    let mut ledger = Ledger::new();
    ledger.add(Joined, "al", &alice);
    ledger.add(Joined, "bo", &bob);
    let chain = extended(&ledger);
    let other_hash = ChainError::Documents("the entry has another hash");
    for (name, shown) in [("al", &bob), ("bo", &alice)] {
        assert_eq!(chain.binding(&user(name), shown).unwrap_err(), other_hash);
    }
    // An entry of one person is not one of another.
    let of_bob = chain.current(&user("bo")).unwrap();
    assert_eq!(chain.binding_at(&user("al"), &of_bob, &bob).unwrap_err(), ChainError::Unknown);
    // The certificate of one with the key of the other, and the other way round.
    let mixed = [
        Documents { certificate: bob.certificate.clone(), ..alice.clone() },
        Documents { key: bob.key.clone(), ..alice.clone() },
    ];
    for shown in mixed {
        assert_eq!(chain.binding(&user("al"), &shown).unwrap_err(), other_hash);
    }
}

#[test]
fn an_index_that_hashes_wrong_documents_is_found_out() {
    let (alice, bob) = (documents("alice", 1), documents("bob", 1));
    let refused = |identity: Fingerprint, shown: &Documents| {
        let mut ledger = Ledger::new();
        ledger.write(Joined, "al", identity, shown.hash());
        extended(&ledger).binding(&user("al"), shown).unwrap_err()
    };
    let names_another = crate::keys::person("alice").fingerprint();
    let other_key = ChainError::Documents("the key is of another identity");
    assert_eq!(refused(names_another, &bob), other_key);
    // A certificate that another key signed, one that names another identity, none that was signed.
    let of_bob = Documents { certificate: bob.certificate.clone(), ..alice.clone() };
    assert!(matches!(refused(fingerprint(&alice), &of_bob), ChainError::Signature(_)));
    let statement = SealingCertificate {
        identity: fingerprint(&bob),
        epoch: 1,
        not_after: NOW.plus(DAY),
        key: sealing_key("alice-sealing").wrapping_key().clone(),
    };
    let signed = Signed::sign(&statement, &signing_key("alice-signing")).unwrap();
    let names_bob = Documents { certificate: signed, ..alice.clone() };
    assert!(matches!(refused(fingerprint(&alice), &names_bob), ChainError::Signature(_)));
    let mut bytes = closed::encode(&alice.certificate);
    *bytes.last_mut().unwrap() ^= 1;
    let forged = Documents { certificate: closed::decode(&bytes).unwrap(), ..alice.clone() };
    assert!(matches!(refused(fingerprint(&alice), &forged), ChainError::Signature(_)));
}

#[test]
fn an_expired_certificate_is_believed_to_have_been_one() {
    let mut ledger = Ledger::new();
    let (signing, sealing) = (signing_key("alice-signing"), sealing_key("alice-sealing"));
    let long_ago = UnixTime(1_000_000_000);
    let certificate =
        SealingCertificate::issue(&signing, sealing.wrapping_key(), 1, long_ago).unwrap();
    let old = Documents { certificate, ..documents("alice", 1) };
    ledger.add(Joined, "al", &old);
    let binding = extended(&ledger).binding(&user("al"), &old).unwrap();
    assert!(binding.certificate.not_after < NOW);
}

#[test]
fn a_rotation_is_believed_when_both_keys_signed_it() {
    let rotated = |from: &str, to: &str| {
        let (old, new) = (format!("{from}-signing"), format!("{to}-signing"));
        SignedRotation::sign(&signing_key(&old), &signing_key(&new), NOW).unwrap()
    };
    let with = |rotation| Documents { rotation, ..documents("bob", 1) };
    let binding = |event, shown: &Documents| {
        let mut ledger = Ledger::new();
        ledger.add(Joined, "al", &documents("alice", 1));
        ledger.add(event, "al", shown);
        extended(&ledger).binding(&user("al"), shown)
    };
    let right = with(Some(rotated("alice", "bob")));
    let believed = binding(Rotated, &right).unwrap();
    let rotation = believed.rotation.unwrap();
    assert_eq!(rotation.signer(), fingerprint(&documents("alice", 1)));
    assert_eq!((rotation.new.clone(), believed.key), (right.key.clone(), right.key.clone()));
    // From somebody else, to somebody else, or back.
    for (from, to) in [("mallory", "bob"), ("alice", "mallory"), ("bob", "alice")] {
        let error = binding(Rotated, &with(Some(rotated(from, to)))).unwrap_err();
        let elsewhere = ChainError::Documents("the rotation ends at another identity");
        assert!(matches!(&error, ChainError::Signature(_)) || error == elsewhere, "{from} {to}");
    }
    // None where there should be one, and one where there should be none.
    let wrong = ChainError::Documents("a rotation is missing, or one too many");
    assert_eq!(binding(Rotated, &with(None)).unwrap_err(), wrong);
    assert_eq!(binding(Replaced, &right).unwrap_err(), wrong);
    assert!(binding(Replaced, &with(None)).unwrap().rotation.is_none());
}

#[test]
fn a_chain_of_rotations_is_verified_step_by_step() {
    let mut ledger = Ledger::new();
    let names = ["alice", "bob", "mallory"];
    let mut shown = vec![documents("alice", 1)];
    ledger.add(Joined, "al", &shown[0]);
    for pair in names.windows(2) {
        let key = |name: &str| signing_key(&format!("{name}-signing"));
        let rotation = SignedRotation::sign(&key(pair[0]), &key(pair[1]), NOW).unwrap();
        let documents = Documents { rotation: Some(rotation), ..documents(pair[1], 1) };
        ledger.add(Rotated, "al", &documents);
        shown.push(documents);
    }
    let (chain, al) = (extended(&ledger), user("al"));
    let mut known = fingerprint(&shown[0]);
    for step in chain.rotations_since(&al, &known).unwrap() {
        let binding = chain.binding_at(&al, &step, &shown[step.number as usize]).unwrap();
        assert_eq!(binding.rotation.unwrap().signer(), known);
        known = binding.key.fingerprint();
    }
    assert_eq!(known, fingerprint(&documents("mallory", 1)));
}

fn told(history: &str) -> Result<(), ChainError> {
    chain_of(history).map(|_| ())
}

fn chain_of(history: &str) -> Result<Chain, ChainError> {
    let mut chain = Chain::default();
    chain.extend(ledger(history).from(0)).map(|()| chain)
}

fn extended(ledger: &Ledger) -> Chain {
    let mut chain = Chain::default();
    chain.extend(ledger.from(0)).unwrap();
    chain
}

/// "al joined 1, al rotated 2": a name, what happens, and the number of an identity.
fn ledger(history: &str) -> Ledger {
    let mut ledger = Ledger::new();
    for step in history.split(", ") {
        let [name, event, number] = step.split(' ').collect::<Vec<_>>()[..] else {
            panic!("{step} is no step");
        };
        let event = DirectoryEvent::ALL.into_iter().find(|known| known.name() == event).unwrap();
        let number: u8 = number.parse().unwrap();
        ledger.write(event, name, identity(number), [number; 32]);
    }
    ledger
}

fn identity(number: u8) -> Fingerprint {
    Fingerprint::from_bytes([number; 32])
}

fn user(name: &str) -> UserName {
    name.parse().unwrap()
}

fn fingerprint(documents: &Documents) -> Fingerprint {
    documents.key.fingerprint()
}

/// A person's key, and a certificate of this epoch.
fn documents(name: &str, epoch: u32) -> Documents {
    let (signing, sealing) = (format!("{name}-signing"), format!("{name}-sealing"));
    let (signing, sealing) = (signing_key(&signing), sealing_key(&sealing));
    let certificate =
        SealingCertificate::issue(&signing, sealing.wrapping_key(), epoch, NOW).unwrap();
    let key: VerifyingKey = signing.verifying_key().clone();
    Documents { key, certificate, rotation: None }
}
