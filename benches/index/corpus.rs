//! Entries as people have them, the same in every run.
//!
//! Ten entries are of one event, which has a name of its own: a search for it finds as many however
//! large the catalog is. The other words are few, and some far more frequent than others.

use waxwing::model::{Entry, EntryPath, Modified, Name};

/// The entries from `first` on.
pub(crate) fn entries(first: u64, count: u64) -> impl Iterator<Item = Entry> {
    (first..first + count).map(entry)
}

fn entry(number: u64) -> Entry {
    let (event, mut dice) = (number / 10, Dice(number));
    let folder = format!("{} {}", common(&mut Dice(event)), event_name(event));
    let extension = ["jpg", "pdf", "txt", "mp4", "docx", "csv"][dice.below(6) as usize];
    let file = format!("{}_{}-{number:07}.{extension}", common(&mut dice), common(&mut dice));
    let names = [folder, file].map(|name| Name::new(&name).unwrap());
    let modified = Modified::from_nanos((1_700_000_000 + number) * 1_000_000_000);
    let entry = Entry::new(EntryPath::new(names.into()).unwrap(), dice.below(1 << 24), modified);
    let content = blake3::hash(&number.to_le_bytes());
    let content = waxwing::model::ContentId::from_bytes(*content.as_bytes());
    entry.unwrap().with_content(Some(content))
}

/// A search that finds the ten entries of an event, by its name and a word of its folder.
pub(crate) fn selective(event: u64) -> String {
    format!("{} {}", event_name(event), common(&mut Dice(event)))
}

/// A search for what begins like an event's name.
pub(crate) fn prefix(event: u64) -> String {
    format!("{}*", &event_name(event)[..6])
}

/// A search for a word that a good part of all entries have.
pub(crate) fn broad(rank: u64) -> String {
    word(rank % 4)
}

/// A word: the most frequent ones are in every tenth entry.
fn common(dice: &mut Dice) -> String {
    let chance = dice.below(1 << 30) as f64 / f64::from(1 << 30);
    word((5000f64.powf(chance) - 1.0) as u64)
}

fn word(rank: u64) -> String {
    format!("{}{}", syllables(rank * 7919 + 13, 2), syllables(rank, 1))
}

fn event_name(event: u64) -> String {
    format!("{}q", syllables(event.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 24, 5))
}

fn syllables(mut number: u64, least: usize) -> String {
    let (consonants, vowels) = (b"bdfgklmnprstvz", b"aeiou");
    let mut text = String::new();
    while number > 0 || text.len() < 2 * least {
        text.push(char::from(consonants[(number % 14) as usize]));
        text.push(char::from(vowels[(number / 14 % 5) as usize]));
        number /= 70;
    }
    text
}

/// Numbers that look random.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % most
    }
}
