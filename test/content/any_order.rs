//! Pieces that come in any order.

use super::{MI, PIECE, data, hashed};
use proptest::prelude::*;
use waxwing::model::content::{Leaf, LeafList, Piece};
use waxwing::model::{Content, ContentId};

#[test]
fn pieces_of_up_to_one_leaf_merge_to_the_id() {
    for size in [PIECE + 1, 2 * PIECE, 2 * PIECE + 1, 3 * PIECE + 7, MI - 1, MI] {
        let bytes = data(size);
        let id = ContentId::of_pieces(&pieces(&bytes));
        assert_eq!(id, Some(Content::of(&bytes).id()), "{size}");
    }
}

#[test]
fn pieces_merge_to_the_leaves_and_the_id() {
    for size in [MI + 1, MI + PIECE, 2 * MI, 3 * MI + 3 * PIECE + 1, 5 * MI + 7] {
        let bytes = data(size);
        let leaves: Vec<_> = pieces(&bytes).chunks(4).map(leaf).collect();
        let (content, expected) = hashed(&bytes);
        assert_eq!(leaves, expected, "{size}");
        assert!(LeafList::verify(content, leaves).is_ok());
    }
}

#[test]
fn a_leaf_of_one_piece_is_that_piece() {
    let (_, leaves) = hashed(&data(MI + 5));
    let bytes = data(MI + 5);
    let last = Piece::new(MI as u64, &bytes[MI..]).unwrap();
    assert_eq!(leaf(&[last]), leaves[1]);
}

#[test]
fn pieces_in_another_order_are_another_leaf() {
    let bytes = data(2 * MI);
    let pieces = pieces(&bytes);
    assert_ne!(leaf(&[pieces[1], pieces[0]]), leaf(&[pieces[0], pieces[1]]));
    assert_ne!(leaf(&pieces[..3]), leaf(&pieces[..4]));
}

#[test]
fn a_piece_elsewhere_has_another_value() {
    let bytes = data(PIECE);
    let at = |offset: usize| Piece::new(offset as u64, &bytes).unwrap();
    assert_ne!(at(0), at(PIECE));
    assert_eq!(at(PIECE), at(PIECE));
}

#[test]
fn misplaced_empty_and_long_pieces_are_refused() {
    let bytes = data(PIECE + 1);
    let whole = &bytes[..PIECE];
    for offset in [1, 1024, 128 * 1024, PIECE as u64 - 1, PIECE as u64 + 1, u64::MAX] {
        assert_eq!(Piece::new(offset, whole), None, "{offset}");
    }
    assert_eq!(Piece::new(0, &[]), None);
    assert_eq!(Piece::new(0, &bytes), None);
    for offset in [0, PIECE as u64, 1 << 44, u64::MAX - (PIECE as u64 - 1)] {
        assert!(Piece::new(offset, whole).is_some() && Piece::new(offset, &[1]).is_some());
    }
}

#[test]
fn a_leaf_has_one_to_four_pieces() {
    let bytes = data(5 * PIECE);
    let pieces = pieces(&bytes);
    let accepted = |count: usize| Leaf::of_pieces(&pieces[..count]).is_some();
    assert_eq!([0, 1, 2, 3, 4, 5].map(accepted), [false, true, true, true, true, false]);
}

#[test]
fn a_content_without_leaves_has_two_to_four_pieces() {
    let bytes = data(5 * PIECE);
    let pieces = pieces(&bytes);
    let accepted = |count: usize| ContentId::of_pieces(&pieces[..count]).is_some();
    assert_eq!([0, 1, 2, 3, 4, 5].map(accepted), [false, false, true, true, true, false]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(30))]
    #[test]
    fn pieces_may_come_in_any_order(
        size in PIECE + 1..4 * MI,
        order in Just((0..16).collect::<Vec<usize>>()).prop_shuffle(),
    ) {
        let bytes = data(size);
        let mut came = vec![None; size.div_ceil(PIECE)];
        for index in order.into_iter().filter(|index| *index < size.div_ceil(PIECE)) {
            let start = index * PIECE;
            came[index] = Piece::new(start as u64, &bytes[start..size.min(start + PIECE)]);
        }
        let pieces: Option<Vec<_>> = came.into_iter().collect();
        let pieces = pieces.unwrap();
        let (content, leaves) = hashed(&bytes);
        if size <= MI {
            prop_assert_eq!(ContentId::of_pieces(&pieces), Some(content.id()));
        } else {
            prop_assert_eq!(pieces.chunks(4).map(leaf).collect::<Vec<_>>(), leaves);
        }
    }
}

/// The pieces of a content, made from the last to the first.
fn pieces(bytes: &[u8]) -> Vec<Piece> {
    let made = bytes.chunks(PIECE).enumerate().rev();
    let mut pieces: Vec<_> =
        made.map(|(index, piece)| Piece::new((index * PIECE) as u64, piece).unwrap()).collect();
    pieces.reverse();
    pieces
}

fn leaf(pieces: &[Piece]) -> Leaf {
    Leaf::of_pieces(pieces).unwrap()
}
