//! Sections 9 to 17: tables of messages, states and codes.

use super::{catalog, index, protocol, said, table};
use bytes::Bytes;
use minicbor::Decoder;
use minicbor::data::Type;
use waxwing::model::limits;
use waxwing::wire::index as i;
use waxwing::wire::{
    Ask, ChannelState, Code, EXPORTER_LABEL, Feature, GetAsk, HeadAsk, Kind, LanesAsk, LeavesAsk,
    Message, Names, Outcome, Phase, ReceiverState, Role, SendAsk, SenderState, SentBy, VERSIONS,
};

const OPEN_KINDS: &str = "| tag | name | sent by | fields | maximum | when |";

#[test]
fn the_table_of_messages_is_that_of_the_code() {
    let row = |kind: &Kind| {
        let maximum = limit_with(kind.max_length());
        let columns = [&format!("{:02x}", kind.tag()), kind.name(), sent_by(*kind), maximum];
        (columns.map(str::to_owned), when(*kind).to_owned())
    };
    let code: Vec<_> = Kind::ALL.iter().map(row).collect();
    let [tag, name, by, max] = [0, 1, 2, 4];
    let told = |row: &Vec<String>| {
        ([tag, name, by, max].map(|column: usize| row[column].clone()), row[5].clone())
    };
    assert_eq!(table(OPEN_KINDS).iter().map(told).collect::<Vec<_>>(), code);
}

#[test]
fn the_fields_of_messages_are_those_that_the_code_writes() {
    for row in table(OPEN_KINDS) {
        let kind = Kind::ALL.iter().find(|kind| kind.name() == row[1]).unwrap();
        let Some(fields) = fields_of(kind.name()) else {
            assert_eq!(row[3], "closed", "{kind}");
            continue;
        };
        let listed: Vec<_> =
            fields.iter().map(|[number, name, _]| format!("{number} {name}")).collect();
        assert_eq!(row[3], listed.join(", "), "{kind}");
        let (_, body) = bodies().into_iter().find(|(of, _)| of == kind).unwrap();
        assert_eq!(told(&fields), written(&mut Decoder::new(&body)), "{kind}");
        let first = fields[0][1].as_str();
        let names = match kind.names() {
            Names::Request | Names::Answer => "id",
            Names::Stream => "stream",
            Names::Nothing => first,
        };
        assert_eq!(first, names, "{kind}");
    }
}

#[test]
fn the_fields_of_what_stands_in_messages_are_those_that_the_code_writes() {
    let cases = [
        ("session", Kind::Account, &[4][..]),
        ("person", Kind::People, &[1]),
        ("person", Kind::News, &[1]),
        ("address", Kind::OnlineGrant, &[2]),
        ("address", Kind::People, &[1, 3]),
        ("own share", Kind::Shares, &[1]),
        ("sync under way", Kind::Shares, &[1, 5]),
        ("entry", Kind::Publish, &[5]),
        ("entry", Kind::Results, &[3, 0, 1]),
        ("person", Kind::Results, &[1]),
        ("share", Kind::Results, &[2]),
        ("result", Kind::Results, &[3]),
        ("placed entry", Kind::Results, &[3, 0]),
        ("end of a page", Kind::Browse, &[3]),
        ("person", Kind::Listing, &[1]),
        ("share", Kind::Listing, &[2]),
        ("placed entry", Kind::Listing, &[3]),
        ("person", Kind::Located, &[1]),
        ("share", Kind::Located, &[2]),
        ("placed entry", Kind::Located, &[3]),
        ("wanted", Kind::GetAsk, &[3]),
        ("content", Kind::GetAsk, &[3, 1]),
        ("part", Kind::GetAsk, &[3, 2]),
        ("begun entry", Kind::StreamAgain, &[2]),
        ("content", Kind::LeavesAsk, &[3]),
    ];
    for (name, kind, path) in cases {
        let (_, body) = bodies().into_iter().find(|(of, _)| *of == kind).unwrap();
        let mut decoder = Decoder::new(&body);
        path.iter().for_each(|field| enter(&mut decoder, *field));
        let fields = fields_of(name).unwrap_or_else(|| panic!("no table of {name}"));
        assert_eq!(told(&fields), written(&mut decoder), "{name} in {kind}");
    }
}

#[test]
fn the_maxima_of_fields_are_limits() {
    let nested = [
        "session",
        "person",
        "address",
        "own share",
        "sync under way",
        "entry",
        "wanted",
        "part",
        "begun entry",
        "content",
        "placed entry",
        "share",
        "result",
        "end of a page",
    ];
    let names = Kind::ALL.iter().map(|kind| kind.name()).chain(nested);
    let all = names.filter_map(fields_of).flatten();
    let bounded: Vec<_> = all.filter(|[_, _, ty]| ty.contains('≤')).collect();
    assert!(bounded.len() >= 65);
    for [_, name, ty] in bounded {
        for most in ty.split("≤ ").skip(1) {
            let most = most.split([' ', ':']).next().unwrap().trim_end_matches(',');
            let is_limit = limits::TABLE.iter().any(|limit| limit.name == most);
            assert!(is_limit || most.parse::<usize>().is_ok(), "{name}: {most}");
        }
    }
}

