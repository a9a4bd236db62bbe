//! Invitations come back as they were, and keep their token to themselves.

use super::*;

#[test]
fn an_invitation_comes_back_with_and_without_its_token() {
    for text in [with_token(), without_token(), with_token().replace("index.example", "[::1]")] {
        let invitation: Invitation = text.parse().unwrap();
        assert_eq!(invitation.reveal(), text);
        assert_eq!(invitation.token.is_some(), text.contains(TOKEN));
        assert_eq!(invitation.at.port(), 7311);
        assert_eq!(invitation.fingerprint.as_bytes(), &[0xab; 32]);
    }
    let invitation: Invitation = with_token().parse().unwrap();
    assert_eq!(invitation.token.unwrap().expose(), &[0xc1; 16]);
}

#[test]
fn a_fresh_token_comes_back_and_is_another_each_time() {
    let fresh =
        || Invitation { token: Some(JoinToken::random()), ..without_token().parse().unwrap() };
    let (one, other) = (fresh(), fresh());
    assert_ne!(one.reveal(), other.reveal());
    let read: Invitation = one.reveal().parse().unwrap();
    assert_eq!(read.token.unwrap().expose(), one.token.unwrap().expose());
}

#[test]
fn a_token_is_shown_only_when_revealed() {
    let invitation: Invitation = with_token().parse().unwrap();
    let shown = [invitation.to_string(), format!("{invitation:?}"), format!("{invitation:#?}")];
    let address: IndexAddress = with_token().parse().unwrap();
    let token: JoinToken = TOKEN.parse().unwrap();
    for shown in shown.into_iter().chain([format!("{address:?}"), format!("{token:?}")]) {
        assert!(shown.contains("hidden") && !shown.contains("c1c1"), "{shown}");
        assert!(!shown.contains("193, 193"), "{shown}");
    }
    assert_eq!(invitation.to_string(), without_token() + ".(hidden)");
    assert!(!without_token().parse::<Invitation>().unwrap().to_string().contains("hidden"));
}

#[test]
fn upper_case_digits_are_read() {
    let shouted = format!("waxwing://index.example:7311#{}.{}", "AB".repeat(32), "C1".repeat(16));
    assert_eq!(shouted.parse::<Invitation>().unwrap().reveal(), with_token());
}

#[test]
fn every_malformed_invitation_is_refused_for_its_own_reason() {
    let good = with_token();
    let table = [
        ("waxwing:// is missing", String::new()),
        ("waxwing:// is missing", good.replace("waxwing://", "")),
        ("waxwing:// is missing", good.replace("waxwing", "WAXWING")),
        ("waxwing:// is missing", good.replace("waxwing", "https")),
        ("waxwing:// is missing", format!(" {good}")),
        ("the # and what follows", good.replace('#', "")),
        ("the # and what follows", "waxwing://".to_owned()),
        ("64 hexadecimal digits", "waxwing://index.example:7311#".to_owned()),
        ("64 hexadecimal digits", good.replacen("ab", "", 1)),
        ("64 hexadecimal digits", good.replacen("ab", "a", 1)),
        ("64 hexadecimal digits", good.replacen("ab", "abab", 1)),
        ("64 hexadecimal digits", good.replacen("ab", "ag", 1)),
        ("64 hexadecimal digits", good.replacen("ab", " ab", 1)),
        ("64 hexadecimal digits", good.replace('#', "##")),
        ("64 hexadecimal digits", format!("{}\n", without_token())),
        ("32 hexadecimal digits", without_token() + "."),
        ("32 hexadecimal digits", good.clone() + "c1"),
        ("32 hexadecimal digits", good.clone() + "."),
        ("32 hexadecimal digits", good.clone() + "\n"),
        ("32 hexadecimal digits", good.clone() + " "),
        ("32 hexadecimal digits", good.replacen("c1", "", 1)),
        ("32 hexadecimal digits", good.replacen("c1", "x1", 1)),
        ("the port is missing", good.replace(":7311", "")),
        ("a port is a number", good.replace("7311", "0")),
        ("neither a name nor a number", good.replace("index.example", "")),
        ("neither a name nor a number", good.replace("index", "user@index")),
        ("a port is a number", good.replace("7311", "7311/")),
    ];
    for (reason, text) in table {
        let error = text.parse::<Invitation>().unwrap_err();
        assert!(error.to_string().contains(reason), "{text:?}: {error}");
        assert!(!format!("{error} {error:?}").contains("c1c1"), "{error} shows the token");
    }
}

#[test]
fn an_index_is_named_with_its_key_or_without() {
    let invited: IndexAddress = with_token().parse().unwrap();
    assert!(matches!(invited, IndexAddress::Invited(Invitation { token: Some(_), .. })));
    let bare: IndexAddress = "index.example:7311".parse().unwrap();
    assert!(matches!(bare, IndexAddress::Bare(at) if at.port() == 7311));
}

#[test]
fn an_invitation_that_lost_its_beginning_is_refused_without_showing_its_token() {
    for beginning in ["", "waxwing:", "Waxwing://", "waxwing:/", " waxwing://"] {
        let text = with_token().replace("waxwing://", beginning);
        let error = text.parse::<IndexAddress>().unwrap_err();
        assert_eq!(error, Error::Invitation("waxwing:// is missing"));
    }
}

const TOKEN: &str = "c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1";

fn without_token() -> String {
    format!("waxwing://index.example:7311#{}", "ab".repeat(32))
}

fn with_token() -> String {
    format!("{}.{TOKEN}", without_token())
}
