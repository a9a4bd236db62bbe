//! File receipts and deliveries: each whole, and cut.

use super::{Keys, Text, parse_content, unhex, vector_files};
use std::collections::BTreeSet;
use waxwing::codec::closed;
use waxwing::crypto::{Error, Signed, UnixTime};
use waxwing::seal::{Delivery, FileReceipt, FinalRecord, Header, Record, Refusal};

#[test]
fn every_receipt_is_verified_or_refused_as_it_says() {
    let keys = Keys::load();
    let failures: Vec<_> = kept()
        .iter()
        .filter_map(|text| {
            let (found, expect) = (run(text, &text.bytes, &keys), text.one("expect"));
            let note = text.one("note");
            (found != expect).then(|| format!("{}: {found}, not {expect} ({note})", text.name))
        })
        .collect();
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

#[test]
fn there_are_receipts_and_deliveries_for_every_answer() {
    let kept = kept();
    let answers = |kind: &str| -> BTreeSet<String> {
        let of_kind = kept.iter().filter(|text| text.one("kind") == kind);
        of_kind.map(|text| text.one("expect").to_owned()).collect()
    };
    let of_receipts = [
        "verified",
        "shape",
        "header-shape",
        "sender",
        "header-signature",
        "record-shape",
        "record-signature",
        "record-chain",
        "ids",
    ];
    let of_deliveries = ["verified", "shape", "signature", "receiver", "disagrees"];
    assert_eq!(answers("receipt"), of_receipts.map(str::to_owned).into());
    assert_eq!(answers("delivery"), of_deliveries.map(str::to_owned).into());
    assert!(kept.len() >= 190);
}

/// What is cut is of no shape that verifies; only of what has something left over, a part is.
#[test]
fn a_cut_receipt_proves_nothing() {
    are_cut(16);
}

/// `cargo test --test vectors -- --ignored receipt_cut_at_every_byte`
#[test]
#[ignore = "takes a minute"]
fn a_receipt_cut_at_every_byte_proves_nothing() {
    are_cut(1);
}

/// At each byte of so many, and of the last few.
fn are_cut(step: usize) {
    let keys = Keys::load();
    for text in kept() {
        let is_good = text.one("expect") == "verified";
        let last = text.bytes.len().saturating_sub(1);
        for at in (0..last).step_by(step).chain(last.saturating_sub(step)..=last) {
            let found = run(&text, &text.bytes[..at], &keys);
            let harmless = at == last && text.name.ends_with("-left-over");
            assert!(found != "verified" || harmless, "{} cut at {at}", text.name);
            assert!(found == "shape" || !is_good, "{} cut at {at}: {found}", text.name);
        }
    }
}

fn kept() -> Vec<Text> {
    vector_files("vectors/receipts").iter().map(|path| Text::read(path)).collect()
}

/// Verifies these bytes with what the file says is known, and names the outcome.
fn run(text: &Text, bytes: &[u8], keys: &Keys) -> String {
    let found = match text.one("kind") {
        "receipt" => receipt(text, bytes, keys),
        "delivery" => delivery(text, bytes, keys),
        other => panic!("a kind {other}"),
    };
    found.unwrap_or_else(|refused| refused).to_owned()
}

fn receipt(text: &Text, bytes: &[u8], keys: &Keys) -> Result<&'static str, &'static str> {
    let sent = FileReceipt::parse(bytes).map_err(|_| "shape")?.verify().map_err(Refusal::name)?;
    if text.one("expect") != "verified" {
        return Ok("verified");
    }
    let path: Vec<_> = sent.entry.path().components().collect();
    let found = (path.join("/"), sent.content.size(), sent.content.id().to_string());
    let fingerprint = |name| keys.signing[text.one(name)].fingerprint();
    let agrees = found == parse_content(text.one("content"))
        && (sent.sender, sent.recipient) == (fingerprint("sender"), fingerprint("recipient"))
        && sent.created.0.to_string() == text.one("created");
    Ok(if agrees { "verified" } else { "verified, but something else" })
}

fn delivery(text: &Text, bytes: &[u8], keys: &Keys) -> Result<&'static str, &'static str> {
    let signed: Signed<Delivery> = closed::decode(bytes).map_err(|_| "shape")?;
    let receiver = keys.signing[text.one("receiver")].verifying_key();
    // A delivery is of no time at which it would not hold.
    let delivery = signed.verify(receiver, UnixTime(0)).map_err(|error| match error {
        Error::Signature => "signature",
        Error::Layout(_) => "shape",
        Error::Statement(_) => "receiver",
        _ => "another error",
    })?;
    let header = Header::parse(&unhex(text.one("header"))).unwrap();
    let last: Signed<FinalRecord> = closed::decode(&unhex(text.one("final record"))).unwrap();
    if !delivery.is_of(&header, &Record::Final(last), &landed(text)) {
        return Err("disagrees");
    }
    let time = delivery.time.0.to_string();
    let agrees = text.all("time").all(|told| told == time);
    Ok(if agrees { "verified" } else { "verified, but of another time" })
}

fn landed(text: &Text) -> Vec<u32> {
    let numbers = text.one("landed").split(' ').filter(|number| *number != "none");
    numbers.map(|number| number.parse().unwrap()).collect()
}