#[test]
fn the_table_of_requests_is_that_of_the_code() {
    fn row<A: Ask>() -> (Kind, Kind) {
        (A::KIND, A::Answer::KIND)
    }
    let code = [
        row::<SendAsk>(),
        row::<LanesAsk>(),
        row::<i::Join>(),
        row::<i::Login>(),
        row::<i::Resume>(),
        row::<i::Logout>(),
        row::<i::PasswordChange>(),
        row::<i::Rotate>(),
        row::<i::ContactChange>(),
        row::<i::AccountAsk>(),
        row::<i::KeysAsk>(),
        row::<i::ChainAsk>(),
        row::<i::Online>(),
        row::<i::PeopleAsk>(),
        row::<i::Watch>(),
        row::<i::Reach>(),
        row::<i::News>(),
        row::<i::ShareChange>(),
        row::<i::ShareEnd>(),
        row::<i::SharesAsk>(),
        row::<i::Publish>(),
        row::<i::Search>(),
        row::<i::Browse>(),
        row::<i::Locate>(),
        row::<GetAsk>(),
        row::<HeadAsk>(),
        row::<LeavesAsk>(),
    ];
    let requests: Vec<_> = Kind::ALL.iter().filter(|kind| kind.names() == Names::Request).collect();
    assert_eq!(code.iter().map(|(request, _)| request).collect::<Vec<_>>(), requests);
    assert!(code.iter().all(|(_, answer)| answer.names() == Names::Answer));
    let code = code.map(|(request, answer)| [request, answer].map(|kind| kind.name().to_owned()));
    expect_rows("| request | answer |", &code.map(Vec::from));
}

#[test]
fn the_states_of_the_channel_are_those_of_the_code() {
    let roles = [Role::Dialler, Role::Listener];
    let sides = roles.iter().flat_map(|role| ChannelState::ALL.map(|state| (*role, state)));
    let sides: Vec<_> = sides.collect();
    let names = sides.iter().map(|(role, state)| format!("{role:?} {state:?}"));
    let names: Vec<_> = names.map(|name| name.replace('D', "d").replace('L', "l")).collect();
    let all =
        |kind: &Kind| sides.iter().map(|(role, state)| word(state.outcome(*role, *kind))).collect();
    compare(&names, Kind::ALL.iter().map(|kind| (*kind, all(kind))).collect());
}

#[test]
fn the_states_of_streams_are_those_of_the_code() {
    let sender = |kind: &Kind| SenderState::ALL.map(|state| word(state.outcome(*kind))).to_vec();
    let names = SenderState::ALL.map(|state| format!("{state:?}"));
    compare(&names, belonging(sender));
    let receiver =
        |kind: &Kind| ReceiverState::ALL.map(|state| word(state.outcome(*kind))).to_vec();
    let names = ReceiverState::ALL.map(|state| format!("{state:?}"));
    compare(&names, belonging(receiver));
}

#[test]
fn the_table_of_codes_is_that_of_the_code() {
    let row = |code: Code| {
        let meaning = code.meaning().unwrap_or("section 7").to_owned();
        let permanent = if code.is_permanent() { "yes" } else { "no" };
        vec![code.number().to_string(), code.name().to_owned(), meaning, permanent.to_owned()]
    };
    let code: Vec<_> = Code::all().map(row).collect();
    expect_rows("| number | name | meaning | permanent |", &code);
}

#[test]
fn versions_features_and_the_exporter_are_those_of_the_code() {
    let versions: Vec<_> = table("| version | what |").iter().map(|row| row[0].clone()).collect();
    assert_eq!(versions, VERSIONS.iter().map(u16::to_string).collect::<Vec<_>>());
    let features = table("| feature | name | meaning |");
    let features: Vec<_> = features.iter().map(|row| (row[0].clone(), row[1].clone())).collect();
    let code =
        Feature::ALL.map(|feature| (feature.number().to_string(), feature.name().to_owned()));
    assert_eq!(features, code);
    assert!(protocol().contains(&format!("the label `{EXPORTER_LABEL}`")));
}

fn limit_with(value: usize) -> &'static str {
    let frames = limits::TABLE.iter().filter(|limit| limit.name.starts_with("FRAME_"));
    frames.filter(|limit| limit.value == value as u64).map(|limit| limit.name).next().unwrap()
}

fn sent_by(kind: Kind) -> &'static str {
    match kind.sent_by() {
        SentBy::Either => "either",
        SentBy::Dialler => "dialler",
        SentBy::Listener => "listener",
        SentBy::Sender => "sender",
        SentBy::Receiver => "receiver",
    }
}

fn when(kind: Kind) -> &'static str {
    match [Phase::Greeting, Phase::Open].map(|phase| kind.is_allowed_in(phase)) {
        [true, true] => "always",
        [true, false] => "greeting",
        [false, true] => "open",
        [false, false] => "never",
    }
}

fn word(outcome: Outcome) -> String {
    match outcome {
        Outcome::Accept => "accept".to_owned(),
        Outcome::Answer => "answer".to_owned(),
        Outcome::Stream => "stream".to_owned(),
        Outcome::Ignore => "ignore".to_owned(),
        Outcome::Refuse(code) => code.name().to_owned(),
    }
}

/// The kinds for which some state of a stream has more to say than `unexpected`.
fn belonging(outcomes: impl Fn(&Kind) -> Vec<String>) -> Vec<(Kind, Vec<String>)> {
    let all = Kind::ALL.iter().map(|kind| (*kind, outcomes(kind)));
    all.filter(|(_, words)| words.iter().any(|word| word != "unexpected")).collect()
}

/// Compares a table of states with the code's.
fn compare(states: &[String], code: Vec<(Kind, Vec<String>)>) {
    let head = format!("| kind | {} |", states.join(" | "));
    let row = |(kind, words): (Kind, Vec<String>)| {
        std::iter::once(kind.name().to_owned()).chain(words).collect()
    };
    expect_rows(&head, &code.into_iter().map(row).collect::<Vec<_>>());
}

fn expect_rows(head: &str, code: &[Vec<String>]) {
    let lines: String = code.iter().map(|row| format!("| {} |\n", row.join(" | "))).collect();
    assert!(table(head) == code, "should stand in protocol.md under {head}\n{lines}");
}

/// The messages of the examples, one of each kind.
fn bodies() -> Vec<(Kind, Bytes)> {
    [said::bodies(), index::bodies(), catalog::bodies(), said::of_fetching()].concat()
}

/// The fields of a message, or of a map in one, as its own table has them: number, name, type. None
/// for closed layouts.
fn fields_of(name: &str) -> Option<Vec<[String; 3]>> {
    let text = protocol();
    let mut about: Vec<&str> = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line.starts_with("**") {
            about = line.split("**").skip(1).step_by(2).collect();
        } else if line.starts_with("###") {
            about = line.split(' ').collect();
        } else if line == "| field | name | type |" && about.contains(&name) {
            let rows = lines.skip(1).take_while(|line| line.starts_with('|'));
            let cells = |row: &str| {
                let cells: Vec<_> =
                    row.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect();
                cells.try_into().unwrap()
            };
            return Some(rows.map(cells).collect());
        }
    }
    None
}

/// The fields as their table has them: their numbers, and of what sort they are.
fn told(fields: &[[String; 3]]) -> Vec<(u64, &'static str)> {
    fields.iter().map(|[number, _, ty]| (number.parse().unwrap(), major(ty))).collect()
}

/// Of what sort a field of this type is.
fn major(ty: &str) -> &'static str {
    let ty = ty.trim_start_matches("optional, ");
    let sorts = [("bytes", "bytes"), ("text", "text"), ("list", "array")];
    let maps = ["address", "person", "entry", "sync under way", "end of a page", "content"];
    let maps = maps.map(|map| (map, "map"));
    let sorts = [&sorts[..], &[("bool", "truth")], &maps].concat();
    let sort = sorts.iter().find(|(begins, _)| ty.starts_with(begins));
    let is_number = ty.starts_with(['u', '1']) || ty == "code";
    sort.map_or_else(|| if is_number { "number" } else { "?" }, |(_, sort)| sort)
}

/// The fields of a map: their numbers, and of what sort they are.
fn written(decoder: &mut Decoder<'_>) -> Vec<(u64, &'static str)> {
    let count = decoder.map().unwrap().unwrap();
    let mut field = || {
        let number = decoder.u64().unwrap();
        let sort = match decoder.datatype().unwrap() {
            Type::Bytes => "bytes",
            Type::String => "text",
            Type::Array => "array",
            Type::Map => "map",
            Type::Bool => "truth",
            Type::U8 | Type::U16 | Type::U32 | Type::U64 => "number",
            other => panic!("{other}"),
        };
        decoder.skip().unwrap();
        (number, sort)
    };
    (0..count).map(|_| field()).collect()
}

/// Goes to a field of a map, or to the first item of the list that it holds.
fn enter(decoder: &mut Decoder<'_>, field: u64) {
    decoder.map().unwrap();
    while decoder.u64().unwrap() != field {
        decoder.skip().unwrap();
    }
    if decoder.datatype().unwrap() == Type::Array {
        assert_ne!(decoder.array().unwrap(), Some(0));
    }
}
